import { readStart } from '../destinations/read-start.ts';
import { AlertNotSentError } from '../errors.ts';

/** How much of a refusal goes into the message. */
const excerptCharacters = 200;

/**
 * Posts a body that is JSON already. The address stays out of what is thrown: it may be a secret.
 *
 * @param what - who is told, for the message of a failure: `Slack`
 * @throws AlertNotSentError for everything but 2xx
 */
export async function postJson(
  url: string,
  options: {
    what: string;
    body: Uint8Array<ArrayBuffer>;
    headers?: Record<string, string>;
    signal: AbortSignal;
  },
): Promise<void> {
  const { what, body, headers = {}, signal } = options;
  let response: Response;
  let excerpt: string;
  try {
    response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'user-agent': 'landfall', ...headers },
      body,
      redirect: 'manual',
      signal,
    });
    // Unread, the body would hold its connection.
    if (response.ok) await response.body?.cancel();
    excerpt = response.ok ? '' : await readStart(response, excerptCharacters);
  } catch (cause) {
    throw new AlertNotSentError(`${what} could not be reached, or did not answer in time.`, { cause });
  }
  if (response.ok) return;
  throw new AlertNotSentError(`${what} answered ${response.status}${excerpt === '' ? '.' : `: ${excerpt}`}`);
}
