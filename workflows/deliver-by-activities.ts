import { ApplicationFailure, patched, sleep } from '@temporalio/workflow';
import type { FailureDetail } from '../activities/types.ts';
import { deliverStep, type FailedDelivery, type LandingSteps } from '../src/model/land-event.ts';
import type { DeliveryPolicy, RetrySettings } from '../src/model/retry.ts';
import { own, remote } from './activity-options.ts';
import { isStoreUnavailable, readFailure, storeUnavailable } from './describe-failure.ts';
import type { LandingProgress } from './land-by-activities.ts';

/**
 * The step `deliver`, as ordinary activities: what the first attempt left or failed at, under the policy of each destination.
 *
 * @param record - for summaries: `customer/cus_1`
 * @param retry - of the source
 * @param options - as `landByActivities`
 */
export function createDeliver(
  record: string,
  retry: RetrySettings,
  progress: LandingProgress,
  options: { waitsForStore: boolean },
): LandingSteps['deliver'] {
  return async (input, policy) => {
    const { destination } = input;
    const attempts = policy === null ? retry : attemptsOf(policy, progress);
    const failed = progress.applied?.failed?.[destination];
    const hasIt = failed?.type === storeUnavailable && failed.notBegun !== true;
    if (!hasIt) {
      const tried = await afterFirst(destination, attempts, failed, progress);
      const left = tried ? { ...attempts, maximumAttempts: attempts.maximumAttempts - 1 } : attempts;
      const notRetried = options.waitsForStore ? [storeUnavailable] : [];
      const timeoutMilliseconds = policy?.timeoutMilliseconds ?? null;
      for (;;) {
        try {
          const how = { notRetried, timeoutMilliseconds };
          const { deliver, deliverStored } = remote(left, `deliver ${record} to ${destination}`, how);
          const handOn = input.incoming.storedData === undefined ? deliver : deliverStored;
          await handOn(tried ? { ...input, attemptsBefore: 1 } : input);
          return;
        } catch (error) {
          if (!options.waitsForStore || !isStoreUnavailable(error)) throw error;
          if (readFailure(error).detail?.notBegun !== true) break;
          await own('wait for our store').awaitStore();
        }
      }
    }
    // The destination has had it: the store is asked after that.
    await own(`note that ${destination} has ${record}`).markDelivered(input);
  };
}

/** A destination's own attempts; one where the event is a probe. Probes of before took all of them. */
function attemptsOf({ retry }: DeliveryPolicy, { once }: LandingProgress): RetrySettings {
  if (!once || retry.maximumAttempts === 1) return retry;
  return patched('probe-once') ? { ...retry, maximumAttempts: 1 } : retry;
}

/**
 * Waits until the second attempt is due, and answers whether there was a first one that counts.
 * @throws ApplicationFailure where there is to be no second one
 */
async function afterFirst(
  destination: string,
  { maximumAttempts, initialIntervalMilliseconds }: RetrySettings,
  failed: FailedDelivery | undefined,
  progress: LandingProgress,
): Promise<boolean> {
  const step = deliverStep(destination);
  // One that our own store ended counts for nobody.
  if (failed === undefined || failed.type === storeUnavailable) return progress.triedStep === step;
  if (!failed.retryable || maximumAttempts === 1) throw toFailure(failed, step);
  const pause = failed.retryAfterMilliseconds ?? initialIntervalMilliseconds;
  await sleep(pause, { summary: `before the second attempt of ${step}` });
  return true;
}

/** The failure as it would have left an activity of its own. */
function toFailure({ type, message, causes, retryable }: FailedDelivery, step: string): ApplicationFailure {
  const detail: FailureDetail = { attempt: 1, step };
  const cause = causes.reduceRight<Error | undefined>((below, each) => {
    const error = new Error(each.message, { cause: below });
    error.name = each.name;
    return error;
  }, undefined);
  return ApplicationFailure.create({
    type,
    message,
    nonRetryable: !retryable,
    details: [detail],
    ...(cause === undefined ? {} : { cause }),
  });
}
