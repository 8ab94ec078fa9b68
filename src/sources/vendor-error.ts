import {
  type LandfallError,
  VendorAnswerError,
  VendorDeniedError,
  VendorRateLimitedError,
  VendorRefusedError,
  VendorUnavailableError,
} from '../errors.ts';

/** Longer than a day is not waited for on a vendor's word: a broken header would park an event for years. */
const longestWaitMilliseconds = 86_400_000;

/**
 * The wait that a Retry-After header asks for, in milliseconds, at most a day; null where it is absent or no such header.
 *
 * @param value - seconds, or an HTTP date in any of its three forms
 * @param now - the present, in milliseconds since the epoch
 * @see https://www.rfc-editor.org/rfc/rfc9110#field.retry-after
 */
export function parseRetryAfter(value: string | null | undefined, now: number): number | null {
  const text = value?.trim() ?? '';
  if (/^\d+(\.\d+)?$/.test(text)) return bounded(Number(text) * 1000);
  // `Date.parse` takes nearly anything ("-5" is a year), so only what begins like an HTTP date gets there.
  if (!/^(Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? /.test(text)) return null;
  // The asctime form names no zone, and is in GMT like the other two.
  const time = Date.parse(text.endsWith('GMT') ? text : `${text} GMT`);
  return Number.isNaN(time) ? null : bounded(time - now);
}

function bounded(milliseconds: number): number {
  return Math.round(Math.min(Math.max(milliseconds, 0), longestWaitMilliseconds));
}

/** What an error about a vendor says. */
export interface VendorCall {
  /** The vendor's name as people write it: `Stripe`. */
  vendor: string;
  /** What was asked for: `customer cus_1`. */
  what: string;
  cause?: unknown;
}

/**
 * The error for an answer that is not a success: 429 is a rate limit, 408, 425 and 5xx may pass, 401 and 403 deny us access, other
 * 4xx are about the request.
 *
 * @param call.retryAfter - the Retry-After header as it came
 * @param call.now - the present, in milliseconds since the epoch, against which a date in it is read
 */
export function vendorErrorFromStatus(
  status: number,
  call: VendorCall & { retryAfter: string | null | undefined; now: number },
): LandfallError {
  const options = { cause: call.cause };
  const said = `${call.vendor} answered ${status} to the request for ${call.what}`;
  const wait = parseRetryAfter(call.retryAfter, call.now);
  if (status === 429) return new VendorRateLimitedError(`${said}: its rate limit is reached.`, wait, options);
  if (status === 408 || status === 425 || status >= 500) {
    return new VendorUnavailableError(`${said}: its API is unavailable.`, options);
  }
  if (status === 401 || status === 403) {
    return new VendorDeniedError(
      `${said}: check the credentials and what they are allowed to read.`,
      options,
    );
  }
  if (status >= 400) return new VendorRefusedError(`${said}: it does not take this request.`, options);
  return new VendorAnswerError(`${said}, where a record was expected.`, options);
}

/** The error for a call that got no answer: refused, reset, unresolved, timed out. */
export function vendorUnreachable({ vendor, what, cause }: VendorCall): VendorUnavailableError {
  return new VendorUnavailableError(
    `${vendor} could not be reached for ${what}, or did not answer in time.`,
    {
      cause,
    },
  );
}

/**
 * Throws the reason of a cancelled call, so that a cancellation is not taken for a failure of the vendor. A signal that
 * fired because the time was up is such a failure.
 */
export function throwIfCancelled(signal: AbortSignal): void {
  const reason: unknown = signal.reason;
  const timedOut = reason instanceof Error && reason.name === 'TimeoutError';
  if (signal.aborted && !timedOut) throw reason;
}

/**
 * An id as one segment of a URL's path.
 * @throws VendorRefusedError for `.` and `..`, which would lead to another path
 */
export function pathSegment(id: string): string {
  if (id === '' || id === '.' || id === '..') {
    throw new VendorRefusedError(`The id "${id}" cannot be looked up: it would ask for another path.`);
  }
  return encodeURIComponent(id);
}
