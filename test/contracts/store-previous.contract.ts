import { describe, expect, it } from 'vitest';
import type { IncomingRecord } from '../../src/model/record.ts';
import type { KeptCopy, Store } from '../../src/store/store.ts';
import type { buildApply } from '../support/build-apply.ts';
import { setUpApply } from '../support/set-up-apply.ts';
import type { StoreUnderTest } from './store.contract.ts';

const handler = 'handler:plan';
const told = { destinations: ['crm', handler], toldPrevious: [handler] };
const version = (count: number): Partial<IncomingRecord> => ({
  version: String(count),
  data: { plan: `plan ${count}` },
  basis: count - 1,
});
const copyOf = (count: number): KeptCopy => ({
  copy: { version: String(count), sourceTime: null, data: { plan: `plan ${count}` }, deleted: false },
});

/** What our copy was before an event, kept until its handlers have had it. */
export function storePreviousContract(subject: StoreUnderTest): void {
  describe('what our copy was before an event', () => {
    /** A store with the record in version 1, and the event `evt_1` of version 2 applied, as a run asks for it. */
    async function setUp(parts: Parameters<typeof buildApply>[0] = {}) {
      const { store, source, apply } = setUpApply(subject);
      await apply({ eventId: 'evt_0', incoming: version(1) });
      const first = { ...told, runId: 'run-1', incoming: version(2), ...parts };
      await apply(first);
      const kept = async () => (await store.lookUpHandOn(source, 'evt_1', handler)).previous;
      return { store, source, apply, first, kept };
    }

    it('is kept where a handler waits, and only there', async () => {
      expect(await (await setUp()).kept()).toEqual(copyOf(1));
      expect(await (await setUp({ toldPrevious: [] })).kept()).toBeNull();
      expect(await (await setUp({ destinations: ['crm'] })).kept()).toBeNull();
    });

    it('is nothing for a record that we had no copy of, and a tombstone for one that was deleted', async () => {
      const { store, source, apply } = setUpApply(subject);
      await apply({ ...told, incoming: version(1) });
      expect((await store.lookUpHandOn(source, 'evt_1', handler)).previous).toEqual({ copy: null });
      const gone = { version: '2', data: null, deleted: true, deletionAnnounced: true, basis: 1 };
      await apply({ eventId: 'evt_2', incoming: gone });
      await apply({ ...told, eventId: 'evt_3', incoming: version(3) });
      expect((await store.lookUpHandOn(source, 'evt_3', handler)).previous).toEqual({
        copy: { version: '2', sourceTime: null, data: null, deleted: true },
      });
    });

    it('is the same for a run that asks again, and for another one that goes on with our copy', async () => {
      const { apply, first, kept } = await setUp();
      await apply(first);
      expect(await kept()).toEqual(copyOf(1));
      const ours = { ...version(2), fetched: false, ours: true, basis: null } as const;
      expect(await apply({ ...first, runId: 'run-2', incoming: ours })).toMatchObject({
        outcome: 'unchanged',
      });
      expect(await kept()).toEqual(copyOf(1));
    });

    it('is that of before the first write, though another event or a replay has written the record since', async () => {
      const { store, source, apply, first, kept } = await setUp();
      await apply({ eventId: 'evt_2', incoming: version(3) });
      await store.markDeadLettered({
        source,
        eventId: 'evt_1',
        workflowId: 'w',
        runId: 'run-1',
        bodySha256: 'x',
      });
      const replay = { ...first, runId: 'run-2', incoming: version(4) };
      expect(await apply(replay)).toMatchObject({ outcome: 'applied', pending: told.destinations });
      expect(await kept()).toEqual(copyOf(1));
    });

    it('is forgotten when all have had the event, and then it is kept anew for a repair', async () => {
      const { store, source, apply, first, kept } = await setUp();
      const mark = { source, eventId: 'evt_1', destinations: told.destinations, idempotencyKey: 'key' };
      await store.markDelivered({ ...mark, destination: handler });
      expect(await kept()).toEqual(copyOf(1));
      expect(await store.lookUpHandOn(source, 'evt_1', handler)).toMatchObject({ deliveredAs: 'key' });
      expect(await store.lookUpHandOn(source, 'evt_1', 'crm')).toMatchObject({ deliveredAs: null });
      await store.markDelivered({ ...mark, destination: 'crm' });
      expect(await kept()).toBeNull();
      await apply({ ...first, repair: true, runId: 'run-2', incoming: version(3) });
      expect(await kept()).toEqual(copyOf(2));
    });

    it('is forgotten when the event is discarded', async () => {
      const { store, source, kept } = await setUp();
      await store.closeDeadLetter(source, 'evt_1', 'discarded');
      expect(await kept()).toBeNull();
    });

    it('is found for an event whose row is older than it claims to be', async () => {
      const { store, source } = await setUp();
      const later = new Date(Date.now() + 400 * 86_400_000).toISOString();
      expect(await store.lookUpHandOn(source, 'evt_1', handler, later)).toMatchObject({
        previous: copyOf(1),
      });
      expect(await lookUpNobody(store, source)).toEqual({ previous: null, deliveredAs: null });
    });
  });
}

function lookUpNobody(store: Store, source: string) {
  return store.lookUpHandOn(source, 'evt_nobody', handler);
}
