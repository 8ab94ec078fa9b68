import Stripe from 'stripe';
import { z } from 'zod';
import { VendorAnswerError, VendorDeniedError } from '../errors.ts';
import type { JsonObject } from '../model/json.ts';
import { throwIfCancelled, vendorErrorFromStatus, vendorUnreachable } from './vendor-error.ts';

/** One attempt of one call. Longer waits belong to the retries. */
const timeoutMilliseconds = 20_000;

const objectSchema = z.record(z.string(), z.json());

/** What a GET needs. */
export interface StripeRequest {
  /** From `/v1/` on, with its query. */
  path: string;
  /** What is asked for, for errors. */
  what: string;
  /** The connected account to read from. */
  account: string | null;
  signal: AbortSignal;
}

/** GET requests to Stripe's API; null stands for an object that does not exist. */
export type StripeApi = (request: StripeRequest) => Promise<JsonObject | null>;

/** Reads Stripe's API with its own client, which retries nothing by itself: Temporal does. */
export function createStripeApi(settings: { apiKey: () => string; apiUrl: string | undefined }): StripeApi {
  const address = readAddress(settings.apiUrl);
  return async ({ path, what, account, signal }) => {
    // The client takes no signal, but it takes a fetch: so each call has a client of its own.
    const httpClient = Stripe.createFetchHttpClient((url: string | URL | Request, init?: RequestInit) =>
      fetch(url, {
        ...init,
        redirect: 'error',
        signal: init?.signal ? AbortSignal.any([init.signal, signal]) : signal,
      }),
    );
    const stripe = new Stripe(settings.apiKey(), {
      ...address,
      httpClient,
      maxNetworkRetries: 0,
      timeout: timeoutMilliseconds,
      telemetry: false,
    });
    let answer: unknown;
    try {
      answer = await stripe.rawRequest(
        'GET',
        path,
        undefined,
        account === null ? {} : { stripeAccount: account },
      );
    } catch (error) {
      throwIfCancelled(signal);
      return readError(error, what);
    }
    const object = objectSchema.safeParse(answer);
    if (!object.success)
      throw new VendorAnswerError(`Stripe answered ${what} with something that is no object.`);
    return object.data;
  };
}

function readAddress(url: string | undefined): Stripe.StripeConfig {
  if (url === undefined) return {};
  const { protocol, hostname, port } = new URL(url);
  const secure = protocol === 'https:';
  return { protocol: secure ? 'https' : 'http', host: hostname, port: port || (secure ? 443 : 80) };
}

/** null for an object that does not exist; every other error is thrown as what it is. */
function readError(error: unknown, what: string): null {
  if (!(error instanceof Stripe.errors.StripeError) || error.statusCode === undefined) {
    throw vendorUnreachable({ vendor: 'Stripe', what, cause: error });
  }
  if (error.statusCode === 404 && error.code === 'resource_missing') {
    // Not a missing object but a wrong key: taken for a deletion, it would wipe out every record.
    if (/exists in (live|test) mode/.test(error.message)) {
      throw new VendorDeniedError(
        `Stripe has the ${what} only in its other mode: STRIPE_API_KEY and STRIPE_WEBHOOK_SECRET must both be of live mode, or both of test mode.`,
        { cause: error },
      );
    }
    return null;
  }
  throw vendorErrorFromStatus(error.statusCode, {
    vendor: 'Stripe',
    what,
    retryAfter: error.headers?.['retry-after'],
    now: Date.now(),
    cause: error,
  });
}
