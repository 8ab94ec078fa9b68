import { sleep } from '@temporalio/workflow';
import { describeEntity } from '../src/model/event.ts';
import { type AppliedEvent, type Landed, landEvent, type LandingInput } from '../src/model/land-event.ts';
import type { RetrySettings } from '../src/model/retry.ts';
import { describeVersion } from '../src/model/version.ts';
import { own, remote } from './activity-options.ts';
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
}

/**
 * Lands an event by ordinary activities, one for each step, tried as the source sets it.
 *
 * @param options.waitsForStore - false in runs of version 1: there an outage of the store that lasted as long as a destination's
 * attempts made a dead letter
 */
export function landByActivities(
  landing: LandingInput,
  retry: RetrySettings,
  progress: LandingProgress,
  options: { waitsForStore: boolean },
): Promise<Landed> {
  const name = describeEntity(landing.entity);
  const retryOf = (step: string): RetrySettings =>
    progress.triedStep === step ? { ...retry, maximumAttempts: retry.maximumAttempts - 1 } : retry;

  return landEvent(
    landing,
    {
      fetchRecord: (input) =>
        remote(retryOf('fetchRecord'), `fetch ${name} from ${input.event.source}`, {
          taskQueue: progress.callQueue,
        }).fetchRecord(input),
      applyRecord: (input) => {
        const what = input.incoming.deleted ? 'tombstone' : describeVersion(input.incoming);
        return own(`apply ${name} ${what}`).applyRecord(input);
      },
      deliver: async (input) => {
        const notRetried = options.waitsForStore ? [storeUnavailable] : [];
        const attempts = retryOf(`deliver ${input.destination}`);
        try {
          await remote(attempts, `deliver ${name} to ${input.destination}`, { notRetried }).deliver(input);
        } catch (error) {
          if (!options.waitsForStore || !isStoreUnavailable(error)) throw error;
          // The destination has had it: the store is asked after that.
          await own(`note that ${input.destination} has ${name}`).markDelivered(input);
        }
      },
    },
    {
      onStep: (step) => {
        progress.step = step;
      },
      beforeRound: letOthersThrough,
    },
    progress.applied,
  );
}

/** Many events of one record at once: the others are let through first, in growing and uneven steps. */
async function letOthersThrough(round: number): Promise<void> {
  if (round <= 3) return;
  await sleep(Math.round(Math.random() * 50 * Math.min(round - 1, 20)), {
    summary: 'let other events of the record through',
  });
}
