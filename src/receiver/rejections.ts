import type { Logger } from 'pino';
import type { Metrics } from '../monitoring/metrics.ts';
import type { Source } from '../sources/define-source.ts';
import { hiddenHeaders, redactHeaders } from '../sources/read-delivery.ts';
import type { RejectionBatch, Store } from '../store/store.ts';
import { sha256Hex } from '../verification/digest.ts';
import type { RejectionReason } from '../verification/scheme.ts';
import { flushEvery, type Flusher } from '../monitoring/flush-every.ts';

/** One refused delivery. */
export interface Rejection {
  source: Source;
  reason: RejectionReason;
  detail: string;
  body: Buffer;
  headers: Readonly<Record<string, string | undefined>>;
}

/** Counts refused deliveries, so that a flood of them costs a few rows a second at most. */
export interface Rejections extends Flusher {
  note(rejection: Rejection): void;
}

const flushMilliseconds = 1_000;
const samplesPerFlush = 20;
const keepPerSource = 1_000;
const keptHeaders = 50;
const keptHeaderLength = 500;

/** Counts at once in the metric; sums up rows and log lines by source and reason, and writes them every second. */
export function createRejections({
  store,
  metrics,
  logger,
  now,
}: {
  store: Store;
  metrics: Metrics;
  logger: Logger;
  now: () => number;
}): Rejections {
  let waiting = new Map<string, RejectionBatch>();
  const flusher = flushEvery(flushMilliseconds, write);

  function note({ source, reason, detail, body, headers }: Rejection): void {
    metrics.rejections.inc({ source: source.name, reason });
    metrics.deliveries.inc({ source: source.name, result: 'rejected' });
    const key = `${source.name} ${reason}`;
    const batch = waiting.get(key) ?? { source: source.name, reason, count: 0, samples: [] };
    if (batch.count === 0) logger.warn({ source: source.name, reason, detail }, 'rejected');
    batch.count += 1;
    if (batch.samples.length < samplesPerFlush) {
      batch.samples.push({
        at: new Date(now()).toISOString(),
        detail,
        headers: clipHeaders(redactHeaders(headers, hiddenHeaders(source))),
        bodyBytes: body.length,
        bodySha256: sha256Hex(body),
      });
    }
    waiting.set(key, batch);
  }

  async function write(): Promise<void> {
    const batches = [...waiting.values()];
    if (batches.length === 0) return;
    waiting = new Map();
    try {
      await store.recordRejections(batches, keepPerSource);
    } catch (error) {
      logger.warn(
        { err: error },
        'the rejections could not be written; their counts are kept and written later',
      );
      keepCounts(batches);
      return;
    }
    for (const { source, reason, count } of batches) {
      if (count > 1) logger.warn({ source, reason, count: count - 1 }, 'rejected as well, within a second');
    }
  }

  /** Samples are examples and may go; counts may not. */
  function keepCounts(batches: readonly RejectionBatch[]): void {
    for (const batch of batches) {
      const key = `${batch.source} ${batch.reason}`;
      const newer = waiting.get(key);
      waiting.set(key, { ...batch, count: batch.count + (newer?.count ?? 0), samples: newer?.samples ?? [] });
    }
  }

  return {
    note,
    ...flusher,
  };
}

function clipHeaders(headers: Record<string, string>): Record<string, string> {
  const entries = Object.entries(headers).slice(0, keptHeaders);
  return Object.fromEntries(entries.map(([name, value]) => [name, value.slice(0, keptHeaderLength)]));
}
