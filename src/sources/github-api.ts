import { Octokit, RequestError } from 'octokit';
import { type LandfallError, VendorRateLimitedError } from '../errors.ts';
import { withTimeout } from './with-timeout.ts';
import {
  parseRetryAfter,
  throwIfCancelled,
  vendorErrorFromStatus,
  vendorUnreachable,
} from './vendor-error.ts';

/** One attempt of one call. Longer waits belong to the retries. */
const timeoutMilliseconds = 20_000;

/** What GitHub asks for after a secondary rate limit where it names no time. */
const secondaryLimitMilliseconds = 60_000;

/** What a GET needs. */
export interface GithubRequest {
  /** From `/repos/` on. */
  path: string;
  query?: Readonly<Record<string, string | number>>;
  /** What is asked for, for errors. */
  what: string;
  signal: AbortSignal;
}

/** An answer; `hasNext` where its Link header names another page. */
export type GithubAnswer =
  { found: true; data: unknown; hasNext: boolean } | { found: false; status: 404 | 410 };

/** GET requests to GitHub's REST API. */
export type GithubApi = (request: GithubRequest) => Promise<GithubAnswer>;

/** Reads GitHub's API with its own client, whose own retries and throttling are off: Temporal retries. */
export function createGithubApi(settings: { token: () => string; apiUrl: string | undefined }): GithubApi {
  const octokit = new Octokit({
    ...(settings.apiUrl === undefined ? {} : { baseUrl: settings.apiUrl }),
    retry: { enabled: false },
    throttle: { enabled: false },
    // It would write each failure to the console; the error says as much.
    log: { debug: silent, info: silent, warn: silent, error: silent },
  });
  // Asked for at each request: a token from a file can change.
  octokit.hook.before('request', ({ headers }) => {
    headers.authorization = `token ${settings.token()}`;
  });
  return async ({ path, query, what, signal }) => {
    try {
      const response = await withTimeout(signal, timeoutMilliseconds, (inTime) =>
        octokit.request(`GET ${path}`, { ...query, request: { signal: inTime } }),
      );
      const link = response.headers.link ?? '';
      return { found: true, data: response.data, hasNext: link.includes('rel="next"') };
    } catch (error) {
      throwIfCancelled(signal);
      if (error instanceof RequestError && (error.status === 404 || error.status === 410)) {
        return { found: false, status: error.status };
      }
      throw toVendorError(error, what, Date.now());
    }
  };
}

function silent(): void {
  // Nothing is to be written.
}

/** @see https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api#handle-rate-limit-errors-appropriately */
function toVendorError(error: unknown, what: string, now: number): LandfallError {
  // Without a response the client still says 500: the network failed, not GitHub.
  if (!(error instanceof RequestError) || error.response === undefined) {
    return vendorUnreachable({ vendor: 'GitHub', what, cause: error });
  }
  const headers = new Map(
    Object.entries(error.response.headers).map(([name, value]) => [name, String(value)]),
  );
  const retryAfter = headers.get('retry-after') ?? null;
  const usedUp = headers.get('x-ratelimit-remaining') === '0';
  const secondary = /secondary rate limit/i.test(error.message);
  if (error.status === 403 && (retryAfter !== null || usedUp || secondary)) {
    const reset = Number(headers.get('x-ratelimit-reset') ?? Number.NaN) * 1000 - now;
    const untilReset = usedUp && Number.isFinite(reset) ? Math.max(reset, 0) : null;
    const wait = parseRetryAfter(retryAfter, now) ?? untilReset ?? secondaryLimitMilliseconds;
    return new VendorRateLimitedError(
      `GitHub answered 403 to the request for ${what}: its rate limit is reached.`,
      wait,
      { cause: error },
    );
  }
  return vendorErrorFromStatus(error.status, { vendor: 'GitHub', what, retryAfter, now, cause: error });
}
