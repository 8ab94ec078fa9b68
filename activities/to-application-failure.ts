import { ApplicationFailure, CancelledFailure, Context } from '@temporalio/activity';
import { DestinationUnavailableError, LandfallError, VendorRateLimitedError } from '../src/errors.ts';
import { NotBegunError } from './not-begun.ts';
import type { FailureDetail } from './types.ts';

/** A vendor's Retry-After beyond this is cut: a wrong header must not park an event for a month. */
const longestDelay = 3_600_000;

/**
 * Any error of an activity as Temporal wants it: the code as its type, retryable or not, the vendor's Retry-After as the
 * next delay, a `FailureDetail` as its first detail. Secrets are taken out of every message, cause and stack.
 *
 * What is no LandfallError is a defect or an unforeseen outage: it stays retryable, under the name of its class.
 */
export function toApplicationFailure(
  error: unknown,
  redact: (text: string) => string,
  more: Omit<FailureDetail, 'attempt'> = {},
): Error {
  if (error instanceof CancelledFailure || error instanceof ApplicationFailure) return error;
  const { attempt } = Context.current().info;
  const known = error instanceof LandfallError ? error : null;
  const delay = retryAfter(error);
  const retryAfterMilliseconds = delay === null ? null : Math.min(delay, longestDelay);
  const cause = error instanceof Error ? withoutSecrets(error.cause, redact) : undefined;
  return ApplicationFailure.create({
    message: redact(error instanceof Error ? error.message : String(error)),
    type: known?.code ?? (error instanceof Error ? error.name : 'Error'),
    nonRetryable: known !== null && !known.retryable,
    details: [
      {
        attempt,
        ...more,
        ...(retryAfterMilliseconds === null ? {} : { retryAfterMilliseconds }),
        ...(error instanceof NotBegunError ? { notBegun: true } : {}),
      } satisfies FailureDetail,
    ],
    ...(retryAfterMilliseconds === null ? {} : { nextRetryDelay: retryAfterMilliseconds }),
    ...(cause === undefined ? {} : { cause }),
  });
}

function retryAfter(error: unknown): number | null {
  return error instanceof VendorRateLimitedError || error instanceof DestinationUnavailableError
    ? error.retryAfterMilliseconds
    : null;
}

function withoutSecrets(cause: unknown, redact: (text: string) => string, depth = 0): Error | undefined {
  if (!(cause instanceof Error) || depth > 5) return undefined;
  const next = withoutSecrets(cause.cause, redact, depth + 1);
  const copy = new Error(redact(cause.message), next === undefined ? {} : { cause: next });
  copy.name = cause.name;
  copy.stack = redact(cause.stack ?? '');
  return copy;
}
