import { withTimeout } from './with-timeout.ts';
import { throwIfCancelled, vendorErrorFromStatus, vendorUnreachable } from './vendor-error.ts';

/** One GET request to a vendor's API. */
export interface VendorRequest {
  url: string | URL;
  headers: Record<string, string>;
  /** What becomes of a redirect: an error of the connection, or an answer that is not what was expected. Followed it is never, for the token's sake. */
  redirect: 'error' | 'manual';
  timeoutMilliseconds: number;
  /** Of the activity: its abort is thrown on, and not taken for a failure of the vendor. */
  signal: AbortSignal;
  /** The vendor and what is asked for, for errors. */
  vendor: string;
  what: string;
}

/**
 * Makes one attempt of a request, and reads its body. `absent` is the answer 404 or 410.
 *
 * @throws VendorUnavailableError | VendorRateLimitedError | VendorRefusedError | VendorAnswerError for any other answer that is no success
 */
export async function getFromVendor(request: VendorRequest): Promise<{ absent: boolean; text: string }> {
  const { url, headers, redirect, signal, vendor, what } = request;
  let response: Response;
  let text: string;
  try {
    [response, text] = await withTimeout(signal, request.timeoutMilliseconds, async (inTime) => {
      const answer = await fetch(url, { headers, redirect, signal: inTime });
      return [answer, await answer.text()];
    });
  } catch (cause) {
    throwIfCancelled(signal);
    throw vendorUnreachable({ vendor, what, cause });
  }
  const { ok, status } = response;
  const absent = status === 404 || status === 410;
  if (!ok && !absent) {
    const retryAfter = response.headers.get('retry-after');
    throw vendorErrorFromStatus(status, { vendor, what, retryAfter, now: Date.now() });
  }
  return { absent, text };
}
