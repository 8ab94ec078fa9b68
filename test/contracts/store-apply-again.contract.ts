import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ApplyResult } from '../../src/model/outcome.ts';
import type { IncomingRecord } from '../../src/model/record.ts';
import type { ApplyInput, Store, StoredRecord } from '../../src/store/store.ts';
import { buildApply } from '../support/build-apply.ts';
import { setUpApply } from '../support/set-up-apply.ts';
import type { StoreUnderTest } from './store.contract.ts';

const entity = { type: 'customer', id: 'cus_1' };

/** The guarded write asked for more than once: by a retry, by another run, by many at the same time. */
export function storeApplyAgainContract(subject: StoreUnderTest): void {
  describe('applying an event twice', () => {
    it('gives a run that asks again the same answer, though its first one was lost', async () => {
      const { store, apply, source } = setUpApply(subject);
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
      const { apply } = setUpApply(subject);
      const input = { runId: 'run-1', destinations: ['crm'], incoming: { data: null, deleted: true } };
      const first = await apply(input);
      expect(first).toMatchObject({ outcome: 'deleted', previous: null, pending: ['crm'] });
      expect(await apply(input)).toEqual(first);
    });

    it('calls it a duplicate when another run brings a complete event, whatever it fetched', async () => {
      const { store, apply, source } = setUpApply(subject);
      await apply({ incoming: { version: '1' } });
      const again = await apply({ destinations: ['crm'], incoming: { version: '2', basis: 1 } });
      expect(again).toMatchObject({ outcome: 'duplicate', previous: { version: '1' }, pending: [] });
      expect(await store.findRecord(source, entity)).toMatchObject({ version: '1' });
    });

    it('takes a repair through the guard though its event was processed', async () => {
      const { store, apply, source } = setUpApply(subject);
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
      const { store, apply, source } = setUpApply(subject);
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

    it('goes on with our copy under the first keys, since a destination may have had it', async () => {
      const { store, apply, source } = setUpApply(subject);
      const destinations = ['crm', 'search'];
      expect((await store.lookUp(source, 'evt_1', entity)).goesOnWith).toBeNull();
      await apply({ destinations, incoming: { version: '1' } });
      await deliver(store, source, 'crm', destinations);
      const newer = { version: '2', data: { name: 'Bo' }, basis: 1 };
      expect(await apply({ destinations, incoming: newer })).toEqual({ kind: 'refetch', revision: 1 });
      const { goesOnWith } = await store.lookUp(source, 'evt_1', entity);
      expect(goesOnWith).toMatchObject({ version: '1' });
      const again = await apply({ destinations, incoming: ours(goesOnWith) });
      expect(again).toMatchObject({ outcome: 'unchanged', pending: ['search'], handedOnAs: '1' });
    });

    it('goes on under the first keys though another event has written the record since', async () => {
      const { store, apply, source } = setUpApply(subject);
      const destinations = ['crm'];
      await apply({ destinations, incoming: { version: '1' } });
      const first = ours((await store.lookUp(source, 'evt_1', entity)).goesOnWith);
      await apply({ eventId: 'evt_2', incoming: { version: '2', basis: 1 } });
      expect(await apply({ destinations, incoming: first })).toMatchObject({ kind: 'refetch' });
      const { goesOnWith } = await store.lookUp(source, 'evt_1', entity);
      expect(goesOnWith).toMatchObject({ version: '2' });
      const again = await apply({ destinations, incoming: ours(goesOnWith) });
      expect(again).toMatchObject({ pending: destinations, handedOnAs: '1' });
    });

    it('takes a newer record for a dead letter’s replay and for a repair, under new keys', async () => {
      const { store, apply, source } = setUpApply(subject);
      const destinations = ['crm'];
      const newer = (version: string, basis: number) => ({ version, data: { version }, basis });
      await apply({ destinations, incoming: { version: '1' } });
      const repair = { destinations, repair: true, runId: 'run-2', incoming: newer('2', 1) };
      expect(await apply(repair)).toMatchObject({ pending: destinations, handedOnAs: '2' });
      const event = { source, eventId: 'evt_1', workflowId: 'w', runId: 'run-3', bodySha256: 'x' };
      await store.markDeadLettered(event);
      expect((await store.lookUp(source, 'evt_1', entity)).goesOnWith).toBeNull();
      const replay = { destinations, runId: 'run-3', incoming: newer('3', 2) };
      expect(await apply(replay)).toMatchObject({ pending: destinations, handedOnAs: '3' });
    });
  });

  describe('replaying a processed event', () => {
    const destinations = ['crm', 'search'];
    const replay = { again: true, destinations };

    it('hands it on again to all its destinations, though our copy is what the vendor has', async () => {
      const { store, apply, source } = setUpApply(subject);
      await apply({ destinations, incoming: { version: '1' } });
      for (const each of destinations) await deliver(store, source, each, destinations);
      const again = { ...replay, runId: 'run-2', incoming: { version: '1', basis: 1 } };
      const first = await apply(again);
      expect(first).toMatchObject({ outcome: 'unchanged', pending: destinations, handedOnAs: '1' });
      expect(await store.findEvent(source, 'evt_1')).toMatchObject({ complete: false, runId: 'run-2' });
      await deliver(store, source, 'crm', destinations);
      // The answer was lost, or the worker died: what the destination has by then stays.
      expect(await apply(again)).toMatchObject({ pending: ['search'] });
      await deliver(store, source, 'search', destinations);
      expect(await store.findEvent(source, 'evt_1')).toMatchObject({ complete: true });
      expect(await apply(again)).toMatchObject({ outcome: 'unchanged', pending: [] });
    });

    it('writes what has become newer at the vendor, and hands that on', async () => {
      const { store, apply, source } = setUpApply(subject);
      await apply({ destinations, incoming: { version: '1' } });
      for (const each of destinations) await deliver(store, source, each, destinations);
      const newer = { ...replay, incoming: { version: '2', data: { name: 'Bo' }, basis: 1 } };
      expect(await apply(newer)).toMatchObject({
        outcome: 'applied',
        pending: destinations,
        handedOnAs: '2',
      });
    });

    it('goes on with what it has left undone as any other event does', async () => {
      const { store, apply, source } = setUpApply(subject);
      await apply({ destinations, incoming: { version: '1' } });
      await deliver(store, source, 'crm', destinations);
      expect(await apply({ ...replay, incoming: { version: '1' } })).toMatchObject({ pending: ['search'] });
    });

    it('leaves what was discarded alone', async () => {
      const { store, apply, source } = setUpApply(subject);
      const event = { source, eventId: 'evt_1', workflowId: 'w', runId: 'run-1', bodySha256: 'x' };
      await store.markDeadLettered(event);
      await store.closeDeadLetter(source, 'evt_1', 'discarded');
      expect(await apply({ ...replay, runId: 'run-2' })).toMatchObject({ outcome: 'duplicate', pending: [] });
      expect(await store.findRecord(source, entity)).toBeNull();
    });

    it('never lets an old payload replace a copy that nothing says is older', async () => {
      const { store, apply, source } = setUpApply(subject);
      const payload = { fetched: false, basis: null };
      await apply({ incoming: { ...payload, data: { name: 'Ada' } } });
      await apply({ eventId: 'evt_2', incoming: { ...payload, data: { name: 'Bo' } } });
      const first = { ...replay, incoming: { ...payload, data: { name: 'Ada' } } };
      expect(await apply(first)).toMatchObject({ outcome: 'stale', pending: [] });
      const second = { ...replay, eventId: 'evt_2', incoming: { ...payload, data: { name: 'Bo' } } };
      expect(await apply(second)).toMatchObject({ outcome: 'unchanged', pending: destinations });
      expect(await store.findRecord(source, entity)).toMatchObject({ data: { name: 'Bo' } });
    });

    it('takes a payload where our copy is gone or older', async () => {
      const { store, apply, source } = setUpApply(subject);
      const payload = { fetched: false, basis: null };
      const lost = { ...replay, incoming: { ...payload, version: '2' } };
      expect(await apply(lost)).toMatchObject({ outcome: 'applied', pending: destinations });
      const older = {
        ...replay,
        eventId: 'evt_2',
        incoming: { ...payload, version: '1', data: { name: 'Bo' } },
      };
      expect(await apply(older)).toMatchObject({ outcome: 'stale' });
      expect(await store.findRecord(source, entity)).toMatchObject({ version: '2' });
    });
  });

  describe('applying at the same time', () => {
    it('applies one of 50 identical events and calls the others duplicates', async () => {
      const { store, apply, source } = setUpApply(subject);
      const results = await Promise.all(
        Array.from({ length: 50 }, () => apply({ incoming: { version: '1' } })),
      );
      expect(count(results)).toEqual({ applied: 1, duplicate: 49 });
      expect(await store.findRecord(source, entity)).toMatchObject({ revision: 1 });
    });

    it('writes once for 50 events of one record that all fetched the same', async () => {
      const { store, apply, source } = setUpApply(subject);
      const results = await Promise.all(Array.from({ length: 50 }, (_, i) => apply({ eventId: `evt_${i}` })));
      expect(count(results)).toEqual({ applied: 1, unchanged: 49 });
      expect(await store.findRecord(source, entity)).toMatchObject({ revision: 1 });
    });

    it('ends at the newest version of many events, each sent three times, in any order, without a deadlock', async () => {
      const { store } = setUpApply(subject);
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

function ours(record: StoredRecord | null): Partial<IncomingRecord> {
  if (record === null) throw new Error('There is nothing to go on with.');
  const { version, sourceTime, data } = record;
  return { version, sourceTime, data, fetched: false, ours: true, basis: null };
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
