import { sleep } from '@temporalio/workflow';
import { describeEntity } from '../src/model/event.ts';
import { type AppliedEvent, type Landed, landEvent, type LandingInput } from '../src/model/land-event.ts';
import type { RetrySettings } from '../src/model/retry.ts';
import { describeVersion } from '../src/model/version.ts';
import { own, remote } from './activity-options.ts';

/** Where a run is, for the report of its failure. */
export interface LandingProgress {
  /** `fetchRecord`, `applyRecord` or `deliver crm`. */
  step: string;
  /** The step that a first attempt has failed at: it has one attempt less. */
  triedStep: string | null;
  /** What that attempt had written before it failed. */
  applied: AppliedEvent | null;
}

/** Lands an event by ordinary activities, one for each step, tried as the source sets it. */
export function landByActivities(
  landing: LandingInput,
  retry: RetrySettings,
  progress: LandingProgress,
): Promise<Landed> {
  const name = describeEntity(landing.entity);
  const retryOf = (step: string): RetrySettings =>
    progress.triedStep === step ? { ...retry, maximumAttempts: retry.maximumAttempts - 1 } : retry;

  return landEvent(
    landing,
    {
      fetchRecord: (input) =>
        remote(retryOf('fetchRecord'), `fetch ${name} from ${input.event.source}`).fetchRecord(input),
      applyRecord: (input) => {
        const what = input.incoming.deleted ? 'tombstone' : describeVersion(input.incoming);
        return own(`apply ${name} ${what}`).applyRecord(input);
      },
      deliver: (input) =>
        remote(retryOf(`deliver ${input.destination}`), `deliver ${name} to ${input.destination}`).deliver(
          input,
        ),
    },
    {
      onStep: (step) => {
        progress.step = step;
      },
      // Many events of one record at once: the others are let through first, in growing and uneven steps.
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
