import {
  type DigestAlgorithm,
  type DigestEncoding,
  equalInConstantTime,
  hmac,
  readDigest,
} from './digest.ts';
import { refuse, refuseMissing, refuseSignature, refuseWithoutSecret } from './refusal.ts';
import { asTheyAre, findKey, type Secrets, signingKey } from './rotation.ts';
import { defaultToleranceSeconds, type SignatureScheme, type SignedRequest } from './scheme.ts';
import { judgeTimestamp, readTimestamp } from './timestamp.ts';

/** How a vendor lays out an HMAC: enough for most vendors without a scheme of their own. */
export interface HmacSchemeOptions {
  /** The newest first; any of them is accepted. */
  secrets: Secrets;
  /** The header with the signature. */
  header: string;
  algorithm: DigestAlgorithm;
  encoding: DigestEncoding;
  /** What stands before the digest in the header, such as `sha256=`. @default nothing */
  prefix?: string | undefined;
  /** Where the vendor signs a time with the body. Without it a delivery can be replayed at any time: its event id then catches it. */
  timestamp?:
    | {
        /** The header with the Unix time. */
        header: string;
        /** @default 300 */
        toleranceSeconds?: number | undefined;
        /** What is signed before the body. @default `<timestamp>.` */
        lead?: ((timestamp: string) => string) | undefined;
      }
    | undefined;
  /**
   * What is signed before all else, where the vendor signs more than body and time: the address it was given, or a header.
   * @default nothing
   */
  lead?: ((delivery: Pick<SignedRequest, 'headers' | 'url'>) => string) | undefined;
  /** @default 'hmac' */
  name?: string | undefined;
}

/** An HMAC of the exact bytes of the body, behind `lead`, and behind `<timestamp>.` where the vendor signs a time. */
export function hmacScheme(options: HmacSchemeOptions): SignatureScheme {
  const { algorithm, encoding, prefix = '', lead = () => '', name = 'hmac' } = options;
  const secretsNow = asTheyAre(options.secrets);
  const header = options.header.toLowerCase();
  const time = options.timestamp && {
    header: options.timestamp.header.toLowerCase(),
    toleranceSeconds: options.timestamp.toleranceSeconds ?? defaultToleranceSeconds,
    lead: options.timestamp.lead ?? ((timestamp: string) => `${timestamp}.`),
  };

  return {
    name,
    secretHeaders: [header],
    async verify({ body, headers, now, url }) {
      const secrets = secretsNow();
      if (secrets.length === 0) return refuseWithoutSecret();
      const signature = headers[header]?.trim();
      if (!signature) return refuseMissing(header);
      const digest = signature.startsWith(prefix)
        ? readDigest(signature.slice(prefix.length), algorithm, encoding)
        : null;
      if (digest === null) {
        const shape = `${prefix === '' ? '' : `"${prefix}" and `}an HMAC-${algorithm.toUpperCase()} in ${encoding}`;
        return refuse('malformed_header', `The header ${header} must be ${shape}.`);
      }
      const first = lead({ headers, url });
      if (time === undefined) {
        const by = await findKey(secrets, (secret) =>
          equalInConstantTime(digest, hmac(algorithm, secret, first, body)),
        );
        return by === null ? refuseSignature(header) : { verified: true, secret: by };
      }
      const timestamp = headers[time.header]?.trim();
      if (!timestamp) return refuseMissing(time.header);
      const seconds = readTimestamp(timestamp);
      if (seconds === null) {
        return refuse('malformed_header', `The header ${time.header} must be a Unix time in digits.`);
      }
      const before = time.lead(timestamp);
      const by = await findKey(secrets, (secret) =>
        equalInConstantTime(digest, hmac(algorithm, secret, first, before, body)),
      );
      return by === null
        ? refuseSignature(header)
        : judgeTimestamp(by, seconds, now, time.toleranceSeconds, time.header);
    },
    // eslint-disable-next-line @typescript-eslint/require-await -- a missing secret is a rejection, not a throw
    async sign(body, { now, url, headers = {} }) {
      const secret = signingKey(secretsNow(), name);
      const first = lead({ headers, url });
      if (time === undefined) {
        return { [header]: prefix + hmac(algorithm, secret, first, body).toString(encoding) };
      }
      const timestamp = String(Math.floor(now / 1000));
      const digest = hmac(algorithm, secret, first, time.lead(timestamp), body);
      return { [time.header]: timestamp, [header]: prefix + digest.toString(encoding) };
    },
  };
}
