import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { startWorker } from '../../src/cli/start-worker.ts';
import type { DemoVendor } from '../../src/dev/demo-vendor/demo-vendor.ts';
import { callQueue } from '../../src/model/call-queue.ts';
import type { Source } from '../../src/sources/define-source.ts';
import { findCallQueues } from '../../src/temporal/call-queues.ts';
import {
  createDemoSource,
  type Harness,
  startHarness,
  uniqueName,
  withoutListing,
} from '../support/harness.ts';

const perSecond = 4;
const burst = 30;

describe('a burst at a source whose rate is limited', () => {
  let harness: Harness;
  let free: Source;
  const calls: number[] = [];
  beforeAll(async () => {
    harness = await startHarness({
      change: (source) => ({
        ...withoutListing(source),
        requestsPerSecond: perSecond,
        fetchRecord: async (entity, context) => {
          calls.push(performance.now());
          return (await source.fetchRecord?.(entity, context)) ?? null;
        },
      }),
      sources: (vendor) => [(free = withoutListing(freeSource(vendor)))],
    });
  });
  afterAll(() => harness.stop());

  test('is fetched at that rate by all workers together, and holds up no other source', async () => {
    const { vendor, runtime } = harness;
    const second = await startWorker(runtime);
    const events = Array.from({ length: burst }, () => vendor.createCustomer());
    await Promise.all(events.map((event) => harness.post(event)));
    const quick = vendor.createCustomer();
    await harness.post(quick, { source: free });
    await expect(harness.event(quick.id, free).result()).resolves.toMatchObject({ outcome: 'applied' });
    expect(calls.length).toBeLessThan(burst);

    const results = await Promise.all(events.map(({ id }) => harness.event(id).result()));
    expect(results.map(({ outcome }) => outcome)).toEqual(events.map(() => 'applied'));
    expect(calls).toHaveLength(burst);
    // Without a limit all come within one second; with one in each worker, twice as many as may.
    expect(mostWithin(3_000, calls)).toBeLessThan(3 * perSecond * 1.8);
    await second.stop();
  });

  test('is served on where its limit is taken away while calls wait', async () => {
    const { vendor, runtime, source } = harness;
    const { client, taskQueueOf } = runtime;
    const unlimited = { ...source, requestsPerSecond: null };
    expect(await findCallQueues(client, [unlimited], taskQueueOf)).toEqual([]);
    const events = Array.from({ length: 80 }, () => vendor.createCustomer());
    await Promise.all(events.map((event) => harness.post(event)));
    const taskQueue = callQueue(taskQueueOf(source.name), source.name);
    await vi.waitFor(
      async () =>
        expect(await findCallQueues(client, [unlimited], taskQueueOf)).toEqual([
          { taskQueue, requestsPerSecond: null },
        ]),
      { timeout: 60_000, interval: 100 },
    );
    await Promise.all(events.map(({ id }) => harness.event(id).result()));
  });
});

function freeSource(vendor: DemoVendor): Source {
  return { ...createDemoSource(vendor), name: uniqueName('free') };
}

/** The most of the moments that any stretch of so many milliseconds holds. */
function mostWithin(milliseconds: number, moments: readonly number[]): number {
  return Math.max(
    ...moments.map((from) => moments.filter((at) => at >= from && at < from + milliseconds).length),
  );
}
