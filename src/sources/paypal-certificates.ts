import { X509Certificate } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { VendorUnavailableError } from '../errors.ts';

const cached = { max: 20, ttl: 3_600_000 };
const timeoutMilliseconds = 5_000;
const maxBytes = 100_000;

/**
 * Gets certificates, PayPal's over HTTPS and those of its issuers from where they are, and remembers each for an hour.
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
    const bytes = Buffer.from(await response.arrayBuffer());
    if (response.ok && bytes.length <= maxBytes) return asPem(bytes);
    why = response.ok ? `is of ${bytes.length} bytes` : `answered ${response.status}`;
  } catch (error) {
    why = error instanceof Error ? error.message : String(error);
  }
  throw new VendorUnavailableError(
    `A certificate of PayPal's cannot be had from ${new URL(address).host}: ${why}.`,
  );
}

/** PayPal serves PEM, authorities the bytes themselves. */
function asPem(bytes: Buffer): string {
  return bytes.includes('-----BEGIN CERTIFICATE-----')
    ? bytes.toString('utf8')
    : new X509Certificate(bytes).toString();
}
