import {
  condition,
  getExternalWorkflowHandle,
  isCancellation,
  patched,
  setCurrentDetails,
  setHandler,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type { FailureReport } from '../src/model/dead-letter.ts';
import { heldAt, type HoldKey, holdWorkflowId, type Release } from '../src/model/hold.ts';
import type { Landed } from '../src/model/land-event.ts';
import { keyword, searchAttributes } from '../src/model/search-attributes.ts';
import { own } from './activity-options.ts';
import { mayPass } from './held-failures.ts';
import { inline } from './inline.ts';
import { heldSignal, letGoSignal, probedSignal } from './messages.ts';

/** How an event's wait has ended. `released`: it is to try again, with all its attempts. */
export type Released =
  | { kind: 'landed'; landed: Landed }
  | { kind: 'released'; proven: boolean }
  | { kind: 'given-up'; error: unknown };

const longestPause = 3_600_000;

interface Wait {
  key: HoldKey;
  failure: FailureReport;
  askAfterMilliseconds: number;
  tryOnce(): Promise<Landed>;
  describe(error: unknown): readonly [FailureReport, ...FailureReport[]];
}

/**
 * Waits as one of the events of a hold: found by its search attributes, told by signal. One that is the probe tries once and
 * says what came of it. Asks by itself, ever less often, whether the hold still stands: a signal may have missed it, since
 * those that wait are found in the visibility store, which learns of them a little late.
 *
 * @param options.tryOnce - one attempt
 * @param options.describe - what such an attempt failed with
 */
export async function waitForRelease(options: Wait): Promise<Released> {
  const { key } = options;
  const told: Release[] = [];
  setHandler(letGoSignal, (release) => void told.push(release), {
    description: 'Sent by the hold: try again, or give up.',
  });
  let { failure } = options;
  let lastError: unknown = null;
  const since = new Date().toISOString();
  upsertSearchAttributes([
    { key: searchAttributes.outcome, value: heldAt(key.step) },
    { key: searchAttributes.error, value: keyword(key.error) },
  ]);
  await tellParent();
  let pause = options.askAfterMilliseconds;
  for (;;) {
    setCurrentDetails(describeWait(key, since, failure));
    // Uneven, so that a hundred thousand do not ask at once.
    await condition(() => told.length > 0, Math.round(pause * (0.75 + Math.random() / 2)));
    const release = told.shift();
    if (release === undefined) {
      const { held } = await own('is it still held?').findHold(key);
      if (!held) return leave({ kind: 'released', proven: true });
      pause = Math.min(pause * 2, longestPause);
      continue;
    }
    if (release.kind === 'give-up') return { kind: 'given-up', error: lastError };
    if (release.kind === 'release') return leave({ kind: 'released', proven: release.proven });
    try {
      const landed = await options.tryOnce();
      await tellHold(key, { passed: true, message: '' });
      return leave({ kind: 'landed', landed });
    } catch (error) {
      if (isCancellation(error)) throw error;
      lastError = error;
      const failures = options.describe(error);
      const again = failures.find((each) => each.step === key.step && mayPass(each));
      failure = again ?? failures[0];
      await tellHold(key, { passed: again === undefined, message: failure.message });
      if (again === undefined) return leave({ kind: 'released', proven: true });
    }
  }
}

/** It is not found among those that wait any more. */
function leave(released: Released): Released {
  upsertSearchAttributes([
    { key: searchAttributes.outcome, value: null },
    { key: searchAttributes.error, value: null },
  ]);
  setCurrentDetails('');
  return released;
}

/** A reconciliation goes on without a repair that waits. */
async function tellParent(): Promise<void> {
  const { parent, workflowId } = workflowInfo();
  if (parent === undefined || !patched('tells-who-waits-for-it')) return;
  try {
    await getExternalWorkflowHandle(parent.workflowId).signal(heldSignal, { workflowId });
  } catch (error) {
    // It has ended, and waits for nobody.
    if (isCancellation(error)) throw error;
  }
}

async function tellHold(key: HoldKey, answer: { passed: boolean; message: string }): Promise<void> {
  try {
    const { workflowId } = workflowInfo();
    await getExternalWorkflowHandle(holdWorkflowId(key)).signal(probedSignal, { workflowId, ...answer });
  } catch (error) {
    // It was ended by hand meanwhile.
    if (isCancellation(error)) throw error;
  }
}

function describeWait(key: HoldKey, since: string, failure: FailureReport): string {
  return [
    `## Held since ${since}`,
    `Many records of **${key.source}** fail alike at **${key.step}**: \`${key.error}\`. This event waits until a probe gets through; nothing has to be done for it.`,
    `> ${inline(failure.message)}`,
    `The hold: \`${holdWorkflowId(key)}\``,
  ].join('\n\n');
}
