import type { WorkflowExecutionStatusName } from '@temporalio/client';
import type { RunStep } from '../temporal/read-run.ts';
import type { TimelineKind } from './entity-timeline.ts';

/** What the steps of a run are for people, by their activity. */
const steps: Readonly<Record<string, string>> = {
  tryEvent: 'fetch, write and hand on, in one go',
  fetchRecord: 'fetch the record',
  applyRecord: 'write the record',
  deliver: 'hand on',
  findHold: 'look for a hold',
  openDeadLetter: 'open the dead letter',
  judgeFailure: 'judge the failure: does the record fail alone?',
  timer: 'wait',
  end: 'end',
};

/** What a step is, for people. */
export function nameStep({ name }: Pick<RunStep, 'name'>): string {
  return steps[name] ?? name;
}

/** How far a step is, for people. */
export const stepStates: Readonly<Record<RunStep['state'], string>> = {
  done: 'done',
  failed: 'failed',
  'under-way': 'under way',
};

/** What the parts of a record's timeline are, for people. */
export const timelineKinds: Readonly<Record<TimelineKind, string>> = {
  receipt: 'Event came in',
  repair: 'Reconciliation found it',
  replay: 'Processed again',
  case: 'Dead letter',
};

/** How long a step took, for people; null while it is under way. */
export function describeTook({ at, endedAt }: Pick<RunStep, 'at' | 'endedAt'>): string | null {
  if (endedAt === null) return null;
  const milliseconds = Date.parse(endedAt) - Date.parse(at);
  return milliseconds < 1_000 ? `${milliseconds} ms` : `${(milliseconds / 1_000).toFixed(1)} s`;
}

/**
 * How an event, or a run of it, ended.
 *
 * @param status - of the run, which sets no outcome where it applied the event, or is still under way
 */
export function nameOutcome(outcome: string, status: WorkflowExecutionStatusName): string {
  if (outcome !== '') return outcome;
  return status === 'COMPLETED' ? 'applied' : status.toLowerCase().replaceAll('_', ' ');
}
