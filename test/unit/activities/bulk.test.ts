import { randomUUID } from 'node:crypto';
import { MockActivityEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createBulkActivities } from '../../../activities/bulk.ts';
import type { ActivityDependencies, DeadLetterCases } from '../../../activities/dependencies.ts';
import { TemporalRefusedError, TemporalUnavailableError } from '../../../src/errors.ts';
import { bulkMark } from '../../../src/model/bulk.ts';
import type { DeadLetterRef, DeadLetterState } from '../../../src/model/dead-letter.ts';
import type { Store } from '../../../src/store/store.ts';
import { openTestStore } from '../../support/receiver.ts';

let store: Store;
beforeAll(async () => {
  store = await openTestStore();
}, 60_000);
afterAll(() => store.close());

const discarded = (...texts: string[]): DeadLetterState => {
  const audit = texts.map((text) => ({ at: '2026-11-01T00:00:00.000Z', what: 'discard' as const, text }));
  const closed = { at: '2026-11-01T00:00:00.000Z', what: 'resolved' as const, text: 'discarded' };
  return { status: 'discarded', audit: [...audit, closed] } as unknown as DeadLetterState;
};

type Bulk = ReturnType<typeof begin>;

/** A bulk action of a source of its own; its cases answer as the test says. */
function begin(cases: Partial<DeadLetterCases>) {
  const source = `shop-${randomUUID().slice(0, 8)}`;
  const bulkId = `bulk:discard:${source}`;
  const unused = () => Promise.reject(new Error('not asked'));
  const activities = createBulkActivities({
    store,
    cases: { find: unused, decide: unused, read: unused, ...cases },
    temporal: { describeRun: () => Promise.resolve('RUNNING') },
    logger: { warn: () => undefined },
  } as unknown as ActivityDependencies);
  const environment = () => new MockActivityEnvironment();
  return {
    bulkId,
    letters: (...ids: string[]): DeadLetterRef[] => ids.map((eventId) => ({ source, eventId })),
    find: (more: { atMost: number | null; cursor?: string | null }) =>
      environment().run(activities.findLetters, {
        ...{ bulkId, filter: { source }, cursor: null, pageSize: 2 },
        ...more,
      }),
    decide: (upTo: number) =>
      environment().run(activities.decideLetters, {
        ...{ bulkId, kind: 'discard' as const, upTo, waitMilliseconds: 0 },
        decision: { by: 'ada', reason: `test data ${bulkMark(bulkId)}` },
      }),
    statuses: async () => {
      const all = await store.listBulkLetters(bulkId, { limit: 100 });
      return Object.fromEntries(all.map(({ eventId, status }) => [eventId, status]));
    },
  };
}

test('a page that is found again after a crash adds no letter beyond the limit', async () => {
  const pages: number[] = [];
  const bulk: Bulk = begin({
    find: (_filter, { size }) => {
      pages.push(size);
      // As visibility may answer: others each time.
      const from = (pages.length - 1) * 2;
      const letters = bulk.letters(...[from, from + 1].slice(0, size).map(String));
      return Promise.resolve({ letters, nextCursor: 'more' });
    },
  });
  expect(await bulk.find({ atMost: 3 })).toMatchObject({ nextCursor: 'more', counts: { waiting: 2 } });
  expect(await bulk.find({ atMost: 3 })).toMatchObject({ nextCursor: 'more', counts: { waiting: 3 } });
  expect(await bulk.find({ atMost: 3 })).toMatchObject({ nextCursor: null, counts: { waiting: 3 } });
  expect(pages).toEqual([2, 1]);
});

test('letters that another bulk action has do not count towards the limit', async () => {
  const other = begin({});
  let found: DeadLetterRef[] = [];
  const bulk: Bulk = begin({ find: () => Promise.resolve({ letters: found, nextCursor: null }) });
  found = bulk.letters('a', 'b');
  await store.addBulkLetters(other.bulkId, bulk.letters('a'));
  expect(await bulk.find({ atMost: 1 })).toMatchObject({ counts: { waiting: 1, skipped: 1 } });
});

test('what was told before a crash, and is closed by that, is done and not skipped', async () => {
  const answers = new Map<string, DeadLetterState>();
  const told: string[] = [];
  const bulk: Bulk = begin({
    decide: ({ eventId }, _kind, decision) => {
      told.push(eventId);
      // The signal arrived, and closed the case; that it did was never written down.
      answers.set(eventId, discarded(eventId === 'b' ? 'bob: by hand' : `ada: ${decision.reason}`));
      return eventId === 'a' && told.length === 1
        ? Promise.reject(new TemporalUnavailableError('The connection broke.'))
        : Promise.resolve();
    },
    read: ({ eventId }) => Promise.resolve(answers.get(eventId) ?? null),
  });
  await store.addBulkLetters(bulk.bulkId, bulk.letters('a', 'b'));
  await expect(bulk.decide(2)).rejects.toThrow('The connection broke.');
  expect(await bulk.decide(2)).toMatchObject({ counts: { done: 1, skipped: 1, asked: 0 } });
  expect(await bulk.statuses()).toEqual({ a: 'done', b: 'skipped' });
});

test('tells no more than it may, however often it is carried out', async () => {
  const told: string[] = [];
  const bulk: Bulk = begin({
    decide: ({ eventId }) => {
      told.push(eventId);
      return Promise.resolve();
    },
    read: () => Promise.reject(new TemporalUnavailableError('No worker answers.')),
  });
  await store.addBulkLetters(bulk.bulkId, bulk.letters('a', 'b', 'c'));
  const once = await bulk.decide(2);
  expect(once).toMatchObject({ counts: { asked: 2, waiting: 1 } });
  expect(await bulk.decide(2)).toEqual(once);
  expect(told).toHaveLength(2);
});

test('one that Temporal refuses fails alone, and one that it has forgotten is skipped', async () => {
  const bulk: Bulk = begin({
    decide: ({ eventId }) =>
      eventId === 'a' ? Promise.reject(new TemporalRefusedError('Its history is full.')) : Promise.resolve(),
    read: () => Promise.resolve(null),
  });
  await store.addBulkLetters(bulk.bulkId, bulk.letters('a', 'b'));
  expect(await bulk.decide(10)).toMatchObject({
    counts: { failed: 1, skipped: 1 },
    failures: [{ eventId: 'a', result: 'Its history is full.' }],
  });
});
