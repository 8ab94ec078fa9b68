import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { hmacScheme } from '../../../src/verification/hmac.ts';
import { verificationContract } from '../../contracts/verification.contract.ts';

const secrets: [string, string] = ['first secret', 'second secret'];

verificationContract('HMAC of the body alone', {
  make: (each) =>
    hmacScheme({ secrets: each, header: 'X-Signature', algorithm: 'sha512', encoding: 'base64url' }),
  secrets,
  signatureHeader: 'x-signature',
  timestamp: null,
});

verificationContract('HMAC of time and body', {
  make: (each) =>
    hmacScheme({
      secrets: each,
      header: 'X-Signature',
      algorithm: 'sha1',
      encoding: 'hex',
      prefix: 'sha1=',
      timestamp: { header: 'X-Time' },
    }),
  secrets,
  signatureHeader: 'x-signature',
  timestamp: {
    header: 'x-time',
    forge: (headers, seconds) => ({ ...headers, 'x-time': String(seconds) }),
  },
});

verificationContract('HMAC of address, time and body', {
  make: (each) =>
    hmacScheme({
      secrets: each,
      header: 'X-Signature',
      algorithm: 'sha256',
      encoding: 'hex',
      timestamp: { header: 'X-Time' },
      lead: ({ url = '' }) => `https://hooks.example.com${url}|`,
    }),
  secrets,
  signatureHeader: 'x-signature',
  timestamp: {
    header: 'x-time',
    forge: (headers, seconds) => ({ ...headers, 'x-time': String(seconds) }),
  },
});

describe('HMAC', () => {
  it('signs what leads, with the address or a header in it', async () => {
    const scheme = hmacScheme({
      secrets,
      header: 'x-signature',
      algorithm: 'sha256',
      encoding: 'hex',
      lead: ({ url = '', headers }) => `${url}${headers['x-topic'] ?? ''}.`,
    });
    const body = Buffer.from('{}');
    const [url, headers] = ['/webhooks/acme', { 'x-topic': 'paid' }];
    const signed = await scheme.sign(body, { id: '', now: 0, url, headers });
    expect(signed['x-signature']).toBe(
      createHmac('sha256', secrets[0]).update('/webhooks/acmepaid.{}').digest('hex'),
    );
    const all = { ...headers, ...signed };
    expect(await scheme.verify({ body, headers: all, now: 0, url })).toMatchObject({ verified: true });
    for (const other of [
      { headers: all, url: '/webhooks/other' },
      { headers: { ...all, 'x-topic': 'due' }, url },
    ]) {
      expect(await scheme.verify({ body, now: 0, ...other })).toMatchObject({ reason: 'bad_signature' });
    }
  });

  it('agrees with the second case of RFC 4231', async () => {
    const scheme = hmacScheme({
      secrets: ['Jefe'],
      header: 'x-signature',
      algorithm: 'sha256',
      encoding: 'hex',
    });
    const headers = { 'x-signature': '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843' };
    const body = Buffer.from('what do ya want for nothing?');
    expect(await scheme.verify({ body, headers, now: 0 })).toMatchObject({ verified: true });
    expect(await scheme.sign(body, { id: '', now: 0 })).toEqual(headers);
  });

  it('takes a time in milliseconds, and its own tolerance', async () => {
    const scheme = hmacScheme({
      secrets,
      header: 'x-signature',
      algorithm: 'sha256',
      encoding: 'hex',
      timestamp: { header: 'x-time', toleranceSeconds: 10 },
    });
    const at = Date.UTC(2026, 0, 15);
    const body = Buffer.from('{}');
    const headers = {
      'x-time': String(at),
      'x-signature': createHmac('sha256', secrets[0]).update(`${at}.{}`).digest('hex'),
    };
    expect(await scheme.verify({ body, headers, now: at + 10_000 })).toMatchObject({ verified: true });
    expect(await scheme.verify({ body, headers, now: at + 11_000 })).toMatchObject({
      reason: 'stale_timestamp',
    });
  });
});
