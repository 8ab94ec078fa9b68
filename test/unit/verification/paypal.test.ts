import 'reflect-metadata';
import * as x509 from '@peculiar/x509';
import { createPrivateKey, sign, webcrypto } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ConfigurationError } from '../../../src/errors.ts';
import { paypalScheme } from '../../../src/verification/paypal.ts';

const algorithm = {
  name: 'RSASSA-PKCS1-v1_5',
  hash: 'SHA-256',
  publicExponent: new Uint8Array([1, 0, 1]),
  modulusLength: 2048,
};
const now = Date.UTC(2026, 5, 1);
const [notBefore, notAfter] = [new Date('2026-01-01T00:00:00Z'), new Date('2027-01-01T00:00:00Z')];
const name = 'messageverificationcerts.paypal.com';
const body = Buffer.from('{"id":"WH-1","resource":{"id":"PAY-1","name":"Grüße"}}');
const certificateUrl = 'https://api.paypal.com/v1/notifications/certs/CERT-1';

interface Issued {
  pem: string;
  keys: webcrypto.CryptoKeyPair;
  certificate: x509.X509Certificate;
}

/** A certificate by an authority, or one of an authority's own. */
async function issue(
  subject: string,
  by: Issued | null,
  { ca = false, until = notAfter, issuerAt }: { ca?: boolean; until?: Date; issuerAt?: string } = {},
): Promise<Issued> {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: String(Math.floor(Math.random() * 1e9)),
    subject: `CN=${subject}`,
    issuer: by === null ? `CN=${subject}` : by.certificate.subject,
    notBefore,
    notAfter: until,
    signingAlgorithm: algorithm,
    publicKey: keys.publicKey,
    signingKey: (by?.keys ?? keys).privateKey,
    extensions: [
      new x509.BasicConstraintsExtension(ca, undefined, true),
      new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: subject }]),
      ...(issuerAt === undefined ? [] : [new x509.AuthorityInfoAccessExtension({ caIssuers: issuerAt })]),
    ],
  });
  return { pem: certificate.toString('pem'), keys, certificate };
}

let root: Issued;
let middle: Issued;
let leaf: Issued;
beforeAll(async () => {
  root = await issue('root', null, { ca: true });
  middle = await issue('middle', root, { ca: true });
  leaf = await issue(name, middle);
});

async function headersBy({ keys }: Issued, webhookId = 'WH-ID', signed = body) {
  const pkcs8 = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
  const key = createPrivateKey({ key: Buffer.from(pkcs8), format: 'der', type: 'pkcs8' });
  const text = `transmission-1|2026-06-01T00:00:00Z|${webhookId}|${crc32(signed)}`;
  return {
    'paypal-transmission-id': 'transmission-1',
    'paypal-transmission-time': '2026-06-01T00:00:00Z',
    'paypal-cert-url': certificateUrl,
    'paypal-auth-algo': 'SHA256withRSA',
    'paypal-transmission-sig': sign('sha256', Buffer.from(text), key).toString('base64'),
  };
}

function verify(
  headers: Record<string, string | undefined>,
  {
    chain = [leaf, middle],
    ids = ['WH-ID'],
    bytes = body,
    at = now,
    elsewhere = {},
    authority = root.pem,
  }: {
    /** What the address in the header serves. */
    chain?: { pem: string }[];
    ids?: string[];
    bytes?: Buffer;
    at?: number;
    /** What other addresses serve. */
    elsewhere?: Record<string, string>;
    authority?: string;
  } = {},
) {
  const asked: string[] = [];
  const scheme = paypalScheme({
    webhookIds: ids,
    authorities: [authority],
    fetchCertificate: (url) => {
      asked.push(url.href);
      return Promise.resolve(elsewhere[url.href] ?? chain.map(({ pem }) => pem).join('\n'));
    },
  });
  return scheme.verify({ body: bytes, headers, now: at }).then((result) => ({ ...result, asked }));
}

