import { githubScheme } from '../verification/github.ts';
import { hmacScheme } from '../verification/hmac.ts';
import type { Secrets } from '../verification/rotation.ts';
import { paddleScheme } from '../verification/paddle.ts';
import { paypalScheme } from '../verification/paypal.ts';
import type { SignatureScheme } from '../verification/scheme.ts';
import { sendgridScheme } from '../verification/sendgrid.ts';
import { shopifyScheme } from '../verification/shopify.ts';
import { slackScheme } from '../verification/slack.ts';
import { standardWebhooksScheme } from '../verification/standard-webhooks.ts';
import { stripeScheme } from '../verification/stripe.ts';
import { twilioScheme } from '../verification/twilio.ts';
import type { GenericSourceSpec } from './generic-schema.ts';
import { paypalCertificates } from './paypal-certificates.ts';

/** The scheme that a description names. @throws ConfigurationError where a secret is malformed */
export function createGenericScheme(scheme: GenericSourceSpec['scheme'], secrets: Secrets): SignatureScheme {
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
    case 'paddle':
      return paddleScheme({ secrets, toleranceSeconds: scheme.toleranceSeconds });
    case 'twilio':
      return twilioScheme({ secrets, publicUrl: scheme.publicUrl });
    case 'sendgrid':
      return sendgridScheme({ publicKeys: secrets, toleranceSeconds: scheme.toleranceSeconds });
    case 'paypal':
      return paypalScheme({
        webhookIds: secrets,
        toleranceSeconds: scheme.toleranceSeconds,
        fetchCertificate: paypalCertificates(),
      });
  }
}
