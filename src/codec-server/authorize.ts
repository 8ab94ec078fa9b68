import { createHash, timingSafeEqual } from 'node:crypto';
import { createRemoteJWKSet, jwtVerify } from 'jose';

/** Who a request is from, by its header `Authorization`; null where it may not read. */
export type Authorize = (authorization: string | undefined) => Promise<string | null>;

/** A token of a login, as the Temporal UI passes it on, is good where the key set has its key and it is for this audience. */
export interface JwtRules {
  /** Of the issuer's JSON Web Key Set. */
  keySetUrl: string;
  audience: string;
  /** null: whoever the key set belongs to. */
  issuer: string | null;
  /** Who may read, by the token's `sub` or `email`; null: everybody with such a token. */
  readers: readonly string[] | null;
}

/** Only signatures that a key set's public keys can check: never one with a shared secret. */
const algorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'];

/** Lets everybody in: for a server that only this machine can reach. */
export const anybody: Authorize = () => Promise.resolve('this machine');

/** Lets in who has the token: `Authorization: Bearer <token>`. */
export function bearerOf(token: () => string): Authorize {
  return (authorization) => {
    const given = readBearer(authorization);
    const known = given !== null && timingSafeEqual(digest(given), digest(token()));
    return Promise.resolve(known ? 'the token' : null);
  };
}

/**
 * Lets in who has logged in.
 * @see https://docs.temporal.io/production-deployment/data-encryption#authorization
 */
export function jwtOf({ keySetUrl, audience, issuer, readers }: JwtRules): Authorize {
  const keys = createRemoteJWKSet(new URL(keySetUrl));
  return async (authorization) => {
    const token = readBearer(authorization);
    if (token === null) return null;
    try {
      const { payload } = await jwtVerify(token, keys, {
        audience,
        algorithms,
        ...(issuer === null ? {} : { issuer }),
      });
      const names = [payload.sub, payload['email']].filter((name) => typeof name === 'string');
      const reader = readers === null ? names[0] : names.find((name) => readers.includes(name));
      return reader ?? null;
    } catch {
      // Expired, of another issuer, forged; or the key set is away, and nobody can tell.
      return null;
    }
  };
}

/** Lets in whom any of them lets in. */
export function anyOf(rules: readonly Authorize[]): Authorize {
  return async (authorization) => {
    for (const rule of rules) {
      const who = await rule(authorization);
      if (who !== null) return who;
    }
    return null;
  };
}

function readBearer(authorization: string | undefined): string | null {
  return /^Bearer +(?<token>\S+)$/i.exec(authorization ?? '')?.groups?.['token'] ?? null;
}

/** Of one length, so that comparing them takes the same time whatever was sent. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
