import { expect, it } from 'vitest';
import { shopifyScheme } from '../../../src/verification/shopify.ts';
import { verificationContract } from '../../contracts/verification.contract.ts';

verificationContract('Shopify', {
  make: (secrets) => shopifyScheme({ secrets }),
  secrets: ['shpss_first', 'shpss_second'],
  signatureHeader: 'x-shopify-hmac-sha256',
  timestamp: null,
});

// The values of Shopify's own library; the library itself is in test/sdks.
// https://github.com/Shopify/shopify-app-js/blob/main/packages/apps/shopify-api/lib/webhooks/__tests__/validate.test.ts
it('agrees with the values that Shopify publishes', async () => {
  const body = Buffer.from('{"foo": "bar"}');
  const headers = { 'x-shopify-hmac-sha256': 'B23tXN681gZ0qIWNRrgtzBE9XSDo5yaUu6wfmhu3a7g=' };
  const scheme = shopifyScheme({ secrets: ['test_secret_key'] });
  expect(await scheme.verify({ body, headers, now: 0 })).toMatchObject({ verified: true });
  expect(await scheme.sign(body, { id: '', now: 0 })).toEqual(headers);
});

// https://github.com/Shopify/shopify-app-js/pull/3028
it('reads the header of an Event, and takes nothing else in its place', async () => {
  const body = Buffer.from('{"foo": "bar"}');
  const signature = 'B23tXN681gZ0qIWNRrgtzBE9XSDo5yaUu6wfmhu3a7g=';
  const scheme = shopifyScheme({ secrets: ['of_today', 'test_secret_key'] });
  const judge = (headers: Record<string, string>, bytes = body) =>
    scheme.verify({ body: bytes, headers, now: 0 });
  expect(await judge({ 'shopify-hmac-sha256': signature })).toEqual({ verified: true, secret: 2 });
  expect(await judge({ 'shopify-hmac-sha256': signature }, Buffer.from('{}'))).toMatchObject({
    reason: 'bad_signature',
  });
  const both = { 'x-shopify-hmac-sha256': signature, 'shopify-hmac-sha256': 'x'.repeat(43) + '=' };
  expect(await judge(both)).toMatchObject({ verified: false });
  // What comes twice is joined on its way here.
  for (const header of ['x-shopify-hmac-sha256', 'shopify-hmac-sha256']) {
    expect(await judge({ [header]: `${signature}, ${signature}` })).toMatchObject({
      reason: 'malformed_header',
    });
    expect(scheme.secretHeaders).toContain(header);
  }
});
