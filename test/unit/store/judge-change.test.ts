import { expect, it } from 'vitest';
import { judgeChange } from '../../../src/store/judge-change.ts';
import type { ComparableChange } from '../../../src/store/store.ts';

const t1 = '2026-01-01T00:00:01.000Z';
const t2 = '2026-01-01T00:00:02.000Z';
const none = { version: null, sourceTime: null };
const alive = { ...none, deleted: false };
const gone = { ...none, deleted: true };
const evt = { id: 'evt_1', type: 'customer.updated' };
const processed = { outcome: 'applied' as const, complete: true, deadLetterOpen: false };

function change(parts: Partial<ComparableChange> = {}): ComparableChange {
  return { entity: { type: 'customer', id: 'cus_1' }, ...none, deleted: false, event: null, ...parts };
}

it.each<[string, Parameters<typeof judgeChange>, ReturnType<typeof judgeChange>]>([
  ['a record without a copy', [change(), null, null], 'missing'],
  ['a record without a copy, whose event is done', [change({ event: evt }), null, processed], 'missing'],
  ['a deletion of what was never known', [change({ deleted: true }), null, null], null],
  ['a newer version', [change({ version: '10' }), { ...alive, version: '9' }, null], 'stale'],
  [
    'a newer version whose event is done',
    [change({ version: '10', event: evt }), { ...alive, version: '9' }, processed],
    'stale',
  ],
  ['an older version', [change({ version: '9' }), { ...alive, version: '10' }, null], null],
  ['an older deletion', [change({ version: '9', deleted: true }), { ...alive, version: '10' }, null], null],
  ['the same version', [change({ version: '9', event: evt }), { ...alive, version: '9' }, null], null],
  ['the same time', [change({ sourceTime: t1 }), { ...alive, sourceTime: t1 }, null], null],
  [
    'the same time, but an event that never came',
    [change({ sourceTime: t1, event: evt }), { ...alive, sourceTime: t1 }, null],
    'stale',
  ],
  [
    'the same time, and an event that is done',
    [change({ sourceTime: t1, event: evt }), { ...alive, sourceTime: t1 }, processed],
    null,
  ],
  [
    'a deletion at the same time as our living copy',
    [change({ sourceTime: t1, deleted: true }), { ...alive, sourceTime: t1 }, null],
    'stale',
  ],
  [
    'a change of what is deleted here at the same time',
    [change({ sourceTime: t1 }), { ...gone, sourceTime: t1 }, null],
    null,
  ],
  [
    'a later time than our tombstone',
    [change({ sourceTime: t2 }), { ...gone, sourceTime: t1 }, null],
    'stale',
  ],
  ['an unversioned record', [change(), alive, null], null],
  ['an unversioned record that is a tombstone here', [change(), gone, null], 'stale'],
  ['an unversioned deletion of a tombstone', [change({ deleted: true, event: evt }), gone, null], null],
  ['a version where our copy has none', [change({ version: '1' }), alive, null], 'stale'],
  ['an unversioned event that never came', [change({ event: evt }), alive, null], 'stale'],
  [
    'an unversioned event that is not done',
    [change({ event: evt }), alive, { ...processed, complete: false }],
    'stale',
  ],
  ['an unversioned event that is done', [change({ event: evt }), gone, processed], null],
  [
    'an event with an open dead letter',
    [change({ event: evt }), null, { ...processed, complete: false, deadLetterOpen: true }],
    null,
  ],
  ['a discarded event', [change({ event: evt }), null, { ...processed, outcome: 'discarded' }], null],
])('%s', (_, [listed, local, event], verdict) => {
  expect(judgeChange(listed, local, event)).toBe(verdict);
});
