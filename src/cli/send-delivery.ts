import { randomUUID } from 'node:crypto';
import { deliveryHeaders } from '../capture/forward-delivery.ts';
import { redactedHeader } from '../capture/recorded-delivery.ts';
import { ConfigurationError } from '../errors.ts';
import type { Source } from '../sources/define-source.ts';

/** A delivery that is to be sent. */
export interface Delivery {
  source: Source;
  /** With its query. */
  path: string;
  /** By lower-case name, without a signature. */
  headers: Record<string, string>;
  body: Buffer;
}

/** How a receiver answered. */
export interface Answer {
  ok: boolean;
  /** `200 {"eventId":…}`. */
  text: string;
}

/**
 * Signs a delivery as its vendor would, now, and posts it so often, all at once.
 *
 * @param receiver - `http://host:port`
 * @throws ConfigurationError where nobody listens there, or only the vendor can sign
 */
export async function sendDelivery(
  { source, path, headers: given, body }: Delivery,
  receiver: string,
  times: number,
): Promise<Answer[]> {
  const url = new URL(path, receiver);
  const headers = Object.fromEntries(
    Object.entries(deliveryHeaders(given)).filter(([, value]) => value !== redactedHeader),
  );
  const signature = await source.verification.sign(body, {
    // Where the scheme signs an id of the delivery, a recorded one keeps its own: it may be the event's.
    id: headers['webhook-id'] ?? headers['svix-id'] ?? randomUUID(),
    now: Date.now(),
    url: path,
    headers,
  });
  const all = { ...headers, ...signature };
  return Promise.all(Array.from({ length: times }, () => post(url, body, all)));
}

async function post(url: URL, body: Buffer, headers: Record<string, string>): Promise<Answer> {
  try {
    const response = await fetch(url, { method: 'POST', body: new Uint8Array(body), headers });
    return { ok: response.ok, text: `${response.status} ${await response.text()}` };
  } catch (cause) {
    throw new ConfigurationError(
      `No receiver answers at ${url.origin}. Start "npm start", or give its address with --url.`,
      { cause },
    );
  }
}
