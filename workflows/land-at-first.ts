import { ApplicationFailure, CancellationScope, setCurrentDetails, sleep } from '@temporalio/workflow';
import type { TryResult } from '../activities/types.ts';
import { describeEntity } from '../src/model/event.ts';
import type { Landed, LandingInput } from '../src/model/land-event.ts';
import type { RetrySettings } from '../src/model/retry.ts';
import { first } from './activity-options.ts';
import { isStoreUnavailable, readFailure } from './describe-failure.ts';
import { landByActivities, type LandingProgress } from './land-by-activities.ts';

/**
 * Lands an event by one local activity, which nearly always is enough. Where it is not, ordinary activities take over from the
 * second attempt on, after the pause that the source or the vendor's Retry-After sets: their retries outlast the worker and
 * are seen in the UI. What no attempt can mend is thrown at once.
 */
export async function landAtFirst(
  landing: LandingInput,
  retry: RetrySettings,
  progress: LandingProgress,
): Promise<Landed> {
  let tried: TryResult;
  try {
    tried = await first(`land ${describeEntity(landing.entity)}`).tryEvent(landing);
  } catch (error) {
    // Of the run; a worker that shuts down cancels its local activities too, and their events go on elsewhere.
    if (CancellationScope.current().consideredCancelled) throw error;
    await prepareSecond(error, retry, progress);
    tried = { kind: 'deferred' };
  }
  return tried.kind === 'landed'
    ? tried.landed
    : landByActivities(landing, retry, progress, { waitsForStore: true });
}

/** Throws where there is to be no second attempt. */
async function prepareSecond(error: unknown, retry: RetrySettings, progress: LandingProgress): Promise<void> {
  const { chain, detail } = readFailure(error);
  const [failure] = chain;
  // A timeout says nothing of the step, and has been waited for already.
  if (!(failure instanceof ApplicationFailure) || detail?.step === undefined) return;
  const storeAway = isStoreUnavailable(error);
  const ours = storeAway || detail.step === 'applyRecord';
  if (failure.nonRetryable || (!ours && retry.maximumAttempts === 1)) throw error;
  // An attempt that our own store ended counts for nobody.
  progress.triedStep = storeAway ? null : detail.step;
  progress.applied = detail.applied ?? null;
  setCurrentDetails(
    `The first attempt failed at ${detail.step}: ${failure.type ?? 'Error'}: ${failure.message}`,
  );
  if (ours) return;
  const pause = detail.retryAfterMilliseconds ?? retry.initialIntervalMilliseconds;
  await sleep(pause, { summary: `before the second attempt of ${detail.step}` });
}
