import { describe, expect, it } from 'vitest';
import { describeBulk, exitCodeOfBulk, watchBulk } from '../../../src/cli/watch-bulk.ts';
import { TemporalUnavailableError, UnknownBulkActionError } from '../../../src/errors.ts';
import { noLetters } from '../../../src/model/bulk.ts';
import type { BulkView } from '../../../src/temporal/bulk-actions.ts';

const pause = { by: 'landfall', reason: '1 of the first 1 failed', at: '2026-11-01T00:00:00.000Z' };
const view = (more: Partial<BulkView>): BulkView => ({
  id: 'bulk:replay:monday',
  input: {
    ...{ kind: 'replay', filter: {}, by: 'ada', reason: 'why' },
    ...{ atMost: null, canary: 1, perMinute: 60, includeNew: false },
  },
  ...{ phase: 'rest', startedAt: '2026-11-01T00:00:00.000Z', cursor: null, allowed: 1, nextAt: 0 },
  ...{ counts: noLetters(), paused: null, cancelled: null, failures: [], auditId: null, status: 'rest' },
  ...more,
});
/** Answers one after the other, the last one again and again. */
const answering = (...answers: (BulkView | Error)[]) => ({
  show: () => {
    const [next] = answers.length > 1 ? answers.splice(0, 1) : answers;
    return next instanceof Error || next === undefined
      ? Promise.reject(next ?? new Error())
      : Promise.resolve(next);
  },
});

describe('a bulk action that is watched', () => {
  it('is waited for until it is over, also while no worker answers', async () => {
    const ended = view({ phase: 'ended', counts: { ...noLetters(), done: 2 }, status: 'done' });
    const bulk = answering(view({}), new TemporalUnavailableError('No worker answers.'), ended);
    expect(await watchBulk(bulk, ended.id)).toBe(ended);
    expect(exitCodeOfBulk(ended)).toBe(0);
  });

  it('is no longer waited for where it waits for somebody, once those that were asked have answered', async () => {
    const asked = view({ paused: pause, counts: { ...noLetters(), asked: 1, waiting: 1 }, status: 'paused' });
    const paused = view({
      paused: pause,
      counts: { ...noLetters(), failed: 1, waiting: 1 },
      status: 'paused',
    });
    expect(await watchBulk(answering(asked, paused), paused.id)).toBe(paused);
    expect(exitCodeOfBulk(paused)).toBe(1);
    expect(describeBulk(paused)).toBe(
      [
        'bulk:replay:monday: paused, 0 done, 1 failed, 1 wait',
        'paused by landfall at 2026-11-01T00:00:00.000Z: 1 of the first 1 failed',
        'go on with the others: landfall bulk resume bulk:replay:monday --by … --reason …',
        'leave them alone: landfall bulk cancel bulk:replay:monday --by … --reason …',
      ].join('\n'),
    );
  });

  it('that somebody terminated is no longer waited for, and is not done', async () => {
    const terminated = view({ counts: { ...noLetters(), done: 1, waiting: 1 }, status: 'terminated' });
    expect(await watchBulk(answering(terminated), terminated.id)).toBe(terminated);
    expect(exitCodeOfBulk(terminated)).toBe(1);
    expect(describeBulk(terminated)).toBe('bulk:replay:monday: terminated, 1 done, 0 failed, 1 wait');
  });

  it('that does not exist is not waited for', async () => {
    const unknown = new UnknownBulkActionError('There is no bulk action bulk:replay:monday.');
    await expect(watchBulk(answering(unknown), 'bulk:replay:monday')).rejects.toBe(unknown);
  });
});
