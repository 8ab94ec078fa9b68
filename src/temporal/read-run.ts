import { ApplicationFailure, type Client, type WorkflowHandle } from '@temporalio/client';
import {
  decodeArrayFromPayloads,
  decodeOptionalFailureToOptionalError,
  decodeUserMetadata,
} from '@temporalio/common/lib/internal-non-workflow/codec-helpers.js';
import { tsToMs } from '@temporalio/common/lib/time.js';
import { PayloadErasedError } from '../errors.ts';
import type { LandfallEvent } from '../model/event.ts';
import { isJsonObject } from '../model/json.ts';
import { eventOfInput } from '../model/process-event.ts';
import type { RunRef } from '../model/replay-events.ts';
import { isNotFound, toTemporalError } from './temporal-error.ts';

/** A failed attempt of a step. */
export interface FailedAttempt {
  /** From 1; null where it was not counted. */
  attempt: number | null;
  /** The error code, or the class of what has none. */
  type: string;
  message: string;
  /** The chain of causes below it, outermost first. */
  causes: string[];
}

/** One step of a run, as its history tells it. */
export interface RunStep {
  /** The activity, or `timer`, `signal`, `end`. */
  name: string;
  /** What it was about, as the workflow says: `fetch customer/cus_1 from stripe`. Empty where it does not say. */
  summary: string;
  /** ISO 8601; of an activity, when it was asked for. */
  at: string;
  /** ISO 8601; null while it is under way. */
  endedAt: string | null;
  state: 'under-way' | 'done' | 'failed';
  /** How many attempts it took; null where it is no activity, or was not begun. */
  attempts: number | null;
  /** Those that a history keeps: the last one, and the one before it. */
  failures: FailedAttempt[];
}

/** One run, as its history tells it. */
export interface RunStory {
  /** The event that it was begun with; null where it is the run of something else. */
  event: LandfallEvent | null;
  steps: RunStep[];
}

/**
 * What a run was begun with and has done so far; null where Temporal has it no more, or its record was erased.
 * @throws TemporalUnavailableError | TemporalRefusedError
 */
export async function readRun(client: Client, { workflowId, runId }: RunRef): Promise<RunStory | null> {
  const converter = client.options.loadedDataConverter;
  try {
    const { events } = await client.workflow.getHandle(workflowId, runId).fetchHistory();
    const begun = events?.[0]?.workflowExecutionStartedEventAttributes;
    const [input] = await decodeArrayFromPayloads(converter, begun?.input?.payloads);
    return { event: eventOfInput(input), steps: await toSteps(converter, events ?? []) };
  } catch (error) {
    // Erased: nobody can read it any more, wherever it may still be.
    if (isNotFound(error) || error instanceof PayloadErasedError) return null;
    throw toTemporalError(error, `show the run of ${workflowId}`);
  }
}

type DataConverter = Client['options']['loadedDataConverter'];
type HistoryEvent = NonNullable<Awaited<ReturnType<WorkflowHandle['fetchHistory']>>['events']>[number];
type Failure = Parameters<typeof decodeOptionalFailureToOptionalError>[1];

/** The steps that the events of a history tell of, in their order. */
export async function toSteps(converter: DataConverter, events: readonly HistoryEvent[]): Promise<RunStep[]> {
  const steps: RunStep[] = [];
  const byEventId = new Map<string, RunStep>();
  for (const event of events) {
    const at = new Date(tsToMs(event.eventTime)).toISOString();
    const {
      activityTaskScheduledEventAttributes: asked,
      activityTaskStartedEventAttributes: begun,
      timerStartedEventAttributes: timer,
      markerRecordedEventAttributes: marker,
      workflowExecutionSignaledEventAttributes: signal,
      workflowExecutionFailedEventAttributes: failed,
    } = event;
    if (asked != null) await add(event, { name: asked.activityType?.name ?? '', at });
    else if (timer != null) await add(event, { name: 'timer', at });
    else if (signal != null)
      await add(event, { name: 'signal', at, summary: signal.signalName ?? '', endedAt: at });
    else if (marker?.markerName === localActivity) {
      const name = readActivityType(converter, marker.details?.['data']?.payloads?.[0]);
      const step = await add(event, { name, at, attempts: 1, endedAt: at });
      await addFailure(step, marker.failure, 1);
    } else if (begun != null) {
      const step = byEventId.get(String(begun.scheduledEventId));
      if (step === undefined) continue;
      step.attempts = begun.attempt ?? null;
      await addFailure(step, begun.lastFailure, (begun.attempt ?? 1) - 1);
    } else if (failed != null) {
      await addFailure(await add(event, { name: 'end', at, endedAt: at }), failed.failure, null);
    } else if (event.workflowExecutionCompletedEventAttributes != null) {
      await add(event, { name: 'end', at, endedAt: at });
    } else await end(event, at);
  }
  return steps;

  async function add(
    event: HistoryEvent,
    known: Partial<RunStep> & { name: string; at: string },
  ): Promise<RunStep> {
    const { staticSummary } = await decodeUserMetadata(converter, event.userMetadata);
    const step: RunStep = {
      summary: staticSummary ?? '',
      endedAt: null,
      state: known.endedAt === undefined ? 'under-way' : 'done',
      attempts: null,
      failures: [],
      ...known,
    };
    steps.push(step);
    byEventId.set(String(event.eventId), step);
    return step;
  }

  /** An event that ends a step which another one began. */
  async function end(event: HistoryEvent, at: string): Promise<void> {
    const {
      activityTaskCompletedEventAttributes: completed,
      activityTaskFailedEventAttributes: failed,
      activityTaskTimedOutEventAttributes: timedOut,
      timerFiredEventAttributes: fired,
    } = event;
    const activity = completed ?? failed ?? timedOut;
    const begunBy = activity?.scheduledEventId ?? fired?.startedEventId;
    const step = begunBy == null ? undefined : byEventId.get(String(begunBy));
    if (step === undefined) return;
    step.endedAt = at;
    step.state = 'done';
    await addFailure(step, failed?.failure ?? timedOut?.failure, step.attempts);
  }

  async function addFailure(step: RunStep, failure: Failure, attempt: number | null): Promise<void> {
    const error = await decodeOptionalFailureToOptionalError(converter, failure);
    if (error === undefined) return;
    step.failures.push({ attempt, ...describe(error) });
    if (step.endedAt !== null) step.state = 'failed';
  }
}

/** The SDK's name for the marker of a local activity. */
const localActivity = 'core_local_activity';

/** The SDK writes what a local activity was into its marker, never encrypted. */
function readActivityType(
  { payloadConverter }: DataConverter,
  payload: Parameters<DataConverter['payloadConverter']['fromPayload']>[0] | undefined,
): string {
  const data: unknown = payload === undefined ? null : payloadConverter.fromPayload(payload);
  const type = isJsonObject(data) ? data['activity_type'] : undefined;
  return typeof type === 'string' ? type : 'local activity';
}

function describe(error: Error): Omit<FailedAttempt, 'attempt'> {
  const causes: string[] = [];
  for (let cause = error.cause; cause instanceof Error; cause = cause.cause) {
    causes.push(`${typeOf(cause)}: ${cause.message}`);
  }
  return { type: typeOf(error), message: error.message, causes };
}

function typeOf(error: Error): string {
  return error instanceof ApplicationFailure ? (error.type ?? error.name) : error.name;
}