describe('PayPal’s scheme', () => {
  it('accepts what PayPal’s certificate signed, and says for which webhook', async () => {
    expect(await verify(await headersBy(leaf))).toEqual({
      verified: true,
      secret: 1,
      asked: [certificateUrl],
    });
    expect(await verify(await headersBy(leaf), { ids: ['OTHER', 'WH-ID'] })).toMatchObject({ secret: 2 });
  });

  it('refuses another body, webhook, time or id', async () => {
    const headers = await headersBy(leaf);
    const bad = { verified: false, reason: 'bad_signature' };
    expect(await verify(headers, { bytes: Buffer.concat([body, Buffer.from(' ')]) })).toMatchObject(bad);
    expect(await verify(headers, { ids: ['OTHER'] })).toMatchObject(bad);
    expect(await verify({ ...headers, 'paypal-transmission-id': 'other' })).toMatchObject(bad);
    expect(await verify({ ...headers, 'paypal-transmission-time': '2026-06-01T00:00:01Z' })).toMatchObject(
      bad,
    );
  });

  it('trusts a certificate only by a whole chain to an authority', async () => {
    const stranger = await issue('stranger', null, { ca: true });
    const forged = await issue(name, stranger);
    const bad = { reason: 'bad_signature' };
    expect(await verify(await headersBy(forged), { chain: [forged, stranger] })).toMatchObject(bad);
    expect(await verify(await headersBy(forged), { chain: [forged, middle] })).toMatchObject(bad);
    expect(await verify(await headersBy(leaf), { chain: [leaf] })).toMatchObject(bad);
    expect(await verify(await headersBy(leaf), { chain: [] })).toMatchObject(bad);
    // Its own certificate is good, but it may not issue others.
    const below = await issue(name, leaf);
    expect(await verify(await headersBy(below), { chain: [below, leaf, middle] })).toMatchObject(bad);
  });

  it('fetches the issuers that PayPal does not serve, and trusts them by the same chain', async () => {
    const at = { middle: 'http://authority.example/middle.crt', lower: 'http://authority.example/lower.crt' };
    const lower = await issue('lower', middle, { ca: true, issuerAt: at.middle });
    const alone = await issue(name, lower, { issuerAt: at.lower });
    const headers = await headersBy(alone);
    const elsewhere = { [at.lower]: lower.pem, [at.middle]: middle.pem };
    expect(await verify(headers, { chain: [alone], elsewhere })).toEqual({
      verified: true,
      secret: 1,
      asked: [certificateUrl, at.lower, at.middle],
    });
    const stranger = await issue('lower', null, { ca: true });
    for (const wrong of [stranger.pem, leaf.pem, alone.pem, 'no certificate']) {
      const result = await verify(headers, { chain: [alone], elsewhere: { [at.lower]: wrong } });
      expect(result).toMatchObject({ verified: false, reason: 'bad_signature' });
      // A certificate that names itself as its issuer leads nowhere, and not for ever.
      expect(result.asked.length).toBeLessThanOrEqual(4);
    }
  });

  it('fetches nothing for a certificate that is not PayPal’s', async () => {
    const other = await issue('www.paypal.com', middle, { issuerAt: 'http://authority.example/middle.crt' });
    expect(await verify(await headersBy(other), { chain: [other] })).toMatchObject({
      ...{ reason: 'bad_signature', asked: [certificateUrl] },
    });
  });

  it('takes the sandbox’s certificate from the sandbox alone', async () => {
    const sandbox = await issue('messageverificationcerts.sandbox.paypal.com', middle);
    const headers = await headersBy(sandbox);
    const url = 'https://api.sandbox.paypal.com/v1/notifications/certs/CERT-1';
    const chain = [sandbox, middle];
    expect(await verify({ ...headers, 'paypal-cert-url': url }, { chain })).toMatchObject({ verified: true });
    expect(await verify(headers, { chain })).toMatchObject({ reason: 'bad_signature' });
    expect(await verify({ ...(await headersBy(leaf)), 'paypal-cert-url': url })).toMatchObject({
      reason: 'bad_signature',
    });
  });

  it('trusts no certificate of another name, and none before or after its time', async () => {
    const other = await issue('www.paypal.com', middle);
    expect(await verify(await headersBy(other), { chain: [other, middle] })).toMatchObject({
      reason: 'bad_signature',
    });
    const headers = await headersBy(leaf);
    for (const at of [Date.UTC(2025, 11, 31), Date.UTC(2027, 0, 2)]) {
      expect(await verify(headers, { at })).toMatchObject({ reason: 'bad_signature' });
    }
  });

  it.each([
    'http://api.paypal.com/cert',
    'https://api.paypal.com.example.com/cert',
    'https://user@evil.example.com/cert',
    'https://api.paypal.com:8443/cert',
    'https://__proto__/cert',
    'https://constructor/cert',
    'file:///etc/passwd',
    'nonsense',
  ])('fetches nothing from %s', async (url) => {
    const result = await verify({ ...(await headersBy(leaf)), 'paypal-cert-url': url });
    expect(result).toMatchObject({ verified: false, reason: 'malformed_header', asked: [] });
  });

  it('names the header that is missing or malformed', async () => {
    const headers = await headersBy(leaf);
    for (const header of Object.keys(headers)) {
      const result = await verify({ ...headers, [header]: undefined });
      expect(result).toMatchObject({ reason: 'missing_header', asked: [] });
      expect(JSON.stringify(result)).toContain(header);
    }
    for (const [header, value] of [
      ['paypal-auth-algo', 'none'],
      ['paypal-transmission-sig', 'x'],
      ['paypal-transmission-time', 'yesterday'],
    ] as const) {
      expect(await verify({ ...headers, [header]: value })).toMatchObject({ reason: 'malformed_header' });
    }
  });

  it('lets nothing in without a webhook’s id, and cannot sign', async () => {
    expect(await verify(await headersBy(leaf), { ids: [] })).toMatchObject({
      reason: 'no_secret_configured',
    });
    const scheme = paypalScheme({ webhookIds: ['WH-ID'], fetchCertificate: () => Promise.resolve('') });
    await expect(scheme.sign(body, { id: '', now })).rejects.toThrow(ConfigurationError);
  });
});

