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
