import type { Request, Response } from 'express';
import type { Operator } from './gate.ts';
import { cookieOptions } from './sessions.ts';

const cookieName = 'landfall_console_name';
const longest = 200;
const keptMilliseconds = 90 * 86_400_000;

/** Who acts: as the proxy says; else as they called themselves here the last time. Empty where they never did. */
export function nameOf(request: Request, { name }: Operator): string {
  const { [cookieName]: remembered } = request.cookies as Record<string, unknown>;
  return name ?? (typeof remembered === 'string' ? remembered.slice(0, longest) : '');
}

/** Keeps what somebody calls themselves, so that they need not say it again. */
export function rememberName(request: Request, response: Response, name: string): void {
  response.cookie(cookieName, name, { ...cookieOptions(request), maxAge: keptMilliseconds });
}
