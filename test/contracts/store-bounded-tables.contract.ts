import { describe, expect, it } from 'vitest';
import type { ConflictingDelivery, RejectionBatch } from '../../src/store/store.ts';
import { buildReport } from '../support/build-apply.ts';
import type { StoreUnderTest } from './store.contract.ts';

const minute = 60_000;
const ago = (milliseconds: number) => new Date(Date.now() - milliseconds).toISOString();

/** What is kept for people to look at, within bounds, and how far sources are reconciled. */
export function storeBoundedTablesContract(subject: StoreUnderTest): void {
  const batch = (
    source: string,
    count: number,
    ages: number[],
    reason = 'bad_signature',
  ): RejectionBatch => ({
    source,
    reason,
    count,
    samples: ages.map((age) => ({
      at: ago(age),
      detail: `${age} ms \u0000 ago`,
      headers: { 'user-agent': 'x' },
      bodyBytes: age,
      bodySha256: 'ff',
    })),
  });

  describe('rejections', () => {
    it('are all counted, and the newest kept as examples', async () => {
      const store = subject.store();
      const source = subject.newSource();
      const since = ago(10 * minute);
      await store.recordRejections([], 3);
      await store.recordRejections([batch(source, 1_000, [30_000, 10_000])], 3);
      await store.recordRejections(
        [batch(source, 5, [20_000, 40_000]), batch(source, 2, [], 'stale_timestamp')],
        3,
      );
      const counts = (await store.countRejections(since)).filter((each) => each.source === source);
      expect(counts).toEqual([
        { source, reason: 'bad_signature', count: 1_005 },
        { source, reason: 'stale_timestamp', count: 2 },
      ]);
      expect(await store.countRejections(ago(-10 * minute))).toEqual([]);
      const samples = await store.listRejections(source, 10);
      expect(samples.map(({ bodyBytes }) => bodyBytes)).toEqual([10_000, 20_000, 30_000]);
      expect(samples[0]).toMatchObject({ source, reason: 'bad_signature', detail: '10000 ms \u0000 ago' });
      expect(await store.listRejections(source, 1)).toHaveLength(1);
      expect((await store.listRejections(null, 100)).length).toBeGreaterThanOrEqual(3);
    });

    it('are counted right when many receivers report at the same time, the same reason twice in one report', async () => {
      const store = subject.store();
      const source = subject.newSource();
      const reports = Array.from({ length: 20 }, () => [batch(source, 1, [5]), batch(source, 1, [6])]);
      await Promise.all(reports.map((report) => store.recordRejections(report, 5)));
      const counts = await store.countRejections(ago(10 * minute));
      expect(counts.find((each) => each.source === source)?.count).toBe(40);
      expect(await store.listRejections(source, 100)).toHaveLength(5);
    });

    it('are forgotten after thirty days, the examples too', async () => {
      const store = subject.store();
      const source = subject.newSource();
      await store.recordRejections([batch(source, 1, [31 * 24 * 60 * minute])], 3);
      expect(await store.listRejections(source, 10)).toEqual([]);
    });
  });

  describe('conflicting deliveries', () => {
    const conflict = (source: string, hash: string): ConflictingDelivery => ({
      source,
      eventId: 'evt_1',
      firstSha256: 'first',
      bodySha256: hash,
      body: 'a\u0000b',
      bodyEncoding: 'utf8',
      receivedAt: '2026-01-01T00:00:00.000Z',
    });

    it('are kept once each, and of each source only the newest', async () => {
      const store = subject.store();
      const source = subject.newSource();
      const other = subject.newSource();
      await store.addConflict(conflict(other, '0'), 2);
      for (const hash of ['1', '2', '2', '3']) await store.addConflict(conflict(source, hash), 2);
      expect(await store.listConflicts(source, 10)).toEqual([conflict(source, '3'), conflict(source, '2')]);
      expect(await store.listConflicts(other, 10)).toEqual([conflict(other, '0')]);
      expect((await store.listConflicts(null, 10)).length).toBeGreaterThanOrEqual(3);
    });
  });

  describe('reports', () => {
    it('move the cursor when they are complete, and never backwards', async () => {
      const store = subject.store();
      const source = subject.newSource();
      expect(await store.findCursor(source)).toBeNull();
      await store.saveReport(buildReport({ source, complete: false }), '2026-01-01T00:00:00.000Z');
      expect(await store.findCursor(source)).toBeNull();
      await store.saveReport(buildReport({ source }), null);
      expect(await store.findCursor(source)).toBeNull();
      for (const until of ['2026-01-02T00:00:00.500Z', '2026-01-01T00:00:00.000Z']) {
        await store.saveReport(buildReport({ source }), until);
        expect(await store.findCursor(source)).toEqual({
          source,
          reconciledUntil: '2026-01-02T00:00:00.500Z',
        });
      }
    });

    it('are listed newest first, one for each run however often it is saved', async () => {
      const store = subject.store();
      const source = subject.newSource();
      const older = buildReport({ source, finishedAt: '2026-01-01T00:00:00.000Z' });
      const newer = buildReport({ source, finishedAt: '2026-01-02T00:00:00.000Z', scanned: 5 });
      for (const report of [newer, older, newer]) await store.saveReport(report, null);
      expect(await store.listReports(source, 10)).toEqual([newer, older]);
      expect(await store.listReports(null, 1)).toHaveLength(1);
    });
  });
}
