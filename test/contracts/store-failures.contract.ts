import { describe, expect, it } from 'vitest';
import type { StoreUnderTest } from './store.contract.ts';

const minute = 60_000;
const day = 1_440 * minute;

/** What tells an outage from a poison event, and what a source's habit is read from. */
export function storeFailuresContract(subject: StoreUnderTest): void {
  describe('failures', () => {
    const of = (source: string, more: { step?: string; error?: string } = {}) => ({
      source,
      step: 'fetchRecord',
      error: 'LANDFALL_VENDOR_UNAVAILABLE',
      ...more,
    });
    const customer = (id: string) => ({ type: 'customer', id });
    const within = { withinMilliseconds: 10 * minute, keepOlder: false };

    it('are counted by record, however many events of it fail', async () => {
      const store = subject.store();
      const source = subject.newSource();
      const note = (eventId: string, id: string, key = of(source)) =>
        store.noteFailure({ ...key, eventId, entity: customer(id) }, within);
      expect(await note('evt_1', 'cus_1')).toBe(1);
      expect(await note('evt_2', 'cus_1')).toBe(1);
      expect(await note('evt_2', 'cus_1')).toBe(1);
      expect(await note('evt_3', 'cus_2')).toBe(2);
      expect(await note('evt_3', 'cus_2', of(source, { step: 'deliver crm' }))).toBe(1);
      expect(await note('evt_3', 'cus_2', of(source, { error: 'LANDFALL_VENDOR_REFUSED' }))).toBe(1);
      expect(await note('evt_4', 'cus_3', of(subject.newSource()))).toBe(1);
      const order = { type: 'order', id: 'cus_1' };
      expect(await store.noteFailure({ ...of(source), eventId: 'evt_5', entity: order }, within)).toBe(3);
      expect(await store.listFailures(of(source), 3)).toEqual(['evt_1', 'evt_2', 'evt_3']);
      await store.forgetFailures(of(source), ['evt_1', 'evt_3']);
      expect(await store.listFailures(of(source), 10)).toEqual(['evt_2', 'evt_5']);
      expect(await store.listFailures(of(source, { step: 'deliver crm' }), 10)).toEqual(['evt_3']);
    });

    it('are counted only within the window, and kept beyond it where that is asked for', async () => {
      const store = subject.store();
      const source = subject.newSource();
      const note = (eventId: string, keepOlder: boolean) =>
        store.noteFailure(
          { ...of(source), eventId, entity: customer(eventId) },
          { withinMilliseconds: 5, keepOlder },
        );
      expect(await note('evt_1', false)).toBe(1);
      await expect.poll(() => note('evt_2', true)).toBe(1);
      expect(await store.listFailures(of(source), 10)).toEqual(['evt_1', 'evt_2']);
      await expect.poll(() => note('evt_3', false)).toBe(1);
      expect(await store.listFailures(of(source), 10)).toEqual(['evt_3']);
    });

    it('that are noted at the same time see one another: exactly one of them is the last', async () => {
      const store = subject.store();
      const source = subject.newSource();
      const ids = Array.from({ length: 10 }, (_, index) => `evt_${index}`);
      const counts = await Promise.all(
        ids.map((id) => store.noteFailure({ ...of(source), eventId: id, entity: customer(id) }, within)),
      );
      expect(counts.sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    });
  });

  describe('deliveries', () => {
    it('say whether a destination has had any of some events', async () => {
      const store = subject.store();
      const source = subject.newSource();
      const had = {
        source,
        eventId: 'evt_1',
        destination: 'crm',
        destinations: ['crm'],
        idempotencyKey: 'k',
      };
      await store.markDelivered(had);
      expect(await store.wasDelivered(source, 'crm', ['evt_0', 'evt_1'])).toBe(true);
      expect(await store.wasDelivered(source, 'crm', ['evt_0'])).toBe(false);
      expect(await store.wasDelivered(source, 'crm', [])).toBe(false);
      expect(await store.wasDelivered(source, 'mail', ['evt_1'])).toBe(false);
      expect(await store.wasDelivered(subject.newSource(), 'crm', ['evt_1'])).toBe(false);
    });
  });

  describe('arrivals', () => {
    it('are added up in slots of five minutes, and listed in the order of time', async () => {
      const store = subject.store();
      const source = subject.newSource();
      const slot = Math.floor(Date.now() / (5 * minute)) * 5 * minute;
      const one = (at: number) => ({ source, firstAt: at, lastAt: at, count: 1 });
      await store.recordArrivals([]);
      await store.recordArrivals([one(slot + 2_000), one(slot - 10 * minute), one(slot + 1_000)]);
      await store.recordArrivals([{ source, firstAt: slot + 3_000, lastAt: slot + 4_000, count: 5 }]);
      await store.recordArrivals([{ ...one(slot), source: subject.newSource() }]);
      const before = { firstAt: slot - 10 * minute, lastAt: slot - 10 * minute, count: 1 };
      const now = { firstAt: slot + 1_000, lastAt: slot + 4_000, count: 7 };
      expect(await store.listArrivals(source, slot - day)).toEqual([before, now]);
      expect(await store.listArrivals(source, slot)).toEqual([now]);
    });

    it('are counted right when many receivers report at the same time', async () => {
      const store = subject.store();
      const [a, b] = [subject.newSource(), subject.newSource()];
      const at = Date.now();
      const one = (source: string) => ({ source, firstAt: at, lastAt: at, count: 1 });
      const reports = Array.from({ length: 20 }, (_, index) => (index % 2 === 0 ? [a, b] : [b, a]));
      await Promise.all(reports.map((sources) => store.recordArrivals(sources.map(one))));
      for (const source of [a, b]) {
        expect(await store.listArrivals(source, 0)).toEqual([{ firstAt: at, lastAt: at, count: 20 }]);
      }
    });

    it('are forgotten after five weeks', async () => {
      const store = subject.store();
      const source = subject.newSource();
      const old = Date.now() - 36 * day;
      await store.recordArrivals([{ source, firstAt: old, lastAt: old, count: 1 }]);
      await store.recordArrivals([{ source, firstAt: Date.now(), lastAt: Date.now(), count: 1 }]);
      expect(await store.listArrivals(source, 0)).toHaveLength(1);
    });
  });
}
