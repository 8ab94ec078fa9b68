import {
  ActivityFailure,
  ApplicationFailure,
  ChildWorkflowFailure,
  TimeoutFailure,
  workflowInfo,
} from '@temporalio/workflow';
import type { FailureDetail } from '../activities/types.ts';
import type { FailureReport } from '../src/model/dead-letter.ts';
import { DeliveriesFailedError, deliverStep } from '../src/model/land-event.ts';

/** The `type` of a `StoreUnavailableError` that left an activity. */
export const storeUnavailable = 'LANDFALL_STORE_UNAVAILABLE';

/** Whether our own store was away: no fault of the vendor's or a destination's, and waited out. */
export function isStoreUnavailable(error: unknown): boolean {
  const [failure] = readFailure(error).chain;
  return failure instanceof ApplicationFailure && failure.type === storeUnavailable;
}

/** The failure below what Temporal wraps around it, and what our activities say of it. */
export function readFailure(error: unknown): { chain: unknown[]; detail: FailureDetail | undefined } {
  const chain = causes(error).filter(
    (each) => !(each instanceof ActivityFailure || each instanceof ChildWorkflowFailure),
  );
  const first = chain[0];
  const detail =
    first instanceof ApplicationFailure ? (first.details?.[0] as FailureDetail | undefined) : undefined;
  return { chain, detail };
}

interface Describing {
  /** The failed run. @default this one */
  run?: { workflowId: string; runId: string };
  /** Whether a step had failed once before its own attempts were counted. */
  tried?: (step: string) => boolean;
}

/**
 * Any error caught in a workflow, as an engineer wants to read it in the dead letter.
 *
 * @param step - where it failed, unless the failure itself names its step
 */
export function describeFailure(error: unknown, step: string, options: Describing = {}): FailureReport {
  const [report, ...others] = describeFailures(error, step, options);
  const beside = others.map((each) => `${each.step}: ${each.type}: ${each.message}`);
  return beside.length === 0 ? report : { ...report, beside };
}

/** As `describeFailure`, each destination that failed by itself. */
export function describeFailures(
  error: unknown,
  step: string,
  options: Describing = {},
): [FailureReport, ...FailureReport[]] {
  const [first, ...others] = error instanceof DeliveriesFailedError ? error.failures : [];
  const describe = (each: { destination: string; error: unknown }) =>
    describeOne(each.error, deliverStep(each.destination), options);
  if (first === undefined) return [describeOne(error, step, options)];
  return [describe(first), ...others.map(describe)];
}

function describeOne(error: unknown, step: string, options: Describing): FailureReport {
  const { chain, detail } = readFailure(error);
  const [first] = chain;
  const { workflowId, runId } = options.run ?? workflowInfo();
  const before = detail?.step === undefined && options.tried?.(step) === true ? 1 : 0;
  return {
    step: detail?.step ?? step,
    type: typeOf(first),
    message: messageOf(first),
    causes: chain.slice(1).map((cause) => `${typeOf(cause)}: ${messageOf(cause)}`),
    attempts: detail === undefined ? null : detail.attempt + before,
    retryable:
      first instanceof ApplicationFailure ? first.nonRetryable !== true : first instanceof TimeoutFailure,
    at: new Date().toISOString(),
    workflowId,
    runId,
  };
}

function causes(error: unknown): unknown[] {
  const chain: unknown[] = [];
  for (let each = error; each !== undefined && each !== null && chain.length < 10;) {
    chain.push(each);
    each = each instanceof Error ? each.cause : undefined;
  }
  return chain;
}

function typeOf(error: unknown): string {
  if (error instanceof ApplicationFailure) return error.type ?? 'ApplicationFailure';
  if (error instanceof TimeoutFailure) return `Timeout (${error.timeoutType})`;
  return error instanceof Error ? error.name : 'Error';
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
