import { equalInConstantTime, hmac, readDigest } from './digest.ts';
import { refuse, refuseMissing, refuseSignature, refuseWithoutSecret } from './refusal.ts';
import { asTheyAre, findKey, type Secrets, signingKey } from './rotation.ts';
import { defaultToleranceSeconds, type SignatureScheme } from './scheme.ts';
import { judgeTimestamp, readTimestamp } from './timestamp.ts';

const header = 'paddle-signature';

/**
 * Paddle Billing's scheme: `Paddle-Signature: ts=<time>;h1=<hex>`, the HMAC-SHA256 of `<ts>:<body>`, with one `h1` for each
 * secret that is valid while one is rotated. Paddle's own SDK only compares against the machine's clock and five seconds, which a
 * delivery that waited in a proxy does not meet: five minutes are allowed here, as elsewhere.
 *
 * @see https://developer.paddle.com/webhooks/signature-verification
 */
export function paddleScheme(options: {
  secrets: Secrets;
  /** @default 300 */
  toleranceSeconds?: number | undefined;
}): SignatureScheme {
  const { toleranceSeconds = defaultToleranceSeconds } = options;
  const secretsNow = asTheyAre(options.secrets);
  return {
    name: 'paddle',
    secretHeaders: [header],
    async verify({ body, headers, now }) {
      const secrets = secretsNow();
      if (secrets.length === 0) return refuseWithoutSecret();
      const signature = headers[header]?.trim();
      if (!signature) return refuseMissing(header);
      const signed = readSignature(signature);
      if (signed === null) {
        return refuse(
          'malformed_header',
          `The header ${header} must be "ts=<Unix time>;h1=<64 hexadecimal digits>".`,
        );
      }
      const by = await findKey(secrets, (secret) => {
        const expected = hmac('sha256', secret, `${signed.timestamp}:`, body);
        return signed.digests.map((digest) => equalInConstantTime(digest, expected)).includes(true);
      });
      return by === null
        ? refuseSignature(header)
        : judgeTimestamp(by, signed.seconds, now, toleranceSeconds, header);
    },
    // eslint-disable-next-line @typescript-eslint/require-await -- a missing secret is a rejection, not a throw
    async sign(body, { now }) {
      const secret = signingKey(secretsNow(), 'paddle');
      const timestamp = Math.floor(now / 1000);
      return {
        [header]: `ts=${timestamp};h1=${hmac('sha256', secret, `${timestamp}:`, body).toString('hex')}`,
      };
    },
  };
}

/** null where the header is not as Paddle writes it. One time only: it must be clear which one is signed. */
function readSignature(text: string): { timestamp: string; seconds: number; digests: Buffer[] } | null {
  const items = text.split(';').map((item) => item.trim().split('='));
  const values = (name: string) => items.filter(([key]) => key === name).map(([, value = '']) => value);
  const [timestamp = '', ...others] = values('ts');
  const seconds = readTimestamp(timestamp);
  const digests = values('h1').map((value) => readDigest(value, 'sha256', 'hex'));
  if (seconds === null || others.length > 0 || digests.length === 0) return null;
  const read = digests.filter((digest) => digest !== null);
  return read.length === digests.length ? { timestamp, seconds, digests: read } : null;
}
