import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { EntityRef } from '../../src/model/event.ts';
import { guard, type IncomingRecord, type LocalRecord } from '../../src/model/record.ts';
import type { RecordVersion } from '../../src/model/version.ts';

/** How a vendor counts the changes of a record. */
type Versioning =
  | 'versions'
  | 'versions, but deletions without one'
  | 'one-second timestamps'
  | 'one-second timestamps, but deletions without one'
  | 'nothing';

/** What happens next: the vendor changes its record, or the event of an earlier change goes one step on. */
type Change = { kind: 'create' | 'update' | 'delete'; sameSecond: boolean; content: string };
type Step = Change | { kind: 'event'; event: number };

interface VendorRecord {
  data: string;
  version: RecordVersion;
}

interface PendingEvent {
  announced: RecordVersion;
  deletes: boolean;
  fetched: IncomingRecord | null;
}

const entity: EntityRef = { type: 'customer', id: 'cus_1' };
const unversioned: RecordVersion = { version: null, sourceTime: null };

/** One vendor with one record, and our copy of it, moved by hand one step at a time. */
function createWorld(versioning: Versioning) {
  let record: VendorRecord | null = null;
  let changes = 0;
  let second = 0;
  let local: (LocalRecord & { data: string | null }) | null = null;
  let refetches = 0;
  const events: PendingEvent[] = [];

  function nextVersion(sameSecond: boolean): RecordVersion {
    changes += 1;
    if (!sameSecond) second += 1;
    if (versioning.startsWith('versions')) return { version: String(changes), sourceTime: null };
    if (versioning === 'nothing') return unversioned;
    return { version: null, sourceTime: new Date(Date.UTC(2026, 0, 1) + second * 1000).toISOString() };
  }

  function change({ kind, sameSecond, content }: Change): void {
    if ((kind === 'create') === (record !== null)) return;
    // Made again under its id within the second of its deletion, a record cannot be told from a late read of the deleted
    // one, and the guard takes it for that: vendors do answer late, and do not use an id again.
    const version = nextVersion(sameSecond && kind !== 'create');
    record = kind === 'delete' ? null : { data: content, version };
    const silent = kind === 'delete' && versioning.endsWith('without one');
    events.push({ announced: silent ? unversioned : version, deletes: kind === 'delete', fetched: null });
  }

  function fetch(event: PendingEvent): IncomingRecord {
    const basis = local?.revision ?? 0;
    const common = { entity, fetched: true, basis };
    return record === null
      ? { ...common, ...event.announced, data: null, deleted: true, deletionAnnounced: event.deletes }
      : { ...common, ...record.version, data: record.data, deleted: false, deletionAnnounced: false };
  }

  function apply(incoming: IncomingRecord): 'done' | 'refetch' {
    const data = typeof incoming.data === 'string' ? incoming.data : null;
    const same = local !== null && local.deleted === incoming.deleted && local.data === data;
    const decision = guard(local, incoming, same);
    if (decision.kind === 'refetch') return 'refetch';
    if (decision.kind === 'write') {
      const { deleted, deletionAnnounced } = incoming;
      local = { ...decision.version, deleted, deletionAnnounced, data, revision: (local?.revision ?? 0) + 1 };
    } else if (decision.kind === 'unchanged' && decision.confirms && local !== null) {
      local = { ...local, revision: local.revision + 1 };
    }
    return 'done';
  }

  /** One step of an event: its fetch, or its write. */
  function advance(index: number): void {
    const event = events[index];
    if (event === undefined) return;
    if (event.fetched === null) {
      event.fetched = fetch(event);
    } else if (apply(event.fetched) === 'done') {
      events.splice(index, 1);
    } else {
      refetches += 1;
      event.fetched = null;
    }
  }

  return {
    take(step: Step): void {
      if (step.kind === 'event') advance(events.length === 0 ? 0 : step.event % events.length);
      else change(step);
    },
    /** A delivery that comes again after its event was forgotten. */
    repeatOldest: (): void => {
      const [oldest] = events;
      if (oldest !== undefined) events.push({ ...oldest, fetched: null });
    },
    /** Lets every event come to its end, in the order that `pick` says; the vendor rests meanwhile. */
    settle(pick: readonly number[]): void {
      let turn = 0;
      for (; events.length > 0 && turn < 10_000; turn += 1) {
        advance((pick[turn % Math.max(1, pick.length)] ?? turn) % events.length);
        // A fixed choice can pass by the same event for ever; every other turn goes round.
        if (events.length > 0) advance(turn % events.length);
      }
      expect(events).toHaveLength(0);
    },
    refetches: () => refetches,
    vendor: () => ({ exists: record !== null, data: record?.data ?? null }),
    copy: () => ({ exists: local !== null && !local.deleted, data: local?.data ?? null }),
    local: () => local,
  };
}

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('event' as const), event: fc.nat(7) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constantFrom('create' as const, 'update' as const, 'update' as const, 'delete' as const),
      sameSecond: fc.boolean(),
      // Few, so that a record comes back to what it was.
      content: fc.constantFrom('a', 'b'),
    }),
  },
);
const steps = fc.array(step, { maxLength: 60 });
const picks = fc.array(fc.nat(7), { maxLength: 20 });

describe.each<Versioning>([
  'versions',
  'versions, but deletions without one',
  'one-second timestamps',
  'one-second timestamps, but deletions without one',
  'nothing',
])('our copy of a vendor that counts changes by %s', (versioning) => {
  it('ends as the vendor has it, however fetches and writes of its events interleave', () => {
    fc.assert(
      fc.property(steps, picks, (script, order) => {
        const world = createWorld(versioning);
        for (const each of script) world.take(each);
        world.settle(order);
        expect(world.copy()).toEqual(world.vendor());
      }),
      { numRuns: 5_000 },
    );
  });

  it('ends as the vendor has it when events come again, and when only the last one comes at all', () => {
    fc.assert(
      fc.property(steps, picks, fc.array(fc.boolean(), { maxLength: 60 }), (script, order, repeats) => {
        const world = createWorld(versioning);
        script.forEach((each, index) => {
          world.take(each);
          if (repeats[index] === true) world.repeatOldest();
        });
        world.settle(order);
        expect(world.copy()).toEqual(world.vendor());
      }),
      { numRuns: 5_000 },
    );
  });
});
