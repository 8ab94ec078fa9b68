import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { startReconciliation } from '../../src/temporal/reconciliations.ts';
import { ensureSchedules } from '../../src/temporal/schedules.ts';
import { recordHistory } from '../support/record-history.ts';
import { type Harness, startHarness } from '../support/harness.ts';

describe('a delivery that never arrives', () => {
  let harness: Harness;
  beforeAll(async () => {
    harness = await startHarness({
      vendor: { customers: 5, orders: 5 },
      change: (source) => ({
        ...source,
        reconcile: { ...source.reconcile, everyMilliseconds: 86_400_000, overlapMilliseconds: 3_600_000 },
      }),
    });
    // The schedule's first run is the backfill.
    await vi.waitFor(
      async () => {
        expect(await harness.runtime.store.findCursor(harness.source.name)).not.toBeNull();
      },
      { timeout: 60_000, interval: 200 },
    );
  });
  afterAll(() => harness.stop());

  async function reconcile(since: string | null = null) {
    const { runtime, source } = harness;
    const handle = await startReconciliation(
      runtime.client,
      { source: source.name, since },
      runtime.config.taskQueue,
    );
    return { handle, report: await handle.result() };
  }
  const allRecords = () => harness.runtime.store.listRecords(harness.source.name, null, 1_000);

  test('was made up for by the first run, which is the backfill', async () => {
    const [report] = await harness.runtime.store.listReports(harness.source.name, 10);
    expect(report).toMatchObject({
      since: null,
      missing: 10,
      repaired: 10,
      failed: 0,
      complete: true,
    });
    expect(await allRecords()).toHaveLength(10);
  });

  test('is found by a reconciliation and repaired, and nothing else is touched; a second one changes nothing', async () => {
    const { vendor, runtime } = harness;
    const [first, second] = vendor.snapshot().records;
    if (first === undefined || second === undefined) throw new Error('the vendor has records');
    const before = await allRecords();
    await vendor.send(vendor.update(first.id), { drop: true });
    await vendor.send(vendor.remove(second.id), { drop: true });
    const created = vendor.createCustomer();
    await vendor.send(created, { drop: true });

    const { handle, report } = await reconcile();

    expect(report).toMatchObject({
      missing: 1,
      stale: 2,
      repaired: 3,
      settled: 0,
      failed: 0,
      complete: true,
    });
    const after = await allRecords();
    const changed = after.filter(
      (record) => !before.some((old) => JSON.stringify(old) === JSON.stringify(record)),
    );
    expect(changed.map(({ entity }) => entity.id).sort()).toEqual(
      [first.id, second.id, created.data.id].sort(),
    );
    expect(changed.find(({ entity }) => entity.id === second.id)).toMatchObject({
      deleted: true,
      data: null,
    });
    await recordHistory(runtime.client, 'reconcile-repaired', handle);

    const again = await reconcile();
    expect(again.report).toMatchObject({ missing: 0, stale: 0, repaired: 0, complete: true });
    expect(await allRecords()).toEqual(after);
    await recordHistory(runtime.client, 'reconcile-in-step', again.handle);

    // The webhook arrives after all: there is nothing left to do.
    await harness.post(created);
    await expect(harness.event(created.id).result()).resolves.toMatchObject({ outcome: 'unchanged' });
  });

  test('is repaired as often as deliveries about one record are lost', async () => {
    const { vendor, runtime, source } = harness;
    const event = vendor.createOrder();
    await vendor.send(event, { drop: true });
    expect((await reconcile()).report).toMatchObject({ repaired: 1 });
    const { id } = event.data;
    await vendor.send(vendor.update(id), { drop: true });
    expect((await reconcile()).report).toMatchObject({ stale: 1, repaired: 1 });
    expect(await runtime.store.findRecord(source.name, { type: 'order', id })).toMatchObject({
      version: '2',
    });
  });

  test('further back than the last run is found with a time given', async () => {
    const { report } = await reconcile('2000-01-01T00:00:00.000Z');
    expect(report.scanned).toBeGreaterThanOrEqual(12);
    expect(report).toMatchObject({ missing: 0, stale: 0, since: '2000-01-01T00:00:00.000Z' });
  });

  test('is made up for by the schedule, which is created once and keeps an engineer’s pause', async () => {
    const { runtime, source } = harness;
    const schedule = runtime.client.schedule.getHandle(`reconcile-${source.name}`);
    await schedule.pause('a long maintenance of the vendor');
    await ensureSchedules(
      runtime.client,
      [{ ...source, reconcile: { ...source.reconcile, everyMilliseconds: 3_600_000 } }],
      runtime.taskQueueOf,
    );

    const described = await schedule.describe();
    expect(described.state).toMatchObject({ paused: true, note: 'a long maintenance of the vendor' });
    expect(described.spec.intervals).toMatchObject([{ every: 3_600_000 }]);
    expect(described.policies).toMatchObject({ overlap: 'SKIP' });
  });
});
