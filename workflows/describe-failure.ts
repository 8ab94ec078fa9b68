import {
  ActivityFailure,
  ApplicationFailure,
  ChildWorkflowFailure,
  TimeoutFailure,
  workflowInfo,
} from '@temporalio/workflow';
import type { FailureReport } from '../src/model/dead-letter.ts';

/** What an activity adds to each `ApplicationFailure` as its first detail. */
export interface FailureDetail {
  attempt: number;
}

/** Any error caught in a workflow, as an engineer wants to read it in the dead letter. */
export function describeFailure(
  error: unknown,
  step: string,
  { workflowId, runId }: { workflowId: string; runId: string } = workflowInfo(),
): FailureReport {
  const chain = causes(error).filter(
    (each) => !(each instanceof ActivityFailure || each instanceof ChildWorkflowFailure),
  );
  const first = chain[0];
  const detail =
    first instanceof ApplicationFailure ? (first.details?.[0] as FailureDetail | undefined) : undefined;
  return {
    step,
    type: typeOf(first),
    message: messageOf(first),
    causes: chain.slice(1).map((cause) => `${typeOf(cause)}: ${messageOf(cause)}`),
    attempts: detail?.attempt ?? null,
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
