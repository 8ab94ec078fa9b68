import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type BulkKind,
  bulkMark,
  describeCounts,
  describeFilter,
  findMistake,
  longestBulkReason,
  noLetters,
  paceOf,
  readAnswer,
  takenBy,
  toldOf,
  totalOf,
} from '../../../src/model/bulk.ts';
import type { DeadLetterEntry, DeadLetterState } from '../../../src/model/dead-letter.ts';

const id = 'bulk:replay:monday';
const line = (what: DeadLetterEntry['what'], text: string): DeadLetterEntry => ({
  at: '2026-11-01T00:00:00.000Z',
  what,
  text,
});
const ours = (kind: BulkKind) => line(kind, `ada: the vendor is back ${bulkMark(id)}`);
const answer = (kind: BulkKind, status: DeadLetterState['status'], ...audit: DeadLetterEntry[]) =>
  readAnswer({ status, audit: [line('opened', 'fetchRecord failed'), ...audit] }, kind, id);

describe('the answer of a dead letter to a bulk action', () => {
  test('is not there before the case has obeyed, nor while it replays', () => {
    expect(answer('replay', 'open')).toBeNull();
    expect(answer('replay', 'replaying', line('replay', 'bob: on his own'))).toBeNull();
    expect(answer('replay', 'replaying', ours('replay'))).toBeNull();
    expect(answer('discard', 'open', line('failed', 'before it was asked'))).toBeNull();
  });

  test('is what comes behind its own line, not what others were answered', () => {
    const earlier = [line('replay', 'bob: on his own'), line('failed', 'the vendor was down')];
    expect(answer('replay', 'replaying', ...earlier, ours('replay'))).toBeNull();
    expect(answer('replay', 'resolved', ...earlier, ours('replay'), line('resolved', 'replayed'))).toEqual({
      status: 'done',
      result: 'replayed',
    });
    const failed = answer('replay', 'open', ours('replay'), line('failed', 'down'), line('reminder', '4 h'));
    expect(failed).toEqual({ status: 'failed', result: 'down' });
    expect(answer('replay', 'open', ours('replay'), line('refused', 'it runs'))).toEqual({
      status: 'failed',
      result: 'it runs',
    });
  });

  test('to an investigation is its own line; to a discard, that it is closed', () => {
    expect(answer('investigate', 'investigating', ours('investigate'))).toMatchObject({ status: 'done' });
    expect(answer('discard', 'open', ours('discard'))).toBeNull();
    expect(answer('discard', 'discarded', ours('discard'), line('resolved', 'discarded'))).toEqual({
      status: 'done',
      result: 'discarded',
    });
  });

  test('is that it was closed before its turn, where somebody else was first', () => {
    expect(answer('replay', 'discarded', line('discard', 'bob'), line('resolved', 'by bob'))).toEqual({
      status: 'skipped',
      result: 'closed before its turn: by bob',
    });
    const otherKind = answer('replay', 'resolved', ours('discard'), line('resolved', 'discarded'));
    expect(otherKind).toMatchObject({ status: 'skipped' });
  });
});

test('the pace is kept within a batch, whatever it is, and a batch stays small', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 6_000 }), (perMinute) => {
      const { batch, milliseconds } = paceOf(perMinute);
      expect(batch).toBeGreaterThanOrEqual(1);
      expect(batch).toBeLessThanOrEqual(50);
      expect((batch * 60_000) / milliseconds).toBeLessThanOrEqual(perMinute);
      // And not needlessly slower: the rounding costs less than a percent.
      expect((batch * 60_000) / milliseconds).toBeGreaterThan(perMinute * 0.99);
    }),
  );
  expect(paceOf(60)).toEqual({ batch: 10, milliseconds: 10_000 });
  expect(paceOf(1)).toEqual({ batch: 1, milliseconds: 60_000 });
});

test('counts and filters are said in words', () => {
  const counts = { ...noLetters(), done: 3, failed: 1, asked: 2, waiting: 4 };
  expect(totalOf(counts)).toBe(10);
  expect(toldOf(counts)).toBe(6);
  expect(describeCounts(counts)).toBe('3 done, 1 failed, 2 under way, 4 wait');
  expect(describeCounts({ ...noLetters(), skipped: 1, left: 2 })).toBe(
    '0 done, 0 failed, 1 skipped, 2 left alone',
  );
  expect(describeFilter({})).toBe('all open dead letters');
  expect(describeFilter({ source: 'stripe', type: 'customer.*', error: 'LANDFALL_VENDOR_REFUSED' })).toBe(
    'source stripe, type customer.*, error LANDFALL_VENDOR_REFUSED',
  );
});

describe('what a bulk action is begun with', () => {
  const input = {
    ...({ kind: 'replay', filter: {}, by: 'ada', reason: 'the vendor is back' } as const),
    ...{ atMost: null, canary: 5, perMinute: 60, includeNew: false },
  };

  test('is sound as the command line makes it', () => {
    expect(findMistake(input)).toBeNull();
    expect(findMistake({ ...input, kind: 'investigate', owner: 'bob' })).toBeNull();
    expect(findMistake({ ...input, atMost: 1, canary: 0, perMinute: 0.5 })).toBeNull();
  });

  test.each([
    [{ kind: 'forget' as 'replay' }, '"kind" must be one of replay, discard, investigate.'],
    [{ by: ' ' }, 'It needs "by"'],
    [{ reason: '' }, 'It needs "reason"'],
    [{ reason: 'x'.repeat(longestBulkReason + 1) }, 'in 1500 characters at most'],
    [{ kind: 'investigate' as const }, 'It needs "owner"'],
    [{ owner: 'bob' }, 'and only then'],
    [{ canary: -1 }, '"canary" must be'],
    [{ canary: 1.5 }, '"canary" must be'],
    [{ perMinute: 0 }, '"perMinute" must be'],
    [{ perMinute: Number.NaN }, '"perMinute" must be'],
    [{ atMost: 0 }, '"atMost" must be'],
  ])('is told what is wrong with %j', (more, mistake) => {
    expect(findMistake({ ...input, ...more })).toContain(mistake);
  });

  test('letters that were skipped are not its own', () => {
    expect(takenBy({ ...noLetters(), waiting: 2, done: 1, skipped: 4 })).toBe(3);
  });
});