// See test/fixtures/paypal/README.md.
describe('The delivery that PayPal publishes', () => {
  const read = (file: string) =>
    readFileSync(new URL(`../../fixtures/paypal/${file}`, import.meta.url), 'utf8');
  const delivery = z
    .object({ webhookId: z.string(), headers: z.record(z.string(), z.string()), body: z.string() })
    .parse(JSON.parse(read('delivery.json')));
  const issuerAt = 'http://cacerts.digicert.com/DigiCertSHA2ExtendedValidationServerCA.crt';
  const judge = (bytes: Buffer, ids = [delivery.webhookId]) =>
    verify(delivery.headers, {
      ...{ bytes, ids, at: Date.UTC(2015, 4, 18, 15, 46), authority: read('root.pem') },
      ...{ chain: [{ pem: read('certificate.pem') }], elsewhere: { [issuerAt]: read('issuer.pem') } },
    });

  it('is accepted, with the certificate as PayPal serves it', async () => {
    expect(await judge(Buffer.from(delivery.body))).toEqual({
      ...{ verified: true, secret: 1 },
      asked: [delivery.headers['paypal-cert-url'], issuerAt],
    });
  });

  it('is refused with one changed byte, and for another webhook', async () => {
    const changed = Buffer.from(delivery.body.replace('"20.00"', '"20.01"'));
    expect(await judge(changed)).toMatchObject({ reason: 'bad_signature' });
    expect(await judge(Buffer.from(delivery.body), ['4JH86294D6297924H'])).toMatchObject({
      reason: 'bad_signature',
    });
  });
});
