import { X509Certificate, verify as verifySignature } from 'node:crypto';
import { rootCertificates } from 'node:tls';
import { crc32 } from 'node:zlib';
import { ConfigurationError } from '../errors.ts';
import { refuse, refuseMissing, refuseSignature, refuseWithoutSecret } from './refusal.ts';
import { asTheyAre, findKey, type Secrets } from './rotation.ts';
import type { SignatureScheme } from './scheme.ts';
import { judgeTimestamp } from './timestamp.ts';

const names = {
  id: 'paypal-transmission-id',
  time: 'paypal-transmission-time',
  signature: 'paypal-transmission-sig',
  certificate: 'paypal-cert-url',
  algorithm: 'paypal-auth-algo',
} as const;

/** By the host that a certificate is fetched from, the name that it has to have: the sandbox has its own. */
const certificateNames: ReadonlyMap<string, string> = new Map([
  ['api.paypal.com', 'messageverificationcerts.paypal.com'],
  ['api.sandbox.paypal.com', 'messageverificationcerts.sandbox.paypal.com'],
]);
/** More certificates than this stand between PayPal's and an authority's nowhere. */
const maxIssuers = 3;

/** How PayPal's certificates are trusted. */
export interface PaypalSchemeOptions {
  /** The ids of the webhook, as PayPal shows them: part of what is signed. */
  webhookIds: Secrets;
  /** PEM of the authorities that may have issued it. @default those that Node trusts */
  authorities?: readonly string[] | undefined;
  /** PayPal says nothing of how old a delivery may be when it is tried again. @default not judged */
  toleranceSeconds?: number | undefined;
  /**
   * Gets a certificate's PEM, PayPal's and then that of each issuer which is not beside it: `paypalCertificates()`. What it
   * throws, `verify` throws.
   */
  fetchCertificate: (url: URL) => Promise<string>;
}

/**
 * PayPal's scheme: an RSA signature (SHA-256) of `<transmission id>|<time>|<webhook id>|<CRC-32 of the body>`, made with the
 * certificate that `PAYPAL-CERT-URL` names. That header is not signed, so it is followed only to PayPal's own hosts, and the
 * certificate has to be PayPal's by a chain that ends in a trusted authority. PayPal serves its certificate alone: who issued it
 * is fetched from where it says (RFC 5280, 4.2.2.1), as PayPal's own libraries bring that certificate with them.
 *
 * @see https://developer.paypal.com/api/rest/webhooks/rest/#link-verifywebhooksignature
 */
export function paypalScheme(options: PaypalSchemeOptions): SignatureScheme {
  const {
    authorities = rootCertificates,
    toleranceSeconds = Number.POSITIVE_INFINITY,
    fetchCertificate,
  } = options;
  const idsNow = asTheyAre(options.webhookIds);
  const roots = authorities.map((pem) => new X509Certificate(pem));
  return {
    name: 'paypal',
    secretHeaders: [names.signature],
    async verify({ body, headers, now }) {
      const ids = idsNow();
      if (ids.length === 0) return refuseWithoutSecret();
      const given = Object.values(names).map((name) => [name, headers[name]?.trim() ?? ''] as const);
      const missing = given.find(([, value]) => value === '');
      if (missing !== undefined) return refuseMissing(missing[0]);
      const value = Object.fromEntries(given) as Record<(typeof names)[keyof typeof names], string>;
      if (value[names.algorithm] !== 'SHA256withRSA') {
        return refuse('malformed_header', `The header ${names.algorithm} must be SHA256withRSA.`);
      }
      const signature = value[names.signature];
      if (!/^[A-Za-z0-9+/]{64,1400}={0,2}$/.test(signature)) {
        return refuse(
          'malformed_header',
          `The header ${names.signature} must be an RSA signature in base64.`,
        );
      }
      const time = Date.parse(value[names.time]);
      if (Number.isNaN(time)) {
        return refuse('malformed_header', `The header ${names.time} must be a time as in ISO 8601.`);
      }
      const text = value[names.certificate];
      const url = URL.canParse(text) ? new URL(text) : null;
      const name = url?.protocol === 'https:' ? certificateNames.get(url.host) : undefined;
      if (url === null || name === undefined) {
        const hosts = [...certificateNames.keys()].join(' or ');
        return refuse(
          'malformed_header',
          `The header ${names.certificate} must be an https address at ${hosts}.`,
        );
      }
      const served = readChain(await fetchCertificate(url));
      const [leaf] = served;
      if (
        leaf?.checkHost(name) === undefined ||
        !isTrusted(await withIssuers(served, roots, fetchCertificate), roots, now)
      ) {
        return refuse(
          'bad_signature',
          `The certificate that ${names.certificate} names is not PayPal's, or not valid at this time.`,
        );
      }
      const by = await findKey(ids, (id) => {
        const signed = `${value[names.id]}|${value[names.time]}|${id}|${crc32(body)}`;
        return verifySignature(
          'sha256',
          Buffer.from(signed),
          leaf.publicKey,
          Buffer.from(signature, 'base64'),
        );
      });
      return by === null
        ? refuseSignature(names.signature)
        : judgeTimestamp(by, Math.floor(time / 1_000), now, toleranceSeconds, names.time);
    },
    sign() {
      return Promise.reject(
        new ConfigurationError('Only PayPal can sign as PayPal: its private key never leaves it.'),
      );
    },
  };
}

/** The certificates of a PEM file; none where one of them cannot be read. */
function readChain(pem: string): X509Certificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  try {
    return blocks.map((block) => new X509Certificate(block));
  } catch {
    return [];
  }
}

/** The certificates and, while none of the authorities issued the last of them, the one that did. */
async function withIssuers(
  served: readonly X509Certificate[],
  roots: readonly X509Certificate[],
  fetchCertificate: PaypalSchemeOptions['fetchCertificate'],
): Promise<readonly X509Certificate[]> {
  const chain = [...served];
  for (let more = 0; more < maxIssuers; more += 1) {
    const last = chain.at(-1);
    if (last === undefined || roots.some((root) => isIssuedBy(last, root))) break;
    const address = issuerAddress(last);
    if (address === null) break;
    const [issuer] = readChain(await fetchCertificate(address));
    if (issuer === undefined) break;
    chain.push(issuer);
  }
  return chain;
}

/** Where a certificate says that its issuer's is; null where it does not. */
function issuerAddress({ infoAccess }: X509Certificate): URL | null {
  const text = /^CA Issuers - URI:(https?:\/\/\S+)$/m.exec(infoAccess ?? '')?.[1];
  return text !== undefined && URL.canParse(text) ? new URL(text) : null;
}

/** Each issued by the next, the last by an authority, all valid now. */
function isTrusted(
  chain: readonly X509Certificate[],
  roots: readonly X509Certificate[],
  now: number,
): boolean {
  for (const [index, certificate] of chain.entries()) {
    if (Date.parse(certificate.validFrom) > now || Date.parse(certificate.validTo) < now) return false;
    if (index > 0 && !certificate.ca) return false;
    const root = roots.find((each) => isIssuedBy(certificate, each));
    if (root !== undefined) return Date.parse(root.validTo) >= now;
    const next = chain[index + 1];
    if (next === undefined || !isIssuedBy(certificate, next)) return false;
  }
  return false;
}

function isIssuedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
}
