import { isUtf8 } from 'node:buffer';
import { sign, verify } from '@octokit/webhooks-methods';
import { equalInConstantTime, hmac, readDigest } from './digest.ts';
import { refuse, refuseMissing, refuseSignature, refuseWithoutSecret } from './refusal.ts';
import { asTheyAre, findKey, type Secrets, signingKey } from './rotation.ts';
import type { SignatureScheme } from './scheme.ts';

const header = 'x-hub-signature-256';
const prefix = 'sha256=';

/**
 * GitHub's scheme: `X-Hub-Signature-256`, `sha256=` and the HMAC-SHA256 of the body in hex. No time is signed, so a
 * replay is caught by the event's id alone. The older SHA-1 header is not accepted.
 *
 * @see https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
 */
export function githubScheme(options: { secrets: Secrets }): SignatureScheme {
  const secretsNow = asTheyAre(options.secrets);
  return {
    name: 'github',
    secretHeaders: [header, 'x-hub-signature'],
    async verify({ body, headers }) {
      const secrets = secretsNow();
      if (secrets.length === 0) return refuseWithoutSecret();
      const signature = headers[header]?.trim();
      if (!signature) return refuseMissing(header);
      const digest = signature.startsWith(prefix)
        ? readDigest(signature.slice(prefix.length), 'sha256', 'hex')
        : null;
      if (digest === null) {
        return refuse(
          'malformed_header',
          `The header ${header} must be "sha256=" and 64 hexadecimal digits.`,
        );
      }
      const text = textOf(body);
      const by = await findKey(secrets, (secret) =>
        text === null
          ? equalInConstantTime(digest, hmac('sha256', secret, body))
          : verify(secret, text, signature.toLowerCase()),
      );
      return by === null ? refuseSignature(header) : { verified: true, secret: by };
    },
    async sign(body) {
      const secret = signingKey(secretsNow(), 'github');
      const text = textOf(body);
      return {
        [header]:
          text === null ? prefix + hmac('sha256', secret, body).toString('hex') : await sign(secret, text),
      };
    },
  };
}

/**
 * The body as the library takes it: text, and not an empty one. Bytes that are not UTF-8 would change on their way into
 * text, and other bytes than the signed ones could pass, so those are left to the plain HMAC.
 */
function textOf(body: Buffer): string | null {
  return body.length > 0 && isUtf8(body) ? body.toString('utf8') : null;
}
