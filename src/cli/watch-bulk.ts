import { setTimeout as wait } from 'node:timers/promises';
import { LandfallError } from '../errors.ts';
import { describeCounts, toldOf, totalOf } from '../model/bulk.ts';
import { deadLetterWorkflowId } from '../model/ids.ts';
import type { BulkActions, BulkView } from '../temporal/bulk-actions.ts';
import { exitCodes } from './exit-codes.ts';
import { oneLine } from './one-line.ts';
import { type Progress, withProgress } from './progress.ts';

const pollMilliseconds = 1_000;
/** So long a bulk action may not answer, as while the workers are restarted. */
const patienceMilliseconds = 120_000;

/**
 * Waits until a bulk action is over, or is paused and waits for somebody, with a progress bar on a terminal.
 * @throws UnknownBulkActionError, TemporalUnavailableError where it does not answer for two minutes
 */
export function watchBulk(bulk: Pick<BulkActions, 'show'>, id: string): Promise<BulkView> {
  let last: BulkView | null = null;
  const follow = async () => {
    let answered = Date.now();
    for (;;) {
      try {
        last = await bulk.show(id);
        answered = Date.now();
        if (isSettled(last)) return last;
      } catch (error) {
        const passes = error instanceof LandfallError && error.retryable;
        if (!passes || Date.now() - answered > patienceMilliseconds) throw error;
      }
      await wait(pollMilliseconds);
    }
  };
  return withProgress(follow(), () => Promise.resolve(last === null ? null : progressOf(last)));
}

function isSettled({ phase, paused, counts, status }: BulkView): boolean {
  return phase === 'ended' || isEndedFromOutside(status) || (paused !== null && counts.asked === 0);
}

function isEndedFromOutside(status: string): boolean {
  return ['terminated', 'timed_out'].includes(status);
}

function progressOf({ phase, counts }: BulkView): Progress {
  // Nobody knows how many there are before all are found.
  if (phase === 'finding') return { done: 0, total: null, text: `${totalOf(counts)} found so far` };
  const { done, failed, skipped, left } = counts;
  return {
    done: done + failed + skipped + left,
    total: totalOf(counts),
    text: `${phase === 'canary' ? 'canary: ' : ''}${describeCounts(counts)}`,
  };
}

/** What came of a bulk action, for people: its counts, the newest failures, and what can be done where it waits. */
export function describeBulk({ id, counts, failures, paused, cancelled, phase, status }: BulkView): string {
  return [
    `${id}: ${status}, ${describeCounts(counts)}`,
    ...(paused === null ? [] : [`paused by ${paused.by} at ${paused.at}: ${paused.reason}`]),
    ...(cancelled === null ? [] : [`cancelled by ${cancelled.by} at ${cancelled.at}: ${cancelled.reason}`]),
    ...failures.map(({ source, eventId, result }) => `  ${deadLetterWorkflowId(source, eventId)}: ${result}`),
    ...(toldOf(counts) + counts.skipped === 0 || phase !== 'ended'
      ? []
      : [`what came of each: landfall bulk results ${id}`]),
    ...(phase === 'ended' || paused === null || isEndedFromOutside(status)
      ? []
      : [
          `go on with the others: landfall bulk resume ${id} --by … --reason …`,
          `leave them alone: landfall bulk cancel ${id} --by … --reason …`,
        ]),
  ]
    .map(oneLine)
    .join('\n');
}

/** Whether all that it was to do is done: what a script goes by. */
export function exitCodeOfBulk({ phase, counts, cancelled }: BulkView): number {
  return phase === 'ended' && counts.failed === 0 && cancelled === null ? exitCodes.done : exitCodes.failed;
}
