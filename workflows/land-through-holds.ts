import { CancellationScope, isCancellation } from '@temporalio/workflow';
import type { FailureReport } from '../src/model/dead-letter.ts';
import { describeEntity } from '../src/model/event.ts';
import type { HoldAnswer } from '../src/model/hold.ts';
import type { Landed, LandingInput } from '../src/model/land-event.ts';
import type { RetrySettings } from '../src/model/retry.ts';
import { own, quickly } from './activity-options.ts';
import { failuresOf, mayPass } from './held-failures.ts';
import { landAtFirst } from './land-at-first.ts';
import type { LandingProgress } from './land-by-activities.ts';
import { waitForRelease } from './wait-for-release.ts';

const noHold: HoldAnswer = { held: false, askAfterMilliseconds: 0 };

/**
 * Lands an event. Where it fails as many others do, it waits for the end of the outage and begins anew; where it fails for
 * itself, its failure is thrown. After a hold it begins at the fetch, though it may have written the record before: what it
 * hands on is then what we have by that time, so that events that were let go in any order leave a destination with the newest.
 *
 * Where several destinations fail it waits for the first of them that is held, unless another one refuses the record itself:
 * that is told at once, and its dead letter names the others.
 *
 * @param options.replay - true where a dead letter waits for the answer: it is never held
 */
export async function landThroughHolds(
  landing: LandingInput,
  retry: RetrySettings,
  progress: LandingProgress,
  options: { replay: boolean },
): Promise<Landed> {
  const { source } = landing.event;
  let answer = noHold;
  const isHeld = async ({ step, type }: { step: string; type: string }): Promise<boolean> => {
    if (options.replay || !mayPass({ type })) return false;
    answer = await quickly('is it held?')
      .findHold({ source, step, error: type })
      .catch((error: unknown) => {
        // Of the run; a worker that shuts down cancels it too.
        if (CancellationScope.current().consideredCancelled) throw error;
        return noHold;
      });
    return answer.held;
  };
  /** Holds of this event that a probe has ended. */
  let holds = 0;
  let land = () => landAtFirst(landing, retry, progress, isHeld);
  for (;;) {
    try {
      return await land();
    } catch (error) {
      if (isCancellation(error)) throw error;
      const failures = failuresOf(error, progress);
      // The first attempt has asked already, where it failed at one thing alone.
      const failure = answer.held ? failures[0] : await judge(failures);
      if (failure === null) throw error;
      const told = await waitForRelease({
        key: { source, step: failure.step, error: failure.type },
        failure,
        askAfterMilliseconds: answer.askAfterMilliseconds,
        tryOnce: () => landAnew({ ...retry, maximumAttempts: 1 }, { once: true }),
        describe: (probed) => failuresOf(probed, progress),
      });
      if (told.kind === 'landed') return told.landed;
      if (told.kind === 'given-up') throw told.error ?? error;
      if (told.proven) holds += 1;
      answer = noHold;
      land = () => landAnew(retry, { once: false });
    }
  }

  function landAnew(attempts: RetrySettings, { once }: { once: boolean }): Promise<Landed> {
    progress.step = 'fetchRecord';
    progress.triedStep = null;
    progress.applied = null;
    progress.once = once;
    return landAtFirst(landing, attempts, progress);
  }

  /** The failure that is waited out; null where the event is a case of its own. */
  async function judge(failures: readonly FailureReport[]): Promise<FailureReport | null> {
    if (!failures.every(mayPass)) return null;
    for (const failure of failures) {
      const { step, type, message } = failure;
      const { event, entity } = landing;
      answer = await own(`does ${describeEntity(entity)} fail alone?`).judgeFailure({
        source,
        step,
        error: type,
        eventId: event.id,
        entity,
        message,
        holds,
        replay: options.replay,
      });
      if (answer.held) return failure;
    }
    return null;
  }
}
