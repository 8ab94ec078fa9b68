import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { JsonValue } from '../../src/model/json.ts';
import type { ApplyInput, ApplyResult, Store } from '../../src/store/store.ts';
import { buildApply } from '../support/build-apply.ts';
import type { StoreUnderTest } from './store.contract.ts';

const entity = { type: 'customer', id: 'cus_1' };

/** The guarded write, its retries and its deliveries. */
export function storeApplyContract(subject: StoreUnderTest): void {
  describe('applying an event', () => {
    it('writes a new record and remembers the event', async () => {
      const { store, apply, source } = setUp(subject);
      const result = await apply({ incoming: { version: '7', sourceTime: '2026-01-02T03:04:05.678Z' } });
      expect(result).toEqual({
        kind: 'done',
        outcome: 'applied',
        previous: null,
        pending: [],
        deadLetterOpen: false,
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
      });
    });

    it('writes a newer version and names the one before', async () => {
      const { store, apply, source } = setUp(subject);
      await apply({ incoming: { version: '9' } });
      const result = await apply({ eventId: 'evt_2', incoming: { version: '10', data: { name: 'Bo' } } });
      expect(result).toMatchObject({ outcome: 'applied', previous: { version: '9', sourceTime: null } });
      expect(await store.findRecord(source, entity)).toMatchObject({ version: '10', revision: 2 });
    });

    it('leaves an older version alone and says so', async () => {
      const { store, apply, source } = setUp(subject);
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
      const { apply } = setUp(subject);
      await apply({ incoming: { data: { a: 1, b: { c: [1, 2], d: null } } } });
      const same = { data: { b: { d: null, c: [1, 2] }, a: 1 }, basis: 0 };
      expect(await apply({ eventId: 'evt_2', incoming: same })).toMatchObject({ outcome: 'unchanged' });
      const other = { data: { a: 1, b: { c: [2, 1], d: null } }, basis: 1 };
      expect(await apply({ eventId: 'evt_3', incoming: other })).toMatchObject({ outcome: 'applied' });
    });

    it('asks for a fresh read where a tie was read before our copy was written, and then writes nothing', async () => {
      const { store, apply, source } = setUp(subject);
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
      const { store, apply, source } = setUp(subject);
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
      const { store, apply, source } = setUp(subject);
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
      const { store, apply, source } = setUp(subject);
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
      const { store, apply, source } = setUp(subject);
      await apply({ incoming: { data } });
      const kept = await store.findRecord(source, entity);
      expect(JSON.stringify(kept?.data)).toBe(JSON.stringify(data));
      expect(await apply({ eventId: 'evt_2', incoming: { data } })).toMatchObject({ outcome: 'unchanged' });
    });

    it('lists records in the order of type and id, tombstones included, page by page', async () => {
      const { store, apply, source } = setUp(subject);
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

  describe('applying an event twice', () => {
    it('gives a run that asks again the same answer, though its first one was lost', async () => {
      const { store, apply, source } = setUp(subject);
      await apply({ eventId: 'evt_0', incoming: { version: '1' } });
      for (const destinations of [[], ['crm', 'search']]) {
        const eventId = `evt_with_${destinations.length}`;
        const version = String(2 + destinations.length);
        const input = { eventId, runId: 'run-1', destinations, incoming: { version } };
        const first = await apply(input);
        expect(first).toMatchObject({ outcome: 'applied', pending: destinations });
        expect(await apply(input)).toEqual(first);
      }
      expect(await store.findRecord(source, entity)).toMatchObject({ revision: 3 });
    });

    it('gives a run that deleted the record the same answer again', async () => {
      const { apply } = setUp(subject);
      const input = { runId: 'run-1', destinations: ['crm'], incoming: { data: null, deleted: true } };
      const first = await apply(input);
      expect(first).toMatchObject({ outcome: 'deleted', previous: null, pending: ['crm'] });
      expect(await apply(input)).toEqual(first);
    });

    it('calls it a duplicate when another run brings a complete event, whatever it fetched', async () => {
      const { store, apply, source } = setUp(subject);
      await apply({ incoming: { version: '1' } });
      const again = await apply({ destinations: ['crm'], incoming: { version: '2', basis: 1 } });
      expect(again).toMatchObject({ outcome: 'duplicate', previous: { version: '1' }, pending: [] });
      expect(await store.findRecord(source, entity)).toMatchObject({ version: '1' });
    });

    it('takes a repair through the guard though its event was processed', async () => {
      const { store, apply, source } = setUp(subject);
      await apply({ destinations: ['crm'], incoming: { version: '1' } });
      await deliver(store, source, 'crm');
      const repair = { repair: true, destinations: ['crm'], runId: 'run-2' };
      const newer = { ...repair, incoming: { version: '2', data: { name: 'Bo' }, basis: 1 } };
      expect(await apply(newer)).toMatchObject({ outcome: 'applied', pending: ['crm'] });
      expect(await store.findEvent(source, 'evt_1')).toMatchObject({ complete: false, runId: 'run-2' });
      await deliver(store, source, 'crm');
      const same = { ...repair, runId: 'run-3', incoming: { version: '2', data: { name: 'Bo' } } };
      expect(await apply(same)).toMatchObject({ outcome: 'unchanged', pending: [] });
    });

    it('hands a record that is written already to the destinations that have not had it', async () => {
      const { store, apply, source } = setUp(subject);
      const destinations = ['crm', 'search'];
      await apply({ destinations, incoming: { version: '1' } });
      await deliver(store, source, 'crm', destinations);
      expect(await store.findEvent(source, 'evt_1')).toMatchObject({ complete: false });
      const again = await apply({ destinations, incoming: { version: '1' } });
      expect(again).toMatchObject({ outcome: 'unchanged', pending: ['search'] });
      await deliver(store, source, 'search', destinations);
      await deliver(store, source, 'search', destinations);
      expect(await store.findEvent(source, 'evt_1')).toMatchObject({ complete: true });
      expect(await apply({ destinations })).toMatchObject({ outcome: 'duplicate', pending: [] });
    });

    it('hands a record that became newer meanwhile to every destination again', async () => {
      const { store, apply, source } = setUp(subject);
      const destinations = ['crm', 'search'];
      await apply({ destinations, incoming: { version: '1' } });
      await deliver(store, source, 'crm', destinations);
      const newer = { version: '2', data: { name: 'Bo' }, basis: 1 };
      expect(await apply({ destinations, incoming: newer })).toMatchObject({ pending: destinations });
    });
  });

  describe('applying at the same time', () => {
    it('applies one of 50 identical events and calls the others duplicates', async () => {
      const { store, apply, source } = setUp(subject);
      const results = await Promise.all(
        Array.from({ length: 50 }, () => apply({ incoming: { version: '1' } })),
      );
      expect(count(results)).toEqual({ applied: 1, duplicate: 49 });
      expect(await store.findRecord(source, entity)).toMatchObject({ revision: 1 });
    });

    it('writes once for 50 events of one record that all fetched the same', async () => {
      const { store, apply, source } = setUp(subject);
      const results = await Promise.all(Array.from({ length: 50 }, (_, i) => apply({ eventId: `evt_${i}` })));
      expect(count(results)).toEqual({ applied: 1, unchanged: 49 });
      expect(await store.findRecord(source, entity)).toMatchObject({ revision: 1 });
    });

    it('ends at the newest version of many events, each sent three times, in any order, without a deadlock', async () => {
      const { store } = setUp(subject);
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.record({ id: fc.nat(2), version: fc.nat(9) }), { minLength: 1, maxLength: 12 }),
          async (events) => {
            const source = subject.newSource();
            const asks = [0, 1, 2].flatMap(() =>
              events.map(({ id, version }, index) =>
                buildApply({
                  source,
                  eventId: `evt_${index}`,
                  incoming: {
                    entity: { type: 't', id: String(id) },
                    version: String(version),
                    data: { version },
                  },
                }),
              ),
            );
            const results = await Promise.all(asks.map((ask) => store.apply(ask)));
            expect(results.every((result) => result.kind === 'done')).toBe(true);
            expect(count(results)).toMatchObject({ duplicate: 2 * events.length });
            for (const record of await store.listRecords(source, null, 10)) {
              const versions = events.filter(({ id }) => String(id) === record.entity.id);
              const newest = Math.max(...versions.map(({ version }) => version));
              expect(record).toMatchObject({ version: String(newest), data: { version: newest } });
            }
          },
        ),
        { numRuns: 15 },
      );
    });
  });
}

function setUp(subject: StoreUnderTest): {
  store: Store;
  source: string;
  apply: (parts: Parameters<typeof buildApply>[0]) => Promise<ApplyResult>;
} {
  const store = subject.store();
  const source = subject.newSource();
  return { store, source, apply: (parts) => store.apply(buildApply({ source, ...parts })) };
}

async function deliver(
  store: Store,
  source: string,
  destination: string,
  destinations: ApplyInput['destinations'] = [destination],
): Promise<void> {
  await store.markDelivered({ source, eventId: 'evt_1', destination, destinations, idempotencyKey: 'key' });
}

function count(results: readonly ApplyResult[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const result of results) {
    const what = result.kind === 'done' ? result.outcome : result.kind;
    counts[what] = (counts[what] ?? 0) + 1;
  }
  return counts;
}
