import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

export type DigestAlgorithm = 'sha256' | 'sha1' | 'sha512';
export type DigestEncoding = 'hex' | 'base64' | 'base64url';

const digestBytes: Record<DigestAlgorithm, number> = { sha1: 20, sha256: 32, sha512: 64 };
const alphabets: Record<DigestEncoding, RegExp> = {
  hex: /^[0-9a-f]+$/i,
  base64: /^[A-Za-z0-9+/]+={0,2}$/,
  base64url: /^[A-Za-z0-9_-]+={0,2}$/,
};

/** The HMAC over the parts, one after the other: the body goes in as the bytes it is. */
export function hmac(
  algorithm: DigestAlgorithm,
  secret: string | Uint8Array,
  ...parts: readonly (string | Uint8Array)[]
): Buffer {
  const hash = createHmac(algorithm, secret);
  for (const part of parts) hash.update(part);
  return hash.digest();
}

/** SHA-256 in hex; of a text, over its UTF-8. */
export function sha256Hex(value: string | Uint8Array): string {
  return createHash('sha256').update(value).digest('hex');
}

/** The digest that a header carries; null where it cannot be one of this algorithm. */
export function readDigest(
  text: string,
  algorithm: DigestAlgorithm,
  encoding: DigestEncoding,
): Buffer | null {
  // Node's decoder skips what it does not know, so the alphabet is checked first.
  if (!alphabets[encoding].test(text)) return null;
  const bytes = Buffer.from(text, encoding);
  return bytes.length === digestBytes[algorithm] ? bytes : null;
}

/** Equality in constant time; of different lengths, false. */
export function equalInConstantTime(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}
