import { createPublicKey, type KeyObject, verify as verifySignature } from 'node:crypto';
import { ConfigurationError } from '../errors.ts';
import { refuse, refuseMissing, refuseSignature, refuseWithoutSecret } from './refusal.ts';
import { findKey, readKeys, type Secrets } from './rotation.ts';
import type { SignatureScheme } from './scheme.ts';
import { judgeTimestamp, readTimestamp } from './timestamp.ts';

const header = 'x-twilio-email-event-webhook-signature';
const timeHeader = 'x-twilio-email-event-webhook-timestamp';

/**
 * SendGrid's scheme for its Event Webhook: an ECDSA signature (P-256, SHA-256, DER in base64) of the timestamp and the body,
 * verified with the public key that SendGrid shows. SendGrid's own library does this with a pure JavaScript ECDSA; Node's
 * OpenSSL judges the same signatures here.
 *
 * @param options.publicKeys - each as SendGrid shows it: base64, without the lines of a PEM
 * @throws ConfigurationError where one is no public key
 * @see https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/getting-started-event-webhook-security-features
 */
export function sendgridScheme(options: {
  publicKeys: Secrets;
  /** SendGrid says nothing of how old a delivery may be when it is tried again. @default not judged */
  toleranceSeconds?: number | undefined;
}): SignatureScheme {
  const { toleranceSeconds = Number.POSITIVE_INFINITY } = options;
  const keysNow = readKeys(options.publicKeys, readKey);
  return {
    name: 'sendgrid',
    secretHeaders: [header],
    async verify({ body, headers, now }) {
      const keys = keysNow();
      if (keys.length === 0) return refuseWithoutSecret();
      const signature = headers[header]?.trim();
      if (!signature) return refuseMissing(header);
      const timestamp = headers[timeHeader]?.trim();
      if (!timestamp) return refuseMissing(timeHeader);
      // The shortest and the longest that two numbers of 32 bytes take in DER.
      if (!/^[A-Za-z0-9+/]{12,}={0,2}$/.test(signature) || signature.length > 100) {
        return refuse('malformed_header', `The header ${header} must be an ECDSA signature in base64.`);
      }
      const seconds = readTimestamp(timestamp);
      if (seconds === null) {
        return refuse('malformed_header', `The header ${timeHeader} must be a Unix time in digits.`);
      }
      const signed = Buffer.concat([Buffer.from(timestamp), body]);
      const by = await findKey(keys, (key) =>
        verifySignature('sha256', signed, key, Buffer.from(signature, 'base64')),
      );
      return by === null
        ? refuseSignature(header)
        : judgeTimestamp(by, seconds, now, toleranceSeconds, timeHeader);
    },
    sign() {
      return Promise.reject(
        new ConfigurationError('Only SendGrid can sign as SendGrid: its private key never leaves it.'),
      );
    },
  };
}

function readKey(text: string, index: number): KeyObject {
  try {
    const key = createPublicKey({ key: Buffer.from(text, 'base64'), format: 'der', type: 'spki' });
    if (key.asymmetricKeyType === 'ec') return key;
  } catch {
    // Said below, without the text.
  }
  throw new ConfigurationError(
    `Public key number ${index + 1} of the scheme "sendgrid" must be the base64 that SendGrid shows as the verification key.`,
  );
}
