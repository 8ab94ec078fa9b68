import { LRUCache } from 'lru-cache';
import { VendorUnavailableError } from '../errors.ts';

const cached = { max: 20, ttl: 3_600_000 };
const timeoutMilliseconds = 5_000;
const maxCharacters = 100_000;

/**
 * Gets PayPal's certificates over HTTPS, and remembers each for an hour.
 *
 * @throws VendorUnavailableError from what it returns: the delivery is then answered with an error, and PayPal sends it again
 */
export function paypalCertificates(): (url: URL) => Promise<string> {
  const known = new LRUCache<string, string>({ ...cached, fetchMethod: (address) => get(address) });
  return async (url) => (await known.fetch(url.href)) ?? '';
}

async function get(address: string): Promise<string> {
  let why: string;
  try {
    const response = await fetch(address, {
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMilliseconds),
    });
    const text = await response.text();
    if (response.ok && text.length <= maxCharacters) return text;
    why = `answered ${response.status}`;
  } catch (error) {
    why = error instanceof Error ? error.message : String(error);
  }
  throw new VendorUnavailableError(
    `PayPal's certificate cannot be had from ${new URL(address).host}: ${why}.`,
  );
}
