import { createHash } from 'node:crypto';
import { equalInConstantTime, hmac, readDigest } from './digest.ts';
import { refuse, refuseMissing, refuseSignature, refuseWithoutSecret } from './refusal.ts';
import { asTheyAre, findKey, type Secrets, signingKey } from './rotation.ts';
import type { SignatureScheme, SignedRequest } from './scheme.ts';

const header = 'x-twilio-signature';

/**
 * Twilio's scheme: `X-Twilio-Signature`, the HMAC-SHA1 in base64 of the address that Twilio was given, with its query, and behind
 * it the form's fields by name, each name and value without anything between. Of a body that is no form, the query holds the
 * SHA-256 as `bodySHA256`. No time is signed. Whether the address is signed with its port depends on the product: as in Twilio's
 * library, both are accepted.
 *
 * @param options.publicUrl - what stands before `/webhooks/…` in the address that Twilio was given, such as `https://hooks.example.com`
 * @see https://www.twilio.com/docs/usage/webhooks/webhooks-security
 */
export function twilioScheme(options: { secrets: Secrets; publicUrl: string }): SignatureScheme {
  const secretsNow = asTheyAre(options.secrets);
  const publicUrl = options.publicUrl.replace(/\/+$/, '');
  const publicUrls = withAndWithoutPort(publicUrl);
  return {
    name: 'twilio',
    secretHeaders: [header],
    async verify({ body, headers, url = '' }) {
      const secrets = secretsNow();
      if (secrets.length === 0) return refuseWithoutSecret();
      const signature = headers[header]?.trim();
      if (!signature) return refuseMissing(header);
      const digest = readDigest(signature, 'sha1', 'base64');
      if (digest === null) {
        return refuse('malformed_header', `The header ${header} must be an HMAC-SHA1 in base64.`);
      }
      const signed = publicUrls.flatMap((each) => signedText(each + url, { body, headers }) ?? []);
      const by = await findKey(secrets, (secret) =>
        signed.map((text) => equalInConstantTime(digest, hmac('sha1', secret, text))).includes(true),
      );
      return by === null ? refuseSignature(header) : { verified: true, secret: by };
    },
    // eslint-disable-next-line @typescript-eslint/require-await -- a missing secret is a rejection, not a throw
    async sign(body, { url = '', headers = {} }) {
      const secret = signingKey(secretsNow(), 'twilio');
      const signed = signedText(publicUrl + url, { body, headers }) ?? publicUrl + url;
      return { [header]: hmac('sha1', secret, signed).toString('base64') };
    },
  };
}

function withAndWithoutPort(publicUrl: string): string[] {
  const { protocol, hostname, port, pathname } = new URL(publicUrl);
  const path = pathname.replace(/\/+$/, '');
  const usual = protocol === 'https:' ? '443' : '80';
  return [
    publicUrl,
    `${protocol}//${hostname}${path}`,
    `${protocol}//${hostname}:${port === '' ? usual : port}${path}`,
  ];
}

/** null where the body is not the one whose hash was signed. */
function signedText(
  address: string,
  { body, headers }: Pick<SignedRequest, 'body' | 'headers'>,
): string | null {
  const type = headers['content-type'] ?? '';
  if (!/^application\/x-www-form-urlencoded\b/i.test(type)) {
    const hash = URL.canParse(address) ? new URL(address).searchParams.get('bodySHA256') : null;
    if (hash === null) return body.length === 0 ? address : null;
    const expected = readDigest(hash, 'sha256', 'hex');
    const own = createHash('sha256').update(body).digest();
    return expected !== null && equalInConstantTime(expected, own) ? address : null;
  }
  const fields = new Map<string, Set<string>>();
  for (const [name, value] of new URLSearchParams(body.toString('utf8'))) {
    fields.set(name, (fields.get(name) ?? new Set()).add(value));
  }
  const byName = [...fields].sort(([a], [b]) => (a < b ? -1 : 1));
  return (
    address +
    byName
      .map(([name, values]) =>
        [...values]
          .sort()
          .map((value) => name + value)
          .join(''),
      )
      .join('')
  );
}
