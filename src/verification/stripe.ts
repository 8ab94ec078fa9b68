import Stripe from 'stripe';
import { hmac } from './digest.ts';
import { refuse, refuseMissing, refuseSignature, refuseWithoutSecret } from './refusal.ts';
import { asTheyAre, findKey, type Secrets, signingKey } from './rotation.ts';
import { defaultToleranceSeconds, type SignatureScheme } from './scheme.ts';
import { judgeTimestamp, readTimestamp } from './timestamp.ts';

const header = 'stripe-signature';

/**
 * Stripe's scheme: `Stripe-Signature: t=<time>,v1=<hex>`, with one `v1` for each secret that is valid at Stripe while
 * one is rolled. The library judges the signature; the age is judged here, against the given present and both ways.
 *
 * @see https://docs.stripe.com/webhooks/signature
 */
export function stripeScheme(options: {
  secrets: Secrets;
  /** @default 300 */
  toleranceSeconds?: number | undefined;
}): SignatureScheme {
  const { toleranceSeconds = defaultToleranceSeconds } = options;
  const secretsNow = asTheyAre(options.secrets);
  const cryptoProvider = new ExactBytes();
  return {
    name: 'stripe',
    secretHeaders: [header],
    async verify({ body, headers, now }) {
      const secrets = secretsNow();
      if (secrets.length === 0) return refuseWithoutSecret();
      const signature = headers[header]?.trim();
      if (!signature) return refuseMissing(header);
      const timestamp = readSignedTime(signature);
      if (timestamp === null) {
        return refuse(
          'malformed_header',
          `The header ${header} must be "t=<Unix time>,v1=<64 hexadecimal digits>".`,
        );
      }
      const by = await findKey(secrets, (secret) => {
        try {
          // A tolerance of 0 leaves the age to us.
          return (
            Stripe.webhooks.signature?.verifyHeader(asPayload(body), signature, secret, 0, cryptoProvider) ===
            true
          );
        } catch {
          return false;
        }
      });
      return by === null
        ? refuseSignature(header)
        : judgeTimestamp(by, timestamp, now, toleranceSeconds, header);
    },
    // eslint-disable-next-line @typescript-eslint/require-await -- a missing secret is a rejection, not a throw
    async sign(body, { now }) {
      const secret = signingKey(secretsNow(), 'stripe');
      const timestamp = Math.floor(now / 1000);
      const payload = body.toString('latin1');
      return {
        [header]: Stripe.webhooks.generateTestHeaderString({ payload, secret, timestamp, cryptoProvider }),
      };
    },
  };
}

/**
 * The library hands bytes to its HMAC as text. Text of one character for each byte (Latin-1), turned back into bytes
 * here, makes it the HMAC of exactly the body, be it UTF-8 or not.
 */
class ExactBytes extends Stripe.CryptoProvider {
  override computeHMACSignature(payload: string, secret: string): string {
    return hmac('sha256', secret, Buffer.from(payload, 'latin1')).toString('hex');
  }
}

/** The library takes an empty text for none at all, but takes empty bytes. */
function asPayload(body: Buffer): string | Buffer {
  return body.length === 0 ? body : body.toString('latin1');
}

/** The time in the header; null where the header is not as Stripe writes it. One time only: it must be clear which one is signed. */
function readSignedTime(signature: string): number | null {
  const items = signature.split(',').map((item) => item.split('='));
  const times = items.filter(([key]) => key === 't');
  const signatures = items.filter(([key]) => key === 'v1');
  const wellFormed =
    times.length === 1 &&
    signatures.length > 0 &&
    signatures.every(([, value, ...rest]) => /^[0-9a-f]{64}$/.test(value ?? '') && rest.length === 0);
  return wellFormed ? readTimestamp(times[0]?.[1] ?? '') : null;
}
