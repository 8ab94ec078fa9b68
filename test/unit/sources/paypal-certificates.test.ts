import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { VendorUnavailableError } from '../../../src/errors.ts';
import { paypalCertificates } from '../../../src/sources/paypal-certificates.ts';
import { startHttpVendor, type VendorReply } from '../../support/http-vendor.ts';

const pem = readFileSync(new URL('../../fixtures/paypal/issuer.pem', import.meta.url), 'utf8');
const { raw, fingerprint256 } = new X509Certificate(pem);

async function fetchFrom(reply: VendorReply): Promise<string> {
  await using host = await startHttpVendor(() => reply);
  return await paypalCertificates()(new URL('/certificate', host.url));
}

describe('A certificate', () => {
  it('is had as PEM or as its bytes, as authorities serve it', async () => {
    for (const reply of [{ text: pem }, { bytes: raw }]) {
      expect(new X509Certificate(await fetchFrom(reply)).fingerprint256).toBe(fingerprint256);
    }
  });

  it('is asked for once in an hour, at each address', async () => {
    await using host = await startHttpVendor(() => ({ text: pem }));
    const fetchCertificate = paypalCertificates();
    for (const path of ['/a', '/a', '/b', '/a']) await fetchCertificate(new URL(path, host.url));
    expect(host.requests.map(({ url }) => url.pathname)).toEqual(['/a', '/b']);
  });

  it.each<[string, VendorReply]>([
    ['not found', { status: 404 }],
    ['at another address', { status: 302, headers: { location: 'http://127.0.0.1:1/' } }],
    ['no certificate', { text: '<html></html>' }],
    ['too large', { text: 'x'.repeat(100_001) }],
    ['cut off', 'reset'],
  ])('that is %s is an outage, which PayPal answers by sending again', async (_, reply) => {
    await expect(fetchFrom(reply)).rejects.toThrow(VendorUnavailableError);
  });

  it('is asked for again after an outage', async () => {
    let answers = 0;
    await using host = await startHttpVendor(() => ((answers += 1) === 1 ? { status: 503 } : { text: pem }));
    const fetchCertificate = paypalCertificates();
    const url = new URL('/certificate', host.url);
    await expect(fetchCertificate(url)).rejects.toThrow(VendorUnavailableError);
    expect(await fetchCertificate(url)).toBe(pem);
  });
});
