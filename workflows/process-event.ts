import {
  ApplicationFailure,
  getExternalWorkflowHandle,
  isCancellation,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type { LandfallEvent } from '../src/model/event.ts';
import { deadLetterWorkflowId } from '../src/model/ids.ts';
import { DeliveriesFailedError, type Landed, type LandingInput } from '../src/model/land-event.ts';
import { deadLettered, type Outcome, type ProcessEventResult } from '../src/model/outcome.ts';
import { type ProcessEventInput, workflowVersion } from '../src/model/process-event.ts';
import { keyword, searchAttributes } from '../src/model/search-attributes.ts';
import { own } from './activity-options.ts';
import { describeFailure } from './describe-failure.ts';
import { landAtFirst } from './land-at-first.ts';
import { landByActivities, type LandingProgress, wasTried } from './land-by-activities.ts';
import { landThroughHolds } from './land-through-holds.ts';
import { resolvedSignal } from './messages.ts';

/**
 * The way of one event: fetch the record fresh, apply it under the version guard, hand it to the destinations.
 * Its id is `<source>:<eventId>`, so that one event has one workflow.
 *
 * Completes with the outcome. Fails with LANDFALL_DEAD_LETTERED once the event's dead letter holds it: a failed run can
 * be found, reset and run again. What fails as many others do waits for the end of the outage instead. Cancelling it by hand
 * leaves no dead letter: that is somebody's decision.
 */
export async function processEvent(input: ProcessEventInput): Promise<ProcessEventResult> {
  const { event } = input;
  refuseLater(input.workflowVersion ?? 1);
  if (event.entity === null) {
    return { outcome: 'ignored', version: null, previous: null, delivered: [] };
  }
  const landing: LandingInput = {
    event: withoutBody(event),
    entity: event.entity,
    nonce: input.replay?.nonce ?? null,
    ...((input.workflowVersion ?? 1) < 4 ? {} : { byReference: true }),
  };
  const progress: LandingProgress = {
    ...{ step: 'fetchRecord', triedStep: null, applied: null },
    ...{ callQueue: null, once: false },
  };
  try {
    const { result, deadLetterOpen } = await land(landing, input, progress);
    // `applied` is how nearly every event ends: it goes without the attribute, an event of the history and an index entry.
    if ((input.workflowVersion ?? 1) < 2 || result.outcome !== 'applied') {
      upsertSearchAttributes([{ key: searchAttributes.outcome, value: result.outcome }]);
    }
    if (deadLetterOpen) await resolveDeadLetter(event, result.outcome);
    return result;
  } catch (error) {
    if (isCancellation(error)) throw error;
    const failure = describeFailure(error, progress.step, { tried: (step) => wasTried(progress, step) });
    await own('keep the event as a dead letter').openDeadLetter({
      source: event.source,
      eventId: event.id,
      subject: { kind: 'event', event },
      failure,
      retry: input.retry,
    });
    upsertSearchAttributes([
      { key: searchAttributes.outcome, value: deadLettered },
      { key: searchAttributes.error, value: keyword(failure.type) },
    ]);
    throw ApplicationFailure.create({
      type: 'LANDFALL_DEAD_LETTERED',
      nonRetryable: true,
      message: `${failure.step} failed: ${failure.message} The event waits in ${deadLetterWorkflowId(event.source, event.id)}.`,
      ...causeOf(error),
    });
  }
}

/**
 * Whoever started it was upgraded before this worker. An error that is no failure of Temporal's fails the task and not the run: it is
 * tried again until a worker has it that knows the version.
 */
function refuseLater(version: number): void {
  if (version <= workflowVersion) return;
  // eslint-disable-next-line temporal/workflow-no-throw-raw-error -- an ApplicationFailure would fail the run
  throw new RangeError(`This worker knows no version ${version} of processEvent: upgrade it.`);
}

function land(
  landing: LandingInput,
  { workflowVersion = 1, retry, replay }: ProcessEventInput,
  progress: LandingProgress,
): Promise<Landed> {
  switch (workflowVersion) {
    case 1:
      return landByActivities(landing, retry, progress, { waitsForStore: false });
    case 2:
      return landAtFirst(landing, retry, progress);
    case 3:
    case 4:
      return landThroughHolds(landing, retry, progress, { replay: replay !== null });
  }
}

function causeOf(error: unknown): { cause?: Error } {
  const cause = error instanceof DeliveriesFailedError ? error.failures[0]?.error : error;
  return cause instanceof Error ? { cause } : {};
}

/** What was received is for people: no step needs it. */
function withoutBody({
  payload: _payload,
  storedPayload: _storedPayload,
  headers: _headers,
  ...event
}: LandfallEvent): LandingInput['event'] {
  return event;
}

/** This run is a reset of the one that had failed, or a redelivery: its dead letter need not wait any more. */
async function resolveDeadLetter(event: LandfallEvent, outcome: Outcome): Promise<void> {
  const deadLetter = getExternalWorkflowHandle(deadLetterWorkflowId(event.source, event.id));
  try {
    await deadLetter.signal(resolvedSignal, { outcome, runId: workflowInfo().runId });
  } catch (error) {
    if (isCancellation(error)) throw error;
    // The dead letter was terminated by hand: only its mark in the store is left.
    await own('take away the mark of the dead letter').closeDeadLetter({
      source: event.source,
      eventId: event.id,
      resolution: 'resolved',
    });
  }
}
