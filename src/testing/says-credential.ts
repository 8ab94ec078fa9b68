import type { IncomingHttpHeaders } from 'node:http';
import { inspect } from 'node:util';

/** Headers that say who asks; their values are no secret, or are never one alone. */
const harmless =
  /^(accept.*|connection|content-.*|host|user-agent|sec-.*|.*version|.*-agent|.*idempotency.*|.*client.*)$/;
const shortestSecret = 8;

/** The name of a request header whose value stands somewhere in an error or its causes; null where there is none. */
export function saysCredential(thrown: unknown, headers: IncomingHttpHeaders): string | null {
  const text = inspect(thrown, { depth: 8, maxStringLength: null, breakLength: Infinity });
  for (const [name, value] of Object.entries(headers)) {
    if (typeof value !== 'string' || harmless.test(name)) continue;
    // `Bearer` or `Basic` stands before the secret.
    const secret = value.split(' ').at(-1) ?? '';
    if (secret.length >= shortestSecret && text.includes(secret)) return name;
  }
  return null;
}
