import { isUtf8 } from 'node:buffer';
import { Webhook } from 'standardwebhooks';
import { ConfigurationError } from '../errors.ts';
import { equalInConstantTime, hmac, readDigest } from './digest.ts';
import { refuse, refuseMissing, refuseSignature, refuseWithoutSecret } from './refusal.ts';
import { findKey, readKeys, type Secrets, signingKey } from './rotation.ts';
import { defaultToleranceSeconds, type SignatureScheme } from './scheme.ts';
import { judgeTimestamp, readTimestamp } from './timestamp.ts';

/**
 * The scheme of Standard Webhooks: `webhook-id`, `webhook-timestamp` and `webhook-signature`, the last a list of
 * `v1,<base64>` separated by spaces. The older names `svix-id`, `svix-timestamp` and `svix-signature` are read as well.
 *
 * @param options.secrets - each `whsec_` and base64, or base64 alone
 * @throws ConfigurationError where a secret is not base64
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export function standardWebhooksScheme(options: {
  secrets: Secrets;
  /** @default 300 */
  toleranceSeconds?: number | undefined;
}): SignatureScheme {
  const { toleranceSeconds = defaultToleranceSeconds } = options;
  const keysNow = readKeys(options.secrets, readKey);
  return {
    name: 'standard-webhooks',
    secretHeaders: ['webhook-signature', 'svix-signature'],
    async verify({ body, headers, now }) {
      const keys = keysNow();
      if (keys.length === 0) return refuseWithoutSecret();
      const family =
        headers['webhook-id'] === undefined && headers['svix-id'] !== undefined ? 'svix' : 'webhook';
      const id = headers[`${family}-id`]?.trim();
      if (!id) return refuseMissing(`${family}-id`);
      const timestamp = headers[`${family}-timestamp`]?.trim();
      if (!timestamp) return refuseMissing(`${family}-timestamp`);
      const header = `${family}-signature`;
      const signature = headers[header]?.trim();
      if (!signature) return refuseMissing(header);

      const seconds = /^\d{1,11}$/.test(timestamp) ? readTimestamp(timestamp) : null;
      if (seconds === null) {
        return refuse('malformed_header', `The header ${family}-timestamp must be a Unix time in seconds.`);
      }
      const digests = readSignatures(signature);
      if (digests === null) {
        return refuse('malformed_header', `The header ${header} must hold at least one "v1,<base64>".`);
      }
      const by = await findKey(keys, (key) => {
        const expected = sign(key, id, seconds, body);
        return digests.map((digest) => equalInConstantTime(digest, expected)).includes(true);
      });
      return by === null
        ? refuseSignature(header)
        : judgeTimestamp(by, seconds, now, toleranceSeconds, `${family}-timestamp`);
    },
    // eslint-disable-next-line @typescript-eslint/require-await -- a missing secret is a rejection, not a throw
    async sign(body, { id, now }) {
      const key = signingKey(keysNow(), 'standard-webhooks');
      const seconds = Math.floor(now / 1000);
      return {
        'webhook-id': id,
        'webhook-timestamp': String(seconds),
        'webhook-signature': `v1,${sign(key, id, seconds, body).toString('base64')}`,
      };
    },
  };
}

function readKey(secret: string, index: number): Buffer {
  const text = secret.startsWith('whsec_') ? secret.slice('whsec_'.length) : secret;
  const key = /^[A-Za-z0-9+/]+={0,2}$/.test(text) ? Buffer.from(text, 'base64') : Buffer.alloc(0);
  if (key.length === 0) {
    throw new ConfigurationError(
      `Signing secret number ${index + 1} of the scheme "standard-webhooks" must be "whsec_" and base64, as the vendor shows it.`,
    );
  }
  return key;
}

/** The `v1` signatures; null where there is none, or one is no HMAC-SHA256 in base64. Other versions are for other verifiers. */
function readSignatures(header: string): Buffer[] | null {
  const digests: Buffer[] = [];
  for (const item of header.split(/,?\s+/)) {
    if (!item.startsWith('v1,')) continue;
    const digest = readDigest(item.slice(3), 'sha256', 'base64');
    if (digest === null) return null;
    digests.push(digest);
  }
  return digests.length === 0 ? null : digests;
}

/**
 * The library's own signing rather than its `verify`, which looks at the clock and says only that something was wrong.
 * It turns bytes into text first, which changes what is not UTF-8: the plain HMAC takes those as they are.
 */
function sign(key: Buffer, id: string, seconds: number, body: Buffer): Buffer {
  if (!isUtf8(body)) return hmac('sha256', key, `${id}.${seconds}.`, body);
  const signature = new Webhook(key, { format: 'raw' }).sign(
    id,
    new Date(seconds * 1000),
    body.toString('utf8'),
  );
  return Buffer.from(signature.slice('v1,'.length), 'base64');
}
