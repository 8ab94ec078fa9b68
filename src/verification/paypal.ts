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

/** How PayPal's certificates are trusted. */
export interface PaypalSchemeOptions {
  /** The ids of the webhook, as PayPal shows them: part of what is signed. */
  webhookIds: Secrets;
  /** The host that the certificate must be of, and that it is fetched from. @default api.paypal.com, api.sandbox.paypal.com */
  hosts?: readonly string[] | undefined;
  /** The name in the certificate. @default messageverificationcerts.paypal.com */
  certificateName?: string | undefined;
  /** PEM of the authorities that may have issued it. @default those that Node trusts */
  authorities?: readonly string[] | undefined;
  /** PayPal says nothing of how old a delivery may be when it is tried again. @default not judged */
  toleranceSeconds?: number | undefined;
  /** Gets the certificate's PEM, with those of its issuers: `paypalCertificates()`. What it throws, `verify` throws. */
  fetchCertificate: (url: URL) => Promise<string>;
}

/**
 * PayPal's scheme: an RSA signature (SHA-256) of `<transmission id>|<time>|<webhook id>|<CRC-32 of the body>`, made with the
 * certificate that `PAYPAL-CERT-URL` names. That header is not signed, so it is followed only to PayPal's own hosts, and the
 * certificate has to be PayPal's by a chain that ends in a trusted authority.
 *
 * @see https://developer.paypal.com/api/rest/webhooks/rest/#link-verifywebhooksignature
 */
export function paypalScheme(options: PaypalSchemeOptions): SignatureScheme {
  const {
    hosts = ['api.paypal.com', 'api.sandbox.paypal.com'],
    certificateName = 'messageverificationcerts.paypal.com',
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
      if (url?.protocol !== 'https:' || !hosts.includes(url.host)) {
        return refuse(
          'malformed_header',
          `The header ${names.certificate} must be an https address at ${hosts.join(' or ')}.`,
        );
      }
      const chain = readChain(await fetchCertificate(url));
      const [leaf] = chain;
      if (leaf === undefined || !isTrusted(chain, { roots, certificateName, now })) {
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

/** Each issued by the next, the last by an authority, all valid now, and the first of the name that it has to have. */
function isTrusted(
  chain: readonly X509Certificate[],
  {
    roots,
    certificateName,
    now,
  }: { roots: readonly X509Certificate[]; certificateName: string; now: number },
): boolean {
  const [leaf] = chain;
  if (leaf?.checkHost(certificateName) === undefined) return false;
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
