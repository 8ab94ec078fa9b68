import { githubScheme } from '../verification/github.ts';
import { hmacScheme } from '../verification/hmac.ts';
import type { SignatureScheme } from '../verification/scheme.ts';
import { shopifyScheme } from '../verification/shopify.ts';
import { slackScheme } from '../verification/slack.ts';
import { standardWebhooksScheme } from '../verification/standard-webhooks.ts';
import { stripeScheme } from '../verification/stripe.ts';
import type { GenericSourceSpec } from './generic-schema.ts';

/** The scheme that a description names. @throws ConfigurationError where a secret is malformed */
export function createGenericScheme(
  scheme: GenericSourceSpec['scheme'],
  secrets: readonly string[],
): SignatureScheme {
  switch (scheme.type) {
    case 'hmac':
      return hmacScheme({ ...scheme, secrets });
    case 'standard-webhooks':
      return standardWebhooksScheme({ secrets, toleranceSeconds: scheme.toleranceSeconds });
    case 'stripe':
      return stripeScheme({ secrets, toleranceSeconds: scheme.toleranceSeconds });
    case 'slack':
      return slackScheme({ secrets, toleranceSeconds: scheme.toleranceSeconds });
    case 'github':
      return githubScheme({ secrets });
    case 'shopify':
      return shopifyScheme({ secrets });
  }
}
