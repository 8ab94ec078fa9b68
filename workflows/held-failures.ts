import { patched } from '@temporalio/workflow';
import type { FailureReport } from '../src/model/dead-letter.ts';
import { canBeHeld, couldBeHeld } from '../src/model/hold.ts';
import { describeFailures } from './describe-failure.ts';
import { type LandingProgress, wasTried } from './land-by-activities.ts';

/** Whether a failure may pass by waiting. Runs of before wait for a refusal as well. */
export function mayPass(failure: Pick<FailureReport, 'type'>): boolean {
  if (canBeHeld(failure)) return true;
  if (!couldBeHeld(failure)) return false;
  return patched('refusals-are-cases') ? false : true;
}

/** What an event failed with: several failures where several destinations failed. Runs of before looked at the first alone. */
export function failuresOf(
  error: unknown,
  progress: LandingProgress,
): readonly [FailureReport, ...FailureReport[]] {
  const failures = describeFailures(error, progress.step, { tried: (step) => wasTried(progress, step) });
  if (failures.length === 1) return failures;
  return patched('each-destination-is-judged') ? failures : [failures[0]];
}
