import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { PoolUse } from '../store/store.ts';

/** How long things take, and what they wait for. */
export interface Timings {
  answerSeconds: Histogram<'source' | 'status'>;
  deliveryBytes: Histogram<'source'>;
  stepSeconds: Histogram<'source' | 'step' | 'result'>;
  storeSeconds: Histogram<'operation'>;
  storeErrors: Counter<'operation' | 'code'>;
  /** Has the pool read at each scrape; null where there is none. */
  watchPool(read: () => PoolUse | null): void;
}

/** From what a quick answer takes up to what vendors and Temporal give up at. */
const callBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
/** From an index read to a lock that is waited for; fewer, since there is a series for each operation. */
const queryBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 2.5, 10];
/** Up to GitHub's limit, 25 MiB. */
const sizeBuckets = [1, 4, 16, 64, 256, 1_024, 4_096, 25_600].map((kibibytes) => kibibytes * 1_024);

/** The metrics of `Timings`, registered. Their labels are bounded: by the sources, their destinations, and names in the code. */
export function createTimings(registry: Registry): Timings {
  const registers = [registry];
  let readPool: () => PoolUse | null = () => null;
  new Gauge({
    name: 'landfall_store_connections',
    help: 'Connections of the pool to the database, by state: busy, idle. None with the embedded store.',
    labelNames: ['state'],
    registers,
    collect() {
      const use = readPool();
      if (use === null) return;
      this.set({ state: 'busy' }, use.busy);
      this.set({ state: 'idle' }, use.idle);
    },
  });
  new Gauge({
    name: 'landfall_store_waiting',
    help: 'Queries that wait for a connection of the pool.',
    registers,
    collect() {
      this.set(readPool()?.waiting ?? 0);
    },
  });
  return {
    answerSeconds: new Histogram({
      name: 'landfall_answer_duration_seconds',
      help: 'From the headers of a delivery to its answer, its body included, by status.',
      labelNames: ['source', 'status'],
      buckets: callBuckets,
      registers,
    }),
    deliveryBytes: new Histogram({
      name: 'landfall_delivery_bytes',
      help: 'Sizes of the bodies of deliveries.',
      labelNames: ['source'],
      buckets: sizeBuckets,
      registers,
    }),
    stepSeconds: new Histogram({
      name: 'landfall_step_duration_seconds',
      help: 'Attempts at the steps of an event: fetchRecord, applyRecord, deliver and the destination; by result: done, failed.',
      labelNames: ['source', 'step', 'result'],
      buckets: callBuckets,
      registers,
    }),
    storeSeconds: new Histogram({
      name: 'landfall_store_duration_seconds',
      help: "The store's operations, the wait for a connection included.",
      labelNames: ['operation'],
      buckets: queryBuckets,
      registers,
    }),
    storeErrors: new Counter({
      name: 'landfall_store_errors_total',
      help: "The store's operations that failed, by error code.",
      labelNames: ['operation', 'code'],
      registers,
    }),
    watchPool(read) {
      readPool = read;
    },
  };
}
