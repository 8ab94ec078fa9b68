import {
  ApplicationFailure,
  getExternalWorkflowHandle,
  isCancellation,
  sleep,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type { EventRef } from '../activities/types.ts';
import { describeEntity, type EntityRef, type LandfallEvent } from '../src/model/event.ts';
import { deadLetterWorkflowId } from '../src/model/ids.ts';
import {
  type ApplyResult,
  deadLettered,
  type Outcome,
  type ProcessEventResult,
} from '../src/model/outcome.ts';
import type { ProcessEventInput } from '../src/model/process-event.ts';
import type { IncomingRecord } from '../src/model/record.ts';
import { keyword, searchAttributes } from '../src/model/search-attributes.ts';
import { describeVersion } from '../src/model/version.ts';
import { own, remote } from './activity-options.ts';
import { describeFailure } from './describe-failure.ts';
import { resolvedSignal } from './messages.ts';

/**
 * The way of one event: fetch the record fresh, apply it under the version guard, hand it to the destinations.
 * Its id is `<source>:<eventId>`, so that one event has one workflow.
 *
 * Completes with the outcome. Fails with LANDFALL_DEAD_LETTERED once the event's dead letter holds it: a failed run can
 * be found, reset and run again. Cancelling it by hand leaves no dead letter: that is somebody's decision.
 */
export async function processEvent(input: ProcessEventInput): Promise<ProcessEventResult> {
  const { event } = input;
  if (event.entity === null) {
    return { outcome: 'ignored', version: null, previous: null, delivered: [] };
  }
  const progress = { step: 'fetchRecord' };
  try {
    const { result, deadLetterOpen } = await land(input, event.entity, progress);
    setOutcome(result.outcome);
    if (deadLetterOpen) await resolveDeadLetter(event, result.outcome);
    return result;
  } catch (error) {
    if (isCancellation(error)) throw error;
    const failure = describeFailure(error, progress.step);
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
      ...(error instanceof Error ? { cause: error } : {}),
    });
  }
}

async function land(
  { event, retry, replay }: ProcessEventInput,
  entity: EntityRef,
  progress: { step: string },
): Promise<{ result: ProcessEventResult; deadLetterOpen: boolean }> {
  const ref = eventRef(event);
  const { incoming, applied } = await fetchAndApply(event, ref, entity, retry, progress);
  const result: ProcessEventResult = {
    outcome: applied.outcome,
    version: incoming === null ? null : { version: incoming.version, sourceTime: incoming.sourceTime },
    previous: applied.previous,
    delivered: [],
  };
  if (incoming !== null) {
    for (const destination of applied.pending) {
      progress.step = `deliver ${destination}`;
      await remote(retry, `deliver ${describeEntity(entity)} to ${destination}`).deliver({
        event: ref,
        destination,
        incoming,
        outcome: applied.outcome,
        nonce: replay?.nonce ?? null,
      });
      result.delivered.push(destination);
    }
  }
  return { result, deadLetterOpen: applied.deadLetterOpen };
}

type Applied = Extract<ApplyResult, { kind: 'done' }>;

/** Fetches and applies until no other event has written the record between our fetch and our write. */
async function fetchAndApply(
  event: LandfallEvent,
  ref: EventRef,
  entity: EntityRef,
  retry: ProcessEventInput['retry'],
  progress: { step: string },
): Promise<{ incoming: IncomingRecord | null; applied: Applied }> {
  for (let round = 1; ; round += 1) {
    progress.step = 'fetchRecord';
    const incoming = snapshotOf(event, entity) ?? (await fetchFresh(ref, entity, retry));
    if (incoming === null) {
      return {
        incoming,
        applied: { kind: 'done', outcome: 'duplicate', previous: null, pending: [], deadLetterOpen: false },
      };
    }
    progress.step = 'applyRecord';
    const what = incoming.deleted ? 'tombstone' : describeVersion(incoming);
    const applied = await own(`apply ${describeEntity(entity)} ${what}`).applyRecord({
      event: ref,
      incoming,
    });
    if (applied.kind === 'done') return { incoming, applied };
    // Many events of one record at once: the others are let through first, in growing and uneven steps.
    if (round > 2)
      await sleep(Math.round(Math.random() * 50 * Math.min(round, 20)), {
        summary: 'let other events of the record through',
      });
  }
}

async function fetchFresh(
  ref: EventRef,
  entity: EntityRef,
  retry: ProcessEventInput['retry'],
): Promise<IncomingRecord | null> {
  const fetched = await remote(retry, `fetch ${describeEntity(entity)} from ${ref.source}`).fetchRecord({
    event: ref,
    entity,
  });
  return fetched.kind === 'record' ? fetched.incoming : null;
}

/** What the payload itself says, for sources without an API to ask. */
function snapshotOf(event: LandfallEvent, entity: EntityRef): IncomingRecord | null {
  if (event.snapshot === null) return null;
  return {
    entity,
    version: event.announced?.version ?? null,
    sourceTime: event.announced?.sourceTime ?? event.occurredAt,
    data: event.deletes ? null : event.snapshot,
    deleted: event.deletes,
    deletionAnnounced: event.deletes,
    fetched: false,
    basis: null,
  };
}

function eventRef({
  source,
  id,
  type,
  entity,
  announced,
  occurredAt,
  deletes,
  bodySha256,
  foundBy,
}: LandfallEvent): EventRef {
  return { source, id, type, entity, announced, occurredAt, deletes, bodySha256, foundBy };
}

function setOutcome(outcome: Outcome): void {
  upsertSearchAttributes([{ key: searchAttributes.outcome, value: outcome }]);
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
