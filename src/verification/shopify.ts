import { hmacScheme } from './hmac.ts';
import type { Secrets } from './rotation.ts';
import type { SignatureScheme } from './scheme.ts';

const webhooksHeader = 'x-shopify-hmac-sha256';
const eventsHeader = 'shopify-hmac-sha256';

/**
 * Shopify's scheme: the HMAC-SHA256 of the body in base64, keyed with the app's client secret, in `X-Shopify-Hmac-Sha256` of
 * a webhook and in `Shopify-Hmac-Sha256` of an "Event". No time and no other header is signed.
 *
 * Shopify signs with the oldest secret that is not revoked, and for up to an hour after it was: both have to be accepted.
 *
 * @see https://shopify.dev/docs/apps/build/webhooks/verify-deliveries
 * @see https://shopify.dev/docs/apps/build/events/verify-deliveries
 */
export function shopifyScheme({ secrets }: { secrets: Secrets }): SignatureScheme {
  const of = (header: string) =>
    hmacScheme({ name: 'shopify', secrets, header, algorithm: 'sha256', encoding: 'base64' });
  const webhooks = of(webhooksHeader);
  const events = of(eventsHeader);
  return {
    ...webhooks,
    secretHeaders: [webhooksHeader, eventsHeader],
    // Where both are there, its own library looks at that of the Event.
    verify: (request) => (request.headers[eventsHeader] === undefined ? webhooks : events).verify(request),
  };
}
