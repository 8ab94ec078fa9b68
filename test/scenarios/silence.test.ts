import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { readSearchAttribute } from '../support/read-search-attribute.ts';
import { type Harness, startHarness } from '../support/harness.ts';
import { recordHistory } from '../support/record-history.ts';

const patience = { timeout: 90_000, interval: 200 };
const [second, minute, day] = [1_000, 60_000, 86_400_000];
const slot = 5 * minute;

describe('a source that falls silent', { timeout: 240_000 }, () => {
  let harness: Harness;
  beforeAll(async () => {
    harness = await startHarness({
      vendor: { customers: 3, orders: 0 },
      change: (source) => ({
        ...source,
        reconcile: { ...source.reconcile, everyMilliseconds: day, overlapMilliseconds: second },
        watch: { everyMilliseconds: 500, minimumMilliseconds: 2 * second },
      }),
    });
    // The schedule's first run is the backfill.
    await vi.waitFor(async () => {
      expect(await harness.runtime.store.findCursor(harness.source.name)).not.toBeNull();
    }, patience);
  });
  afterAll(() => harness.stop());

  const handle = (kind: 'watch' | 'silence') =>
    harness.runtime.client.workflow.getHandle(`${kind}:${harness.source.name}`);
  const details = async (kind: 'watch' | 'silence'): Promise<string> => {
    const metadata = await handle(kind).query<{ currentDetails?: string }>('__temporal_workflow_metadata');
    return metadata.currentDetails ?? '';
  };
  const looks = async (result: string): Promise<number> => {
    const { values } = await harness.runtime.metrics.looks.get();
    const found = values.find(
      ({ labels }) => labels.source === harness.source.name && labels.result === result,
    );
    return found?.value ?? 0;
  };
  /** A habit of fifteen days: something in each five minutes, until `last`. */
  const seed = async (last: number) => {
    const first = last - 15 * day;
    const batches = Array.from({ length: Math.floor((last - first) / slot) }, (_, index) => ({
      source: harness.source.name,
      firstAt: first + index * slot + second,
      lastAt: first + (index + 1) * slot,
      count: 100,
    }));
    await harness.runtime.store.recordArrivals(batches);
  };

  test('is learned first, and no alarm is raised meanwhile', async () => {
    await expect.poll(() => looks('learning'), patience).toBeGreaterThan(0);
    expect(await details('watch')).toContain('is still learned');
    await expect(handle('silence').describe()).rejects.toThrow();
  });

  test('is alerted, and exactly that window is reconciled: the lost change is repaired', async () => {
    const { vendor, runtime, source } = harness;
    // Nobody hears of it.
    const lost = vendor.createCustomer();
    const last = Date.now() - 10 * second;
    await seed(last);

    const since = new Date(last - 5 * minute).toISOString();
    const report = await vi.waitFor(async () => {
      const [newest] = await runtime.store.listReports(source.name, 1);
      if (newest?.since !== since) throw new Error('the window is not reconciled yet');
      return newest;
    }, patience);
    expect(report).toMatchObject({ complete: true, missing: 1, repaired: 1, since });
    const entity = { type: 'customer', id: lost.data.id };
    expect(await runtime.store.findRecord(source.name, entity)).toMatchObject({ deleted: false });
    expect(await looks('silent')).toBeGreaterThan(0);
    await vi.waitFor(async () => {
      expect(await details('silence')).toContain('Deliveries are lost');
    }, patience);
    expect((await handle('silence').describe()).status.name).toBe('RUNNING');
    expect(await details('watch')).toContain('**silent**');

    // A delivery ends it, and what was lost until then is found too.
    const alsoLost = vendor.createCustomer();
    await harness.post(vendor.createCustomer());
    await expect(handle('silence').result()).resolves.toMatchObject({
      since: new Date(last).toISOString(),
      cause: 'deliveries-lost',
    });
    expect(
      await runtime.store.findRecord(source.name, { type: 'customer', id: alsoLost.data.id }),
    ).not.toBeNull();
    expect(readSearchAttribute(await handle('silence').describe(), 'LandfallOutcome')).toBe(
      'deliveries-lost',
    );
    await recordHistory(runtime.client, 'silence-deliveries-lost', handle('silence'));
    await recordHistory(runtime.client, 'watch-silent', handle('watch'));
  });
});
