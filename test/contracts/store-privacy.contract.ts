import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { EntityRef } from '../../src/model/event.ts';
import type { WrappedKey } from '../../src/store/store.ts';
import { buildInboxItem, buildReport } from '../support/build-apply.ts';
import { sha256 } from '../support/receiver.ts';
import { setUpApply } from '../support/set-up-apply.ts';
import type { StoreUnderTest } from './store.contract.ts';

const day = 86_400_000;
const ago = (milliseconds: number) => new Date(Date.now() - milliseconds).toISOString();
const customer = (id: string): EntityRef => ({ type: 'customer', id });
/** Of one customer, or of all that are asked about. */
const largeBody = (source: string, id = 'all') => Buffer.from(`a large body of ${source} about ${id}`);

/** Keys of records, their erasure, and what is purged. */
export function storePrivacyContract(subject: StoreUnderTest): void {
  describe('keys of records', () => {
    const fresh = (source: string, id: string, wrappedBy = '2026-11'): WrappedKey => ({
      id: `entity:${randomUUID()}`,
      source,
      entity: customer(id),
      wrappedBy,
      wrapped: randomUUID(),
    });

    it('are one for each, however many ask for it at the same time', async () => {
      const store = subject.store();
      const source = subject.newSource();
      const asked = Array.from({ length: 60 }, (_, index) => fresh(source, `cus_${index % 3}`));
      const keys = await Promise.all(asked.map((each) => store.obtainEntityKey(each)));
      expect(keys.map(({ entity }) => entity)).toEqual(asked.map(({ entity }) => entity));
      expect(new Set(keys.map(({ id }) => id)).size).toBe(3);
      for (const key of keys) expect(await store.findEntityKey(key.id)).toEqual(key);
      expect(await store.findEntityKey('entity:none')).toBeNull();
    });

    it('are gone for good once they are erased, and the next one is another', async () => {
      const store = subject.store();
      const source = subject.newSource();
      const [first, other] = [fresh(source, 'cus_1'), fresh(source, 'cus_2')];
      await store.obtainEntityKey(first);
      await store.obtainEntityKey(other);
      expect(await store.dropEntityKey(source, customer('cus_1'))).toEqual([first.id]);
      expect(await store.dropEntityKey(source, customer('cus_1'))).toEqual([]);
      expect(await store.findEntityKey(first.id)).toBe('erased');
      await store.rewrapEntityKey({ id: first.id, wrappedBy: 'x', wrapped: 'x' });
      expect(await store.findEntityKey(first.id)).toBe('erased');
      const second = await store.obtainEntityKey(fresh(source, 'cus_1'));
      expect(second.id).not.toBe(first.id);
      expect(await store.dropEntityKey(source, customer('cus_1'))).toEqual([second.id]);
      expect(await store.findEntityKey(other.id)).toEqual(other);
    });

    it('are listed where another key has encrypted them, and kept as they are encrypted anew', async () => {
      const store = subject.store();
      const source = subject.newSource();
      const mine = [
        fresh(source, 'cus_1', 'old'),
        fresh(source, 'cus_2', 'new'),
        fresh(source, 'cus_3', 'old'),
      ];
      for (const key of mine) await store.obtainEntityKey(key);
      const listed = async () => {
        const ids: string[] = [];
        for (let after: string | null = null; ;) {
          const page: WrappedKey[] = await store.listKeysToRewrap('new', { after, limit: 2 });
          ids.push(...page.filter((key) => key.source === source).map(({ entity }) => entity.id));
          after = page.at(-1)?.id ?? null;
          if (after === null) return ids.sort();
        }
      };
      expect(await listed()).toEqual(['cus_1', 'cus_3']);
      for (const { id } of mine) await store.rewrapEntityKey({ id, wrappedBy: 'new', wrapped: 'w' });
      expect(await listed()).toEqual([]);
      expect(await store.findEntityKey(mine[0]?.id ?? '')).toMatchObject({ wrappedBy: 'new', wrapped: 'w' });
    });
  });

  describe('an erasure', () => {
    it('takes away what there is of one record, and nothing of another', async () => {
      const { store, source, apply } = setUpApply(subject);
      const ids = ['cus_1', 'cus_1%', 'cus_12'];
      for (const id of ids) {
        const entity = customer(id);
        await apply({
          eventId: `evt_${id}`,
          incoming: { entity, version: '6', data: { name: `of ${id} \u0000` } },
        });
        await apply({
          eventId: `reconcile:customer/${id}:7`,
          incoming: { entity, version: '7' },
          destinations: ['crm'],
        });
        await store.markDelivered({
          ...{ source, eventId: `reconcile:customer/${id}:7`, destination: 'crm', destinations: ['crm'] },
          idempotencyKey: `key of ${id}`,
        });
        await store.addToInbox(
          buildInboxItem(`waits_${id}`, { source, entity, payload: { id, odd: '\u0000', mentions: ids } }),
        );
        await store.addConflict(
          {
            ...{ source, eventId: `evt_${id}`, firstSha256: 'a', bodySha256: 'b', receivedAt: ago(0) },
            ...{ body: JSON.stringify({ id }), bodyEncoding: 'utf8' },
          },
          100,
        );
        const owner = { source, entity };
        await store.keepBody(largeBody(source, id), sha256(largeBody(source, id)), owner);
        await store.keepBody(largeBody(source), sha256(largeBody(source)), owner);
        await store.addBulkLetters(`bulk:${source}`, [{ source, eventId: `evt_${id}` }]);
        const key = { source, step: 'fetchRecord', error: 'LANDFALL_VENDOR_UNAVAILABLE' };
        await store.noteFailure(
          { ...key, eventId: `evt_${id}`, entity },
          { withinMilliseconds: day, keepOlder: true },
        );
      }
      const rows = await store.eraseEntity(source, customer('cus_1'), ['evt_cus_1']);
      expect(rows).toEqual({
        ...{ records: 1, bodies: 1, processed: 2, deliveries: 1, bulk_letters: 1 },
        ...{ inbox: 1, conflicts: 1, failures: 1 },
      });
      expect(await store.findRecord(source, customer('cus_1'))).toBeNull();
      expect(await store.readBody(sha256(largeBody(source, 'cus_1')))).toBeNull();
      // The same bytes are of the others as well.
      expect(await store.readBody(sha256(largeBody(source)))).not.toBeNull();
      expect(await store.findEvent(source, 'evt_cus_1')).toBeNull();
      expect(await store.findEvent(source, 'reconcile:customer/cus_1:7')).toBeNull();
      for (const id of ids.slice(1)) {
        expect(await store.readBody(sha256(largeBody(source, id)))).not.toBeNull();
        expect(await store.findRecord(source, customer(id))).not.toBeNull();
        expect(await store.findEvent(source, `evt_${id}`)).not.toBeNull();
        expect(await store.findEvent(source, `reconcile:customer/${id}:7`)).toMatchObject({ complete: true });
      }
      expect((await store.listConflicts(source, 10)).map(({ eventId }) => eventId).sort()).toEqual([
        'evt_cus_1%',
        'evt_cus_12',
      ]);
      expect(
        await store.listFailures({ source, step: 'fetchRecord', error: 'LANDFALL_VENDOR_UNAVAILABLE' }, 10),
      ).toEqual(['evt_cus_1%', 'evt_cus_12']);
      const again = await store.eraseEntity(source, customer('cus_1'), ['evt_cus_1']);
      expect(new Set(Object.values(again))).toEqual(new Set([0]));
    });

    it('finds conflicting deliveries that mention it, whatever event they are of', async () => {
      const store = subject.store();
      const source = subject.newSource();
      const conflict = (eventId: string, about: string) =>
        store.addConflict(
          {
            ...{ source, eventId, firstSha256: 'a', bodySha256: 'b', receivedAt: ago(0) },
            ...{ body: JSON.stringify({ data: { id: about } }), bodyEncoding: 'utf8' },
          },
          100,
        );
      await conflict('evt_1', 'cus_1');
      await conflict('evt_2', 'cus_12');
      await store.eraseEntity(source, customer('cus_1'), []);
      expect((await store.listConflicts(source, 10)).map(({ eventId }) => eventId)).toEqual(['evt_2']);
    });

    it('is told which records mention somebody', async () => {
      const { store, source, apply } = setUpApply(subject);
      const email = 'ada_"berg"%@example.com';
      await apply({ eventId: 'evt_1', incoming: { entity: customer('cus_1'), data: { email } } });
      const order = { type: 'order', id: 'ord_1' };
      await apply({ eventId: 'evt_2', incoming: { entity: order, data: { to: `Ada <${email}>` } } });
      const other = { email: 'adax"berg"%@example.com' };
      await apply({ eventId: 'evt_3', incoming: { entity: customer('cus_2'), data: other } });
      expect(await store.findMentions(source, email, 10)).toEqual([customer('cus_1'), order]);
      expect(await store.findMentions(source, email, 1)).toHaveLength(1);
      expect(await store.findMentions(subject.newSource(), email, 10)).toEqual([]);
    });
  });

  describe('a purge', () => {
    it('takes away what is older, some at a time', async () => {
      const store = subject.store();
      const source = subject.newSource();
      const tables = ['reports', 'conflicts', 'rejections'] as const;
      // What others have left in the store.
      for (const table of tables) while ((await store.purge(table, 5 * day, 100)) > 0);
      for (const [index, age] of [20 * day, 10 * day, 0].entries()) {
        const finishedAt = ago(age);
        await store.saveReport(buildReport({ source, finishedAt, runId: `${source}-${index}` }), null);
        await store.addConflict(
          {
            ...{ source, eventId: `evt_${index}`, firstSha256: 'a', bodySha256: 'b', receivedAt: finishedAt },
            ...{ body: '{"receivedAt":"never"}\u0000', bodyEncoding: 'utf8' },
          },
          100,
        );
        await store.recordRejections(
          [
            {
              ...{ source, reason: 'bad_signature', count: 1 },
              samples: [{ at: finishedAt, detail: '', headers: {}, bodyBytes: index, bodySha256: '' }],
            },
          ],
          100,
        );
      }
      const left = async () => [
        (await store.listReports(source, 10)).length,
        (await store.listConflicts(source, 10)).length,
        (await store.listRejections(source, 10)).length,
      ];
      expect(await left()).toEqual([3, 3, 3]);
      expect(await store.purge('reports', 5 * day, 1)).toBe(1);
      expect((await left())[0]).toBe(2);
      for (const table of tables) {
        while ((await store.purge(table, 5 * day, 1)) > 0);
      }
      expect(await left()).toEqual([1, 1, 1]);
    });

    it('takes deleted records and old failures, and the deliveries of events that are not known any more', async () => {
      const { store, source, apply } = setUpApply(subject);
      await apply({ eventId: 'evt_1', incoming: { entity: customer('cus_1') }, destinations: ['crm'] });
      await apply({ eventId: 'evt_2', incoming: { entity: customer('cus_2'), deleted: true, data: null } });
      const delivered = (eventId: string) =>
        store.markDelivered({
          ...{ source, eventId, destination: 'crm', destinations: ['crm'], idempotencyKey: eventId },
        });
      await delivered('evt_1');
      await delivered('evt_of_before');
      const key = { source, step: 'fetchRecord', error: 'LANDFALL_VENDOR_UNAVAILABLE' };
      await store.noteFailure(
        { ...key, eventId: 'evt_1', entity: customer('cus_1') },
        { withinMilliseconds: day, keepOlder: true },
      );
      for (const table of ['deleted', 'failures', 'deliveries'] as const)
        await store.purge(table, day, 1_000);
      expect(await store.findRecord(source, customer('cus_2'))).not.toBeNull();
      expect(await store.listFailures(key, 10)).toEqual(['evt_1']);
      // Everything is older than nothing, but for what was written in this very millisecond.
      await expect
        .poll(async () => {
          for (const table of ['deleted', 'failures', 'deliveries'] as const)
            await store.purge(table, 0, 1_000);
          return [await store.findRecord(source, customer('cus_2')), await store.listFailures(key, 10)];
        })
        .toEqual([null, []]);
      expect(await store.findRecord(source, customer('cus_1'))).not.toBeNull();
      expect((await store.lookUpHandOn(source, 'evt_1', 'crm')).deliveredAs).toBe('evt_1');
      expect((await store.lookUpHandOn(source, 'evt_of_before', 'crm')).deliveredAs).toBeNull();
    });
  });
}
