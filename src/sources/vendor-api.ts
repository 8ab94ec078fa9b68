import { z } from 'zod';
import { VendorAnswerError } from '../errors.ts';
import { getFromVendor } from './get-from-vendor.ts';

/** Where a vendor's API is, and how it is asked. */
export interface VendorApiOptions {
  /** The vendor's name as people write it, for errors: `Acme`. */
  vendor: string;
  /** Of the API, with or without a path: `https://api.acme.com/v1`. */
  url: string;
  /** The headers of each request, such as the one with the token; a function where they can change. @default none */
  headers?: Readonly<Record<string, string>> | (() => Readonly<Record<string, string>>);
  /** Of one attempt: longer waits belong to the retries. @default 20000 */
  timeoutMilliseconds?: number;
}

/** One GET request. */
export interface VendorGet<Answer> {
  /** From the API's address on: `/invoices/inv_1`. Put ids through `pathSegment`. */
  path: string;
  /** What is null or undefined is left out. */
  query?: Readonly<Record<string, string | number | null | undefined>>;
  /** What the answer has to fit. */
  schema: z.ZodType<Answer>;
  /** Of the call's context: its abort ends the request. */
  signal: AbortSignal;
}

/** Makes one attempt of a request; null stands for the answers 404 and 410. */
export type VendorApi = <Answer>(request: VendorGet<Answer>) => Promise<Answer | null>;

/**
 * GET requests to an API that answers in JSON. Redirects are not followed, for the token's sake.
 *
 * @throws VendorUnavailableError | VendorRateLimitedError | VendorRefusedError for an answer that is no success, from what it returns
 * @throws VendorAnswerError for an answer that is no JSON, or that does not fit the schema
 */
export function createVendorApi(options: VendorApiOptions): VendorApi {
  const { vendor, headers = {}, timeoutMilliseconds = 20_000 } = options;
  const base = options.url.replace(/\/+$/, '');
  return async ({ path, query = {}, schema, signal }) => {
    const url = new URL(base + path);
    for (const [name, value] of Object.entries(query)) {
      if (value !== null && value !== undefined) url.searchParams.set(name, String(value));
    }
    const { absent, text } = await getFromVendor({
      url,
      headers: { accept: 'application/json', ...(typeof headers === 'function' ? headers() : headers) },
      redirect: 'manual',
      timeoutMilliseconds,
      signal,
      vendor,
      what: path,
    });
    if (absent) return null;
    const answer = schema.safeParse(readJson(text));
    if (answer.success) return answer.data;
    throw new VendorAnswerError(
      `${vendor} answered the request for ${path} with something new to us: ${z.prettifyError(answer.error)}`,
    );
  };
}

/** What is no JSON is undefined, which no schema of an answer takes. */
function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
