import {
  ApplicationFailure,
  CancellationScope,
  setCurrentDetails,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
import type { TryResult } from '../activities/types.ts';
import { callQueue } from '../src/model/call-queue.ts';
import { describeEntity } from '../src/model/event.ts';
import type { Landed, LandingInput } from '../src/model/land-event.ts';
import type { RetrySettings } from '../src/model/retry.ts';
import { first } from './activity-options.ts';
import { isStoreUnavailable, readFailure } from './describe-failure.ts';
import { inTurn } from './in-turn.ts';
import { landByActivities, type LandingProgress } from './land-by-activities.ts';

/** Whether failures of this kind are held: see the workflow `hold`. */
export type IsHeld = (failure: { step: string; type: string }) => Promise<boolean>;

/**
 * Lands an event by one local activity, which nearly always is enough. Where it is not, ordinary activities take over from the
 * second attempt on, after the pause that the source or the vendor's Retry-After sets: their retries outlast the worker and
 * are seen in the UI. What no attempt can mend is thrown at once.
 *
 * @param isHeld - asked after a failure that another attempt may mend: where it is held, there is no second attempt either.
 * @default never; so it is in runs of version 2
 */
export async function landAtFirst(
  landing: LandingInput,
  retry: RetrySettings,
  progress: LandingProgress,
  isHeld: IsHeld = () => Promise.resolve(false),
): Promise<Landed> {
  const tried = await tryOnce(landing, retry, progress, isHeld);
  if (tried.kind === 'landed') return tried.landed;
  if (tried.kind === 'applied') {
    progress.applied = tried.applied;
    return landByActivities(landing, retry, progress, { waitsForStore: true });
  }
  if (tried.ordered === true) {
    return inTurn({
      landing,
      work: () => landAtFirst({ ...landing, hasTurn: true }, retry, progress, isHeld),
    });
  }
  if (tried.limited === true) progress.callQueue = callQueue(workflowInfo().taskQueue, landing.event.source);
  return landByActivities(landing, retry, progress, { waitsForStore: true });
}

async function tryOnce(
  landing: LandingInput,
  retry: RetrySettings,
  progress: LandingProgress,
  isHeld: IsHeld,
): Promise<TryResult> {
  try {
    return await first(`land ${describeEntity(landing.entity)}`).tryEvent(landing);
  } catch (error) {
    // Of the run; a worker that shuts down cancels its local activities too, and their events go on elsewhere.
    if (CancellationScope.current().consideredCancelled) throw error;
    await prepareSecond(error, retry, progress, isHeld);
    return { kind: 'deferred' };
  }
}

/** Throws where there is to be no second attempt. */
async function prepareSecond(
  error: unknown,
  retry: RetrySettings,
  progress: LandingProgress,
  isHeld: IsHeld,
): Promise<void> {
  const { chain, detail } = readFailure(error);
  const [failure] = chain;
  // A timeout says nothing of the step, and has been waited for already.
  if (!(failure instanceof ApplicationFailure) || detail?.step === undefined) return;
  progress.applied = detail.applied ?? null;
  const showFailure = () => {
    setCurrentDetails(
      `The first attempt failed at ${detail.step ?? ''}: ${failure.type ?? 'Error'}: ${failure.message}`,
    );
  };
  // Each destination goes on by itself, under its own policy; where all but one have the record, that one may be held.
  if (detail.applied?.failed !== undefined) {
    const isLast = detail.applied.delivered.length + 1 === detail.applied.applied.pending.length;
    if (isLast && !failure.nonRetryable && !isStoreUnavailable(error)) {
      if (await isHeld({ step: detail.step, type: failure.type ?? '' })) throw error;
    }
    showFailure();
    return;
  }
  const storeAway = isStoreUnavailable(error);
  const ours = storeAway || detail.step === 'applyRecord';
  if (failure.nonRetryable || (!ours && retry.maximumAttempts === 1)) throw error;
  if (!ours && (await isHeld({ step: detail.step, type: failure.type ?? '' }))) throw error;
  // An attempt that our own store ended counts for nobody.
  progress.triedStep = storeAway ? null : detail.step;
  showFailure();
  if (ours) return;
  const pause = detail.retryAfterMilliseconds ?? retry.initialIntervalMilliseconds;
  await sleep(pause, { summary: `before the second attempt of ${detail.step}` });
}
