import { createHmac, randomBytes } from 'node:crypto';
import cookieParser from 'cookie-parser';
import type { CookieOptions, Request, RequestHandler, Response } from 'express';
import { equalInConstantTime, hmac } from '../verification/digest.ts';

/** Who has shown the token, as a signed cookie remembers it. */
export interface Sessions {
  /** Reads the cookies of a request; before all that asks for them. */
  readCookies: RequestHandler;
  /** Whether the text is the token, in constant time. */
  isToken(text: string): boolean;
  begin(request: Request, response: Response): void;
  /** The id of the request's session; null where it has none, or its time is over. */
  find(request: Request): string | null;
  end(request: Request, response: Response): void;
  /** What the forms of somebody carry, which no other site can know. */
  formToken(of: string): string;
}

export const consolePath = '/console';
const cookieName = 'landfall_console';
const lifetimeMilliseconds = 12 * 3_600_000;

/**
 * The sessions of a console.
 *
 * @param token - the keys are made from it, so that several processes with one token share their sessions, and a new token ends them;
 * null: the keys are this process's own
 */
export function createSessions(token: string | null, now: () => number): Sessions {
  const root = token ?? randomBytes(32);
  const keyFor = (use: string) => createHmac('sha256', root).update(`landfall console ${use}`).digest();
  const forms = keyFor('forms');
  const proof = (text: string) => hmac('sha256', forms, text);

  return {
    readCookies: cookieParser(keyFor('cookies').toString('base64url')),
    // Compared as digests: those have one length, whatever was typed.
    isToken: (text) => token !== null && equalInConstantTime(proof(text), proof(token)),
    begin(request, response) {
      const expires = now() + lifetimeMilliseconds;
      const value = `${randomBytes(16).toString('base64url')}.${expires}`;
      response.cookie(cookieName, value, {
        ...cookieOptions(request),
        signed: true,
        maxAge: lifetimeMilliseconds,
      });
    },
    find(request) {
      const value: unknown = request.signedCookies[cookieName];
      if (typeof value !== 'string') return null;
      const [id = '', expires] = value.split('.');
      return Number(expires) > now() ? id : null;
    },
    end(request, response) {
      response.clearCookie(cookieName, cookieOptions(request));
    },
    formToken: (of) => proof(`form ${of}`).toString('base64url'),
  };
}

/** Cookies that no script reads and no other site sends. */
export function cookieOptions(request: Request): CookieOptions {
  return {
    httpOnly: true,
    sameSite: 'strict',
    path: consolePath,
    // Whoever claims to have come by TLS makes but its own cookie stricter.
    secure: request.secure || request.get('x-forwarded-proto') === 'https',
  };
}
