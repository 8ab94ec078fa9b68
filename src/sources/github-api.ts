import { z } from 'zod';
import { Octokit, RequestError } from 'octokit';
import {
  LandfallError,
  VendorAnswerError,
  VendorRateLimitedError,
  VendorUnavailableError,
} from '../errors.ts';
import {
  appCredentials,
  type GithubCredential,
  type GithubRole,
  tokenCredentials,
} from './github-credentials.ts';
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

/** What a request needs. */
export interface GithubRequest {
  /** @default GET */
  method?: 'GET' | 'POST';
  /** From `/repos/` on, each part of it encoded. */
  path: string;
  query?: Readonly<Record<string, string | number>>;
  /** What is asked for, for errors. */
  what: string;
  /** The statuses that mean that there is no such thing. @default 404 and 410 */
  absent?: readonly number[];
  /** @default reader */
  role?: GithubRole;
  signal: AbortSignal;
}

/** An answer; `next` is the address of the next page where its Link header names one. */
export type GithubAnswer =
  { found: true; data: unknown; next: URL | null } | { found: false; status: number };

/**
 * Requests to GitHub's REST API.
 *
 * @throws VendorUnavailableError | VendorRateLimitedError | VendorRefusedError | VendorAnswerError
 */
export type GithubApi = (request: GithubRequest) => Promise<GithubAnswer>;

/** Who reads: a token, or an installation of a GitHub App. */
export type GithubReader =
  { token: () => string } | { appId: string; installationId: string; privateKey: () => string };

/** Reads GitHub's API with its own client, whose own retries and throttling are off: Temporal retries. */
export function createGithubApi(settings: { reader: GithubReader; apiUrl: string | undefined }): GithubApi {
  const octokit = new Octokit({
    ...(settings.apiUrl === undefined ? {} : { baseUrl: settings.apiUrl }),
    retry: { enabled: false },
    throttle: { enabled: false },
    request: { fetch: fetchInTime },
    // It would write each failure to the console; the error says as much.
    log: { debug: silent, info: silent, warn: silent, error: silent },
  });
  const { reader } = settings;
  const credentials =
    'token' in reader
      ? tokenCredentials(reader.token)
      : appCredentials({
          id: reader.appId,
          installationId: reader.installationId,
          privateKey: reader.privateKey,
          request: octokit.request,
        });

  return async ({ method = 'GET', path, query, what, absent = [404, 410], role = 'reader', signal }) => {
    const credential = await obtain(role, signal);
    const { authorization } = credential;
    try {
      const response = await withTimeout(signal, timeoutMilliseconds, (inTime) =>
        octokit.request(`${method} ${path}`, {
          ...query,
          headers: { authorization },
          request: { signal: inTime },
        }),
      );
      return { found: true, data: asJson(response.data), next: nextPage(response.headers.link) };
    } catch (error) {
      throwIfCancelled(signal);
      if (error instanceof RequestError && error.response !== undefined) {
        if (absent.includes(error.status)) return { found: false, status: error.status };
        if (error.status === 401 && credentials.reportRefusal(credential)) {
          throw new VendorUnavailableError(
            `GitHub does not take the token of the installation for ${what}: it may be too new, or another one is needed.`,
            { cause: withoutSecret(error, credential) },
          );
        }
      }
      throw toVendorError(error, { what, credential, now: Date.now() });
    }
  };

  async function obtain(role: GithubRole, signal: AbortSignal): Promise<GithubCredential> {
    try {
      return await credentials.obtain(role);
    } catch (error) {
      throwIfCancelled(signal);
      if (error instanceof LandfallError) throw error;
      const what = 'a token of the installation (GITHUB_APP_ID, GITHUB_APP_INSTALLATION_ID)';
      throw toVendorError(error, { what, credential: null, now: Date.now() });
    }
  }
}

/** The library asks for tokens without a signal. */
const fetchInTime: typeof fetch = (input, init) =>
  fetch(input, { ...init, signal: init?.signal ?? AbortSignal.timeout(timeoutMilliseconds) });

function silent(): void {
  // Nothing is to be written.
}

/** The client reads integers that no JSON number can hold as `bigint`; here they are texts, which lose no digit. */
function asJson(value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (Array.isArray(value)) return value.map(asJson);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, asJson(each)]));
}

/** @see https://docs.github.com/en/rest/using-the-rest-api/using-pagination-in-the-rest-api#using-link-headers */
function nextPage(link: string | undefined): URL | null {
  const [, address] = /<([^<>]+)>;[^,]*rel="next"/.exec(link ?? '') ?? [];
  return address !== undefined && URL.canParse(address) ? new URL(address) : null;
}

/** @see https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api#handle-rate-limit-errors-appropriately */
function toVendorError(
  error: unknown,
  { what, credential, now }: { what: string; credential: GithubCredential | null; now: number },
): LandfallError {
  const cause = withoutSecret(error, credential);
  // Without a response the client still says 500: the network failed, not GitHub.
  if (!(error instanceof RequestError) || error.response === undefined) {
    return vendorUnreachable({ vendor: 'GitHub', what, cause });
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
      { cause },
    );
  }
  return vendorErrorFromStatus(error.status, { vendor: 'GitHub', what, retryAfter, now, cause });
}

/**
 * The client's error as far as it is told: its answer may quote the request, and a token that was made a minute ago is in no
 * configuration to be redacted by.
 */
function withoutSecret(error: unknown, credential: GithubCredential | null): Error {
  const hide = (text: string): string => {
    const known = credential === null ? text : text.replaceAll(credential.secret, '[redacted]');
    return known.replace(/\beyJ[\w-]+\.[\w-]+\.[\w-]+/g, '[redacted]');
  };
  if (!(error instanceof Error)) return new Error(hide(String(error)));
  const copy = new Error(
    hide(error.message),
    error.cause === undefined ? {} : { cause: withoutSecret(error.cause, credential) },
  );
  copy.name = error.name;
  copy.stack = hide(error.stack ?? '');
  return copy;
}

/**
 * A page of a list of GitHub's.
 * @throws VendorAnswerError where it is none
 */
export function readGithubPage<Page>(schema: z.ZodType<Page>, data: unknown, what: string): Page {
  const read = schema.safeParse(data);
  if (read.success) return read.data;
  throw new VendorAnswerError(`GitHub's list of ${what} is not one: ${z.prettifyError(read.error)}`);
}
