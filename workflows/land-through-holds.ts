import { CancellationScope, isCancellation } from '@temporalio/workflow';
import { describeEntity } from '../src/model/event.ts';
import type { FailureReport } from '../src/model/dead-letter.ts';
import { canBeHeld, type HoldAnswer } from '../src/model/hold.ts';
import type { Landed, LandingInput } from '../src/model/land-event.ts';
import type { RetrySettings } from '../src/model/retry.ts';
import { own, quickly } from './activity-options.ts';
import { describeFailure } from './describe-failure.ts';
import { landAtFirst } from './land-at-first.ts';
import { type LandingProgress, wasTried } from './land-by-activities.ts';
import { waitForRelease } from './wait-for-release.ts';

const noHold: HoldAnswer = { held: false, askAfterMilliseconds: 0 };

/**
 * Lands an event. Where it fails as many others do, it waits for the end of the outage and begins anew; where it fails for
 * itself, its failure is thrown. After a hold it begins at the fetch, though it may have written the record before: what it
 * hands on is then what we have by that time, so that events that were let go in any order leave a destination with the newest.
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
    if (options.replay || !canBeHeld({ type })) return false;
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
      const failure = describeFailure(error, progress.step, { tried: (step) => wasTried(progress, step) });
      if (!answer.held) answer = await judge(failure);
      if (!answer.held) throw error;
      const told = await waitForRelease({
        key: { source, step: failure.step, error: failure.type },
        failure,
        askAfterMilliseconds: answer.askAfterMilliseconds,
        tryOnce: () => landAnew({ ...retry, maximumAttempts: 1 }),
        describe: (probed) => describeFailure(probed, progress.step),
      });
      if (told.kind === 'landed') return told.landed;
      if (told.kind === 'given-up') throw told.error ?? error;
      if (told.proven) holds += 1;
      answer = noHold;
      land = () => landAnew(retry);
    }
  }

  function landAnew(attempts: RetrySettings): Promise<Landed> {
    progress.step = 'fetchRecord';
    progress.triedStep = null;
    progress.applied = null;
    return landAtFirst(landing, attempts, progress);
  }

  async function judge({ step, type, message }: FailureReport): Promise<HoldAnswer> {
    if (!canBeHeld({ type })) return noHold;
    const { event, entity } = landing;
    return own(`does ${describeEntity(entity)} fail alone?`).judgeFailure({
      source,
      step,
      error: type,
      eventId: event.id,
      entity,
      message,
      holds,
      replay: options.replay,
    });
  }
}
