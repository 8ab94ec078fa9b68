import { hmacScheme } from './hmac.ts';
import type { Secrets } from './rotation.ts';
import type { SignatureScheme } from './scheme.ts';

/**
 * Shopify's scheme: `X-Shopify-Hmac-Sha256`, the HMAC-SHA256 of the body in base64, keyed with the app's client secret.
 * No time is signed. After a rotation Shopify may sign with the old secret for up to an hour, so keep both for a while.
 *
 * @see https://shopify.dev/docs/apps/build/webhooks/verify-deliveries
 */
export function shopifyScheme({ secrets }: { secrets: Secrets }): SignatureScheme {
  return hmacScheme({
    name: 'shopify',
    secrets,
    header: 'x-shopify-hmac-sha256',
    algorithm: 'sha256',
    encoding: 'base64',
  });
}
