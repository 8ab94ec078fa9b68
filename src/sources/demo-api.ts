import { z } from 'zod';
import { VendorAnswerError } from '../errors.ts';
import { getFromVendor } from './get-from-vendor.ts';

const vendor = 'The demo vendor';

/** One attempt of one call. Longer waits belong to the retries. */
const timeoutMilliseconds = 10_000;

/** How the vendor says that a record never was, or is gone. */
const absenceSchema = z.object({ error: z.object({ code: z.enum(['not_found', 'gone']) }) });

/** A GET request whose answer has to fit the schema; null where the vendor has no such record. */
export type DemoApi = <T>(request: {
  /** From `/v1/` on, with its query. */
  path: string;
  /** What is asked for, for errors. */
  what: string;
  schema: z.ZodType<T>;
  signal: AbortSignal;
}) => Promise<T | null>;

/** Reads the demo vendor's API. */
export function createDemoApi(settings: { apiUrl: string; token: string }): DemoApi {
  const headers = { authorization: `Bearer ${settings.token}` };
  return async ({ path, what, schema, signal }) => {
    const { absent, text } = await getFromVendor({
      url: new URL(path, settings.apiUrl),
      headers,
      redirect: 'error',
      timeoutMilliseconds,
      signal,
      vendor,
      what,
    });
    const answer = readJson(text, what);
    if (absent) {
      // Only the vendor's own word counts: the 404 of a wrong address, taken for a deletion, would wipe out every record.
      check(absenceSchema, answer, what);
      return null;
    }
    return check(schema, answer, what);
  };
}

function readJson(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new VendorAnswerError(
      `${vendor} answered the request for ${what} with something that is no JSON: does DEMO_API_URL lead to it?`,
      { cause },
    );
  }
}

function check<T>(schema: z.ZodType<T>, answer: unknown, what: string): T {
  const result = schema.safeParse(answer);
  if (result.success) return result.data;
  throw new VendorAnswerError(
    `${vendor} answered the request for ${what} in another form than it documents: ${z.prettifyError(result.error)}`,
  );
}
