import { describe, expect, it } from 'vitest';
import type { JsonValue } from '../../src/model/json.ts';
import { setUpApply } from '../support/set-up-apply.ts';
import type { StoreUnderTest } from './store.contract.ts';

const entity = { type: 'customer', id: 'cus_1' };

/** The guarded write of one event. */
export function storeApplyContract(subject: StoreUnderTest): void {
  describe('applying an event', () => {
    it('writes a new record and remembers the event', async () => {
      const { store, apply, source } = setUpApply(subject);
      const result = await apply({ incoming: { version: '7', sourceTime: '2026-01-02T03:04:05.678Z' } });
      expect(result).toEqual({
        kind: 'done',
        outcome: 'applied',
        previous: null,
        pending: [],
        deadLetterOpen: false,
        handedOnAs: '7',
      });
      expect(await store.findRecord(source, entity)).toEqual({
        source,
        entity,
        version: '7',
        sourceTime: '2026-01-02T03:04:05.678Z',
        deleted: false,
        deletionAnnounced: false,
        revision: 1,
        data: { name: 'Ada' },
        lastEventId: 'evt_1',
      });
      expect(await store.findEvent(source, 'evt_1')).toMatchObject({ outcome: 'applied', complete: true });
      expect(await store.countEvents()).toContainEqual({ source, outcome: 'applied', count: 1 });
      expect(await store.lookUp(source, 'evt_1', entity)).toMatchObject({
        processed: { eventId: 'evt_1', bodySha256: 'b0d1' },
        revision: 1,
      });
      expect(await store.lookUp(source, 'evt_2', { ...entity, id: 'cus_2' })).toEqual({
        processed: null,
        revision: 0,
        goesOnWith: null,
      });
    });

    it('writes a newer version and names the one before', async () => {
      const { store, apply, source } = setUpApply(subject);
      await apply({ incoming: { version: '9' } });
      const result = await apply({ eventId: 'evt_2', incoming: { version: '10', data: { name: 'Bo' } } });
      expect(result).toMatchObject({ outcome: 'applied', previous: { version: '9', sourceTime: null } });
      expect(await store.findRecord(source, entity)).toMatchObject({ version: '10', revision: 2 });
    });

    it('leaves an older version alone and says so', async () => {
      const { store, apply, source } = setUpApply(subject);
      await apply({ incoming: { version: '10' } });
      const result = await apply({
        eventId: 'evt_2',
        destinations: ['crm'],
        incoming: { version: '9', data: { name: 'Old' } },
      });
      expect(result).toMatchObject({ outcome: 'stale', previous: { version: '10' }, pending: [] });
      expect(await store.findRecord(source, entity)).toMatchObject({ data: { name: 'Ada' }, revision: 1 });
      expect(await store.findEvent(source, 'evt_2')).toMatchObject({ outcome: 'stale', complete: true });
    });

    it('finds equal content unchanged whatever the order of its keys', async () => {
      const { apply } = setUpApply(subject);
      await apply({ incoming: { data: { a: 1, b: { c: [1, 2], d: null } } } });
      const same = { data: { b: { d: null, c: [1, 2] }, a: 1 }, basis: 0 };
      expect(await apply({ eventId: 'evt_2', incoming: same })).toMatchObject({ outcome: 'unchanged' });
      const other = { data: { a: 1, b: { c: [2, 1], d: null } }, basis: 1 };
      expect(await apply({ eventId: 'evt_3', incoming: other })).toMatchObject({ outcome: 'applied' });
    });

    it('asks for a fresh read where a tie was read before our copy was written, and then writes nothing', async () => {
      const { store, apply, source } = setUpApply(subject);
      const sourceTime = '2026-01-01T00:00:00.000Z';
      await apply({ incoming: { sourceTime } });
      const tie = { sourceTime, data: { name: 'Bo' } };
      expect(await apply({ eventId: 'evt_2', incoming: { ...tie, basis: 0 } })).toEqual({
        kind: 'refetch',
        revision: 1,
      });
      expect(await store.findEvent(source, 'evt_2')).toBeNull();
      expect(await store.findRecord(source, entity)).toMatchObject({ data: { name: 'Ada' }, revision: 1 });
      expect(await apply({ eventId: 'evt_2', incoming: { ...tie, basis: 1 } })).toMatchObject({
        outcome: 'applied',
      });
    });

    it('asks for a fresh read also where another one has confirmed our copy meanwhile', async () => {
      const { store, apply, source } = setUpApply(subject);
      await apply({ incoming: { data: 'a' } });
      expect(await apply({ eventId: 'evt_3', incoming: { data: 'a', basis: 1 } })).toMatchObject({
        outcome: 'unchanged',
      });
      const cameAndWent = { data: 'b', basis: 1 };
      expect(await apply({ eventId: 'evt_2', incoming: cameAndWent })).toEqual({
        kind: 'refetch',
        revision: 2,
      });
      expect(await store.findRecord(source, entity)).toMatchObject({ data: 'a', revision: 2 });
    });

    it('keeps a tombstone of what is gone, which a late update cannot revive', async () => {
      const { store, apply, source } = setUpApply(subject);
      await apply({ incoming: { version: '1' } });
      const gone = { version: '3', data: null, deleted: true, deletionAnnounced: true, basis: 1 };
      expect(await apply({ eventId: 'evt_3', incoming: gone })).toMatchObject({ outcome: 'deleted' });
      const late = { version: '2', data: { name: 'Late' }, fetched: false, basis: null };
      expect(await apply({ eventId: 'evt_2', incoming: late })).toMatchObject({ outcome: 'stale' });
      expect(await store.findRecord(source, entity)).toMatchObject({
        deleted: true,
        data: null,
        version: '3',
      });
      expect(await apply({ eventId: 'evt_4', incoming: { ...gone, basis: 2 } })).toMatchObject({
        outcome: 'unchanged',
      });
    });

    it('keeps a tombstone also of what was never known', async () => {
      const { store, apply, source } = setUpApply(subject);
      const gone = { data: null, deleted: true, destinations: ['crm'] };
      expect(await apply({ incoming: gone })).toMatchObject({ outcome: 'deleted', previous: null });
      expect(await store.findRecord(source, entity)).toMatchObject({ deleted: true, revision: 1 });
    });

    it.each<[string, JsonValue]>([
      ['NUL', { 'a\u0000b': 'x\u0000y' }],
      ['half a surrogate pair', { name: '\ud83d', '\udc00': [1] }],
      ['the text of a number', '5'],
      ['the text of JSON', '{"a":1}'],
      ['a bare list', [1, [], {}]],
      ['a key named __proto__', JSON.parse('{"__proto__":{"a":1}}')],
      ['large and small numbers', { large: 1e300, small: -1.5e-7, zero: -0 }],
      ['an empty object', {}],
      ['nothing but null', null],
    ])('keeps a record with %s as it is, and knows it again', async (_, data) => {
      const { store, apply, source } = setUpApply(subject);
      await apply({ incoming: { data } });
      const kept = await store.findRecord(source, entity);
      expect(JSON.stringify(kept?.data)).toBe(JSON.stringify(data));
      expect(await apply({ eventId: 'evt_2', incoming: { data } })).toMatchObject({ outcome: 'unchanged' });
    });

    it('lists records in the order of type and id, tombstones included, page by page', async () => {
      const { store, apply, source } = setUpApply(subject);
      const ids = ['b', 'B', 'a', 'ä', 'a-1'];
      for (const id of ids) {
        await apply({
          eventId: id,
          incoming: { entity: { type: 'x', id }, deleted: id === 'a', data: null },
        });
      }
      await apply({ eventId: 'evt_w', incoming: { entity: { type: 'w', id: 'z' } } });
      const first = await store.listRecords(source, null, 4);
      const rest = await store.listRecords(source, first.at(-1)?.entity ?? null, 4);
      const keys = [...first, ...rest].map((record) => `${record.entity.type}/${record.entity.id}`);
      expect(keys).toEqual(['w/z', 'x/B', 'x/a', 'x/a-1', 'x/b', 'x/ä']);
      expect(first[2]?.deleted).toBe(true);
    });
  });
}
