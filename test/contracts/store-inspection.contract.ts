import { describe, expect, it, vi } from 'vitest';
import type { ReconciliationReport } from '../../src/model/reconciliation.ts';
import { buildApply, buildInboxItem, buildReport } from '../support/build-apply.ts';
import type { StoreUnderTest } from './store.contract.ts';

/** What people ask who look for the cause of something. */
export function storeInspectionContract(subject: StoreUnderTest): void {
  describe('what became of events', () => {
    it('is found for many at once, with what was there before, and without those that never came', async () => {
      const store = subject.store();
      const source = subject.newSource();
      await store.apply(
        buildApply({ source, eventId: 'evt_1', incoming: { version: '1' }, destinations: ['crm'] }),
      );
      await store.apply(
        buildApply({ source, eventId: 'evt_2', incoming: { version: '2', data: { name: 'Bea' }, basis: 1 } }),
      );
      const keys = ['evt_1', 'evt_2', 'evt_3', 'evt_\0'].map((eventId) => ({ source, eventId }));
      const marks = await store.findEvents(keys);
      const found = new Map(marks.map((mark) => [mark.eventId, mark]));
      expect([...found.keys()].sort()).toEqual(['evt_1', 'evt_2']);
      expect(found.get('evt_1')).toMatchObject({ outcome: 'applied', complete: false, handedOnAs: '1' });
      expect(found.get('evt_2')).toMatchObject({ outcome: 'applied', complete: true, deadLetterOpen: false });
      for (const mark of marks)
        expect(Date.parse(mark.firstAt)).toBeLessThanOrEqual(Date.parse(mark.processedAt));
      expect(await store.findEvents([])).toEqual([]);
    });

    it('says since when one waits in the inbox', async () => {
      const store = subject.store();
      const source = subject.newSource();
      await store.addToInbox(buildInboxItem('evt_1', { source }));
      const keys = ['evt_1', 'evt_2'].map((eventId) => ({ source, eventId }));
      expect(await store.findInInbox(keys)).toEqual([
        { source, eventId: 'evt_1', acceptedAt: expect.stringMatching(/^\d{4}-.*Z$/) },
      ]);
    });

    it('says which destinations have had one, the first of them first, and under which key', async () => {
      const store = subject.store();
      const source = subject.newSource();
      const destinations = ['crm', 'search'];
      await store.apply(buildApply({ source, destinations }));
      const about = { source, eventId: 'evt_1', destinations };
      await store.markDelivered({ ...about, destination: 'search', idempotencyKey: 'key-1' });
      const [first] = await store.listDeliveries(source, 'evt_1');
      // Times are kept to the millisecond.
      await vi.waitFor(() => expect(Date.now()).toBeGreaterThan(Date.parse(first?.deliveredAt ?? '') + 1), {
        interval: 1,
      });
      await store.markDelivered({ ...about, destination: 'crm', idempotencyKey: 'key-2' });
      expect(await store.listDeliveries(source, 'evt_1')).toEqual([
        { destination: 'search', idempotencyKey: 'key-1', deliveredAt: expect.any(String) },
        { destination: 'crm', idempotencyKey: 'key-2', deliveredAt: expect.any(String) },
      ]);
      expect(await store.listDeliveries(source, 'evt_2')).toEqual([]);
    });

    it('shows the other bodies under its id, and those of no other event', async () => {
      const store = subject.store();
      const source = subject.newSource();
      const conflict = (eventId: string, bodySha256: string) => ({
        source,
        eventId,
        firstSha256: 'first',
        bodySha256,
        body: '{}',
        bodyEncoding: 'utf8' as const,
        receivedAt: '2026-01-01T00:00:00.000Z',
      });
      await store.addConflict(conflict('evt_1', 'second'), 10);
      await store.addConflict(conflict('evt_2', 'third'), 10);
      expect(await store.listConflictsOf(source, 'evt_1')).toEqual([conflict('evt_1', 'second')]);
    });
  });

  describe('records', () => {
    it('are found by their id alone, of whatever type, in the sources that are asked for', async () => {
      const store = subject.store();
      const [source, other, third] = [subject.newSource(), subject.newSource(), subject.newSource()];
      const put = (of: string, type: string, id: string) =>
        store.apply(buildApply({ source: of, eventId: `${type}-${id}`, incoming: { entity: { type, id } } }));
      await put(source, 'customer', '1');
      await put(source, 'order', '1');
      await put(source, 'order', '2');
      await put(other, 'customer', '1');
      await put(third, 'customer', '1');
      const byText = (a: object, b: object) => JSON.stringify(a).localeCompare(JSON.stringify(b));
      expect((await store.findEntities([source, other], '1')).sort(byText)).toEqual(
        [
          { source, entity: { type: 'customer', id: '1' } },
          { source, entity: { type: 'order', id: '1' } },
          { source: other, entity: { type: 'customer', id: '1' } },
        ].sort(byText),
      );
      expect(await store.findEntities([], '1')).toEqual([]);
      expect((await store.listEntityTypes([source, other])).sort(byText)).toEqual(
        [
          { source, type: 'customer' },
          { source, type: 'order' },
          { source: other, type: 'customer' },
        ].sort(byText),
      );
      expect(await store.listEntityTypes([subject.newSource()])).toEqual([]);
    });
  });

  describe('how a source is doing', () => {
    const minutes = (ago: number) => Date.now() - ago * 60_000;

    it('says how its deliveries come in, also of one that never had any', async () => {
      const store = subject.store();
      const [source, silent] = [subject.newSource(), subject.newSource()];
      const newest = minutes(10);
      await store.recordArrivals([
        { source, firstAt: minutes(11), lastAt: newest, count: 5 },
        { source, firstAt: minutes(180), lastAt: minutes(180), count: 7 },
        { source, firstAt: minutes(3 * 24 * 60), lastAt: minutes(3 * 24 * 60), count: 11 },
      ]);
      const rates = new Map(
        (await store.measureDeliveries([source, silent])).map((rate) => [rate.source, rate]),
      );
      expect(rates.get(source)).toEqual({
        source,
        lastHour: 5,
        lastDay: 12,
        lastAt: new Date(newest).toISOString(),
      });
      expect(rates.get(silent)).toEqual({ source: silent, lastHour: 0, lastDay: 0, lastAt: null });
      expect(await store.measureDeliveries([])).toEqual([]);
    });

    it('counts its rejections by hour and reason', async () => {
      const store = subject.store();
      const source = subject.newSource();
      const hour = Math.floor(Date.now() / 3_600_000) * 3_600_000;
      const sample = (at: number) => ({
        at: new Date(at).toISOString(),
        detail: '',
        headers: {},
        bodyBytes: 1,
        bodySha256: 'b0d1',
      });
      const now = new Date().toISOString();
      await store.recordRejections(
        [
          { source, reason: 'bad_signature', count: 3, samples: [sample(hour)] },
          { source, reason: 'stale_timestamp', count: 2, samples: [] },
        ],
        10,
      );
      const counted = await store.countRejectionsByHour(source, new Date(hour - 3_600_000).toISOString());
      const totals = Object.fromEntries(counted.map(({ reason, count }) => [reason, count]));
      expect(totals).toEqual({ bad_signature: 3, stale_timestamp: 2 });
      for (const each of counted) {
        expect(each.hour).toMatch(/:00:00\.000Z$/);
        expect(Math.abs(Date.parse(each.hour) - Date.parse(now))).toBeLessThan(2 * 3_600_000);
      }
    });

    it('has the newest report of each source', async () => {
      const store = subject.store();
      const [source, other, never] = [subject.newSource(), subject.newSource(), subject.newSource()];
      const report = (of: string, day: number): ReconciliationReport =>
        buildReport({ source: of, runId: `${of}-${day}`, finishedAt: `2026-01-0${day}T00:00:00.000Z` });
      for (const each of [report(source, 1), report(source, 3), report(source, 2), report(other, 1)]) {
        await store.saveReport(each, null);
      }
      const newest = await store.findLatestReports([source, other, never]);
      expect(newest.map(({ runId }) => runId).sort()).toEqual([`${source}-3`, `${other}-1`].sort());
    });
  });
}
