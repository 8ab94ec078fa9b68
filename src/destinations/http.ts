import { context, propagation, trace } from '@opentelemetry/api';
import { sha256Hex } from '../verification/digest.ts';
import {
  ConfigurationError,
  DestinationDeniedError,
  DestinationRefusedError,
  DestinationUnavailableError,
} from '../errors.ts';
import { parseRetryAfter, throwIfCancelled } from '../sources/vendor-error.ts';
import { withTimeout } from '../sources/with-timeout.ts';
import type { Secrets } from '../verification/rotation.ts';
import { standardWebhooksScheme } from '../verification/standard-webhooks.ts';
import type { Destination, DestinationWrite } from './define-destination.ts';
import { readStart } from './read-start.ts';

export type DestinationHeaders = Readonly<Record<string, string | (() => string)>>;

/** Where and how `httpDestination` sends. */
export interface HttpDestinationOptions {
  /** Unique within the source, and stable. */
  name: string;
  /** Gets a POST for each write. Redirects are not followed: name the final address. */
  url: string;
  /** Sent with every request, such as `authorization`; a function is called for each, so that a token can be rotated. */
  headers?: DestinationHeaders | undefined;
  /** Signs each request as Standard Webhooks do, with the newest; `whsec_` and base64. @default unsigned */
  secret?: string | Secrets | undefined;
  /** For one attempt, from connecting to the answer. @default 15000 */
  timeoutMilliseconds?: number | undefined;
  /** Which event types it is for. @default all */
  accepts?: Destination['accepts'] | undefined;
  /** What is other than for the source's steps. @default the source's */
  retry?: Destination['retry'] | undefined;
  /** The clock of the signed timestamps. @default Date.now */
  now?: (() => number) | undefined;
}

/** How much of a refusal's body goes into the message. */
const excerptCharacters = 300;

/**
 * A destination that takes each record as a POST of JSON, with an `Idempotency-Key` that is equal for every retry.
 *
 * 2xx is done. 408, 409, 425, 429 and 5xx are tried again: 409 is how servers answer a key whose first request is still
 * running. 401, 403, 407 and redirects (as to a login page) deny every write. Every other answer refuses this one.
 *
 * @throws ConfigurationError where the address or a header is none, or the secret is not base64
 * @see https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/
 */
export function httpDestination(options: HttpDestinationOptions): Destination {
  const {
    name,
    headers = {},
    secret,
    timeoutMilliseconds = 15_000,
    accepts,
    retry,
    now = Date.now,
  } = options;
  const url = readUrl(name, options.url);
  // A query may hold a token, so it stays out of what people read.
  const address = url.origin + url.pathname;
  const headersNow = readHeaders(name, headers);
  const secrets = typeof secret === 'string' ? [secret] : secret;
  const signing = secrets === undefined ? null : standardWebhooksScheme({ secrets });

  return {
    name,
    ...(accepts === undefined ? {} : { accepts }),
    ...(retry === undefined ? {} : { retry }),
    async deliver(write, { signal: outer }) {
      const body = Buffer.from(JSON.stringify(toBody(write)));
      const id = `msg_${sha256Hex(write.idempotencyKey)}`;
      const signature = signing === null ? {} : await signing.sign(body, { id, now: now() });
      const own = headersNow();
      const sent = new Headers(own);
      for (const [header, value] of Object.entries(signature)) sent.set(header, value);
      sent.set('content-type', 'application/json');
      sent.set('idempotency-key', toHeader(write.idempotencyKey));
      if (!sent.has('user-agent')) sent.set('user-agent', 'landfall');
      // So that its own trace goes on where ours ends; nothing where the event is not traced.
      propagation.inject(context.active(), sent, { set: (to, header, value) => to.set(header, value) });
      let response: Response;
      let excerpt: string;
      try {
        [response, excerpt] = await withTimeout(outer, timeoutMilliseconds, async (signal) => {
          const answer = await fetch(url, {
            ...{ method: 'POST', body, headers: sent },
            ...{ redirect: 'manual', signal },
          });
          // Unread, the body would hold its connection.
          if (answer.ok) await answer.body?.cancel();
          return [answer, answer.ok ? '' : await readStart(answer, excerptCharacters)];
        });
      } catch (error) {
        throwIfCancelled(outer);
        throw new DestinationUnavailableError(
          `The destination "${name}" at ${address} could not be reached, or did not answer within ${timeoutMilliseconds} ms.`,
          null,
          { cause: error },
        );
      }
      describeRequest(url, response.status);
      if (response.ok) return;
      const said = `The destination "${name}" at ${address} answered ${response.status}${describe(redact(excerpt, Object.values(own)))}`;
      if ([408, 409, 425, 429].includes(response.status) || response.status >= 500) {
        throw new DestinationUnavailableError(
          said,
          parseRetryAfter(response.headers.get('retry-after'), now()),
        );
      }
      if (response.status >= 300 && response.status < 400) {
        throw new DestinationDeniedError(`${said} Redirects are not followed: set the final address.`);
      }
      if ([401, 403, 407].includes(response.status)) throw new DestinationDeniedError(said);
      throw new DestinationRefusedError(said);
    },
  };
}

/**
 * On the span of the write.
 * @see https://opentelemetry.io/docs/specs/semconv/http/http-spans/#http-client
 */
function describeRequest(url: URL, status: number): void {
  trace.getActiveSpan()?.setAttributes({
    'http.request.method': 'POST',
    'http.response.status_code': status,
    'server.address': url.hostname,
  });
}

function readUrl(name: string, text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (
    url === null ||
    !['http:', 'https:'].includes(url.protocol) ||
    url.username !== '' ||
    url.password !== ''
  ) {
    throw new ConfigurationError(
      `The URL of the destination "${name}" must begin with http:// or https:// and hold no credentials: put those into its headers.`,
    );
  }
  return url;
}

/**
 * The headers as they are now. A value that cannot be sent is a mistake at start, and is not taken later: the last good one stays,
 * since a half-written file must not make dead letters.
 */
function readHeaders(name: string, headers: DestinationHeaders): () => Readonly<Record<string, string>> {
  const now = () =>
    Object.fromEntries(
      Object.entries(headers).map(([key, value]) => [key, typeof value === 'string' ? value : value()]),
    );
  let good = now();
  if (!areHeaders(good)) {
    throw new ConfigurationError(
      `A header of the destination "${name}" is no valid HTTP header: look for line breaks and letters outside of ASCII in ${Object.keys(headers).join(', ')}.`,
    );
  }
  return () => {
    const next = now();
    if (areHeaders(next)) good = next;
    return good;
  };
}

/** The error of the platform would repeat the value. */
function areHeaders(headers: Readonly<Record<string, string>>): boolean {
  try {
    new Headers(headers);
    return true;
  } catch {
    return false;
  }
}

function toBody({ source, eventId, eventType, entity, record, version, deleted, outcome }: DestinationWrite) {
  return { source, eventId, eventType, entity, version, deleted, outcome, record };
}

/** A header takes printable ASCII only; a key of other characters is replaced by its hash, which is as unique. */
function toHeader(key: string): string {
  return /^[\x21-\x7e]{1,255}$/.test(key) ? key : `sha256:${sha256Hex(key)}`;
}

function describe(excerpt: string): string {
  return excerpt === '' ? '.' : `: ${excerpt}`;
}

/** Some servers repeat a request in their error page. */
function redact(text: string, values: readonly string[]): string {
  let clean = text;
  for (const value of values) {
    if (value.length >= 6) clean = clean.replaceAll(value, '[redacted]');
  }
  return clean;
}
