import { isCancellation, patched, sleep } from '@temporalio/workflow';
import { describeEntity } from '../src/model/event.ts';
import {
  type AppliedEvent,
  DeliveriesFailedError,
  deliverStep,
  type Landed,
  landEvent,
  type LandingInput,
  type LandingSteps,
} from '../src/model/land-event.ts';
import type { RetrySettings } from '../src/model/retry.ts';
import { describeVersion } from '../src/model/version.ts';
import { own, remote } from './activity-options.ts';
import { createDeliver } from './deliver-by-activities.ts';
import { isStoreUnavailable, storeUnavailable } from './describe-failure.ts';

/** Where a run is, for the report of its failure. */
export interface LandingProgress {
  /** `fetchRecord`, `applyRecord` or `deliver crm`. */
  step: string;
  /** The step that a first attempt has failed at: it has one attempt less. */
  triedStep: string | null;
  /** What that attempt had written before it failed. */
  applied: AppliedEvent | null;
  /** Where calls to the vendor wait for their turn; null: in the workflow's own task queue. */
  callQueue: string | null;
  /** True while it is the probe of a hold: no destination takes more than one attempt, whatever its own policy says. */
  once: boolean;
}

/** Whether a first attempt had failed at the step before its own attempts were counted. */
export function wasTried({ triedStep, applied }: LandingProgress, step: string): boolean {
  return (
    triedStep === step ||
    Object.entries(applied?.failed ?? {}).some(
      ([name, { type }]) => deliverStep(name) === step && type !== storeUnavailable,
    )
  );
}

/**
 * Lands an event by ordinary activities, one for each step, tried as the source sets it. Several destinations are handed the
 * record at once: none waits for another's retries.
 *
 * @param options.waitsForStore - false in runs of version 1: there an outage of the store that lasted as long as a destination's
 * attempts made a dead letter
 * @throws DeliveriesFailedError where destinations failed for good; all others have the record
 */
export async function landByActivities(
  landing: LandingInput,
  retry: RetrySettings,
  progress: LandingProgress,
  options: { waitsForStore: boolean },
): Promise<Landed> {
  const name = describeEntity(landing.entity);
  const fetchRetry =
    progress.triedStep === 'fetchRecord' ? { ...retry, maximumAttempts: retry.maximumAttempts - 1 } : retry;
  try {
    return await landEvent(
      landing,
      {
        fetchRecord: createFetch(landing, fetchRetry, progress),
        applyRecord: (input) => {
          const what = input.incoming.deleted ? 'tombstone' : describeVersion(input.incoming);
          const { applyRecord, applyStored } = own(`apply ${name} ${what}`);
          return (input.incoming.storedData === undefined ? applyRecord : applyStored)(input);
        },
        deliver: createDeliver(name, retry, progress, options),
      },
      {
        onStep: (step) => {
          progress.step = step;
        },
        beforeRound: letOthersThrough,
        // Runs of before handed it on in turn; none of them has what each destination failed with at first.
        atOnce: () => {
          if (progress.applied?.failed !== undefined) return true;
          return patched('deliver-at-once') ? true : false;
        },
      },
      progress.applied,
    );
  } catch (error) {
    const cancelled =
      error instanceof DeliveriesFailedError
        ? error.failures.find((each) => isCancellation(each.error))
        : undefined;
    throw cancelled === undefined ? error : cancelled.error;
  }
}

/** While our store has no room for a large record, the vendor is not asked for it again and again. */
const storePause = '10 seconds';

/**
 * The step `fetchRecord`, as an ordinary activity. A large record that our own store did not take is fetched again once it does: that
 * was no failed attempt.
 */
function createFetch(
  { entity, byReference }: LandingInput,
  retry: RetrySettings,
  { callQueue }: LandingProgress,
): LandingSteps['fetchRecord'] {
  const waitsForStore = byReference === true;
  return async (input) => {
    for (;;) {
      try {
        return await remote(retry, `fetch ${describeEntity(entity)} from ${input.event.source}`, {
          taskQueue: callQueue,
          notRetried: waitsForStore ? [storeUnavailable] : [],
        }).fetchRecord(waitsForStore ? { ...input, byReference } : input);
      } catch (error) {
        if (!waitsForStore || !isStoreUnavailable(error)) throw error;
        await sleep(storePause, { summary: 'before the record is fetched again' });
        await own('wait for our store').awaitStore();
      }
    }
  };
}

/** Many events of one record at once: the others are let through first, in growing and uneven steps. */
async function letOthersThrough(round: number): Promise<void> {
  if (round <= 3) return;
  await sleep(Math.round(Math.random() * 50 * Math.min(round - 1, 20)), {
    summary: 'let other events of the record through',
  });
}
