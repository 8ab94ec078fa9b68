import { createHmac } from 'node:crypto';
import { expect, it } from 'vitest';
import { shopifyScheme } from '../../../src/verification/shopify.ts';
import { verificationContract } from '../../contracts/verification.contract.ts';

verificationContract('Shopify', {
  make: (secrets) => shopifyScheme({ secrets }),
  secrets: ['shpss_first', 'shpss_second'],
  signatureHeader: 'x-shopify-hmac-sha256',
  timestamp: null,
});

// Shopify publishes no test values; this is its documented recipe, word for word:
// https://shopify.dev/docs/apps/build/webhooks/verify-deliveries
it('accepts the base64 of the HMAC-SHA256 of the raw body, keyed with the client secret', async () => {
  const body = Buffer.from('{"id":820982911946154508}');
  const headers = {
    'x-shopify-hmac-sha256': createHmac('sha256', 'shpss_first').update(body).digest('base64'),
  };
  const scheme = shopifyScheme({ secrets: ['shpss_first'] });
  expect(await scheme.verify({ body, headers, now: 0 })).toMatchObject({ verified: true });
});
