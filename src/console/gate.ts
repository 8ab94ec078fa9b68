import type { Request, RequestHandler, Response } from 'express';
import type { Access, ProxySettings } from './access.ts';
import { howToOpen } from './access.ts';
import { addressRanges, isLoopback } from './address-ranges.ts';
import { html } from './html.ts';
import { RefusedError } from './problems.ts';
import { consolePath, type Sessions } from './sessions.ts';

/** Who is at the console, as far as it is known. */
export interface Operator {
  /** By what it is known: the machine itself, the token in a cookie or in a header, or a proxy. */
  by: 'machine' | 'session' | 'bearer' | 'proxy';
  /** As the proxy calls them; null where people say themselves who they are. */
  name: string | null;
  /** What the forms of this operator carry. */
  formToken: string;
}

/**
 * Lets only operators through, each known by `operatorOf`. Whoever has no session yet is sent to the login page.
 *
 * @throws RefusedError, as a rejection of the request
 */
export function createGate(access: Access, sessions: Sessions): RequestHandler {
  const isProxy = addressRanges((access.kind === 'guarded' ? access.proxy?.addresses : undefined) ?? []);
  return (request, response, next) => {
    const operator = identify(request);
    if (operator === null) {
      askForToken(request, response);
      return;
    }
    response.locals['operator'] = operator;
    next();
  };

  function identify(request: Request): Operator | null {
    if (access.kind === 'closed') {
      throw new RefusedError(
        'LANDFALL_CONSOLE_CLOSED',
        `The console is off, because others can reach this port. ${howToOpen}`,
      );
    }
    if (access.kind === 'local') {
      requireLocalHost(request);
      return known('machine', null, 'machine');
    }
    const { token, proxy } = access;
    if (proxy !== null && isProxy(request.socket.remoteAddress ?? '')) {
      const name = userOf(request, proxy);
      if (name !== null) return known('proxy', name, `proxy ${name}`);
    }
    if (token === null) throw new RefusedError('LANDFALL_CONSOLE_REFUSED', nobody(proxy));
    if (isBearer(request)) return known('bearer', null, 'bearer');
    const session = sessions.find(request);
    return session === null ? null : known('session', null, `session ${session}`);
  }

  function known(by: Operator['by'], name: string | null, of: string): Operator {
    return { by, name, formToken: sessions.formToken(of) };
  }

  function isBearer(request: Request): boolean {
    const [, shown] = /^Bearer (\S+)$/i.exec(request.get('authorization') ?? '') ?? [];
    if (shown === undefined) return false;
    if (!sessions.isToken(shown)) {
      throw new RefusedError(
        'LANDFALL_CONSOLE_LOGIN',
        'The token in the header Authorization is another one.',
      );
    }
    return true;
  }
}

/** The operator of a request that came through the gate. */
export function operatorOf(response: Response): Operator {
  const operator = knownOperator(response);
  if (operator === null) throw new TypeError('the request came past the gate');
  return operator;
}

/** null: the request did not come through the gate. */
export function knownOperator(response: Response): Operator | null {
  const { operator } = response.locals as { operator?: Operator };
  return operator ?? null;
}

function askForToken(request: Request, response: Response): void {
  const reads = request.method === 'GET' || request.method === 'HEAD';
  if (!reads || request.accepts('html', 'json') !== 'html') {
    throw new RefusedError(
      'LANDFALL_CONSOLE_LOGIN',
      'Log in, or send the token: "Authorization: Bearer" and LANDFALL_CONSOLE_TOKEN.',
    );
  }
  const here = request.originalUrl;
  // From a link elsewhere no browser sends a strict cookie, though there may be one: the page asks once more, as our own.
  if (!['same-origin', 'none', undefined].includes(request.get('sec-fetch-site'))) {
    response.send(
      html`<!doctype html>
        <meta http-equiv="refresh" content="0; url=${here}" />
        <title>Landfall</title>
        <a href="${here}">Go on</a>`.toString(),
    );
    return;
  }
  response.redirect(303, `${consolePath}/login?next=${encodeURIComponent(here)}`);
}

/**
 * A site that lets its name point at 127.0.0.1 would reach us as its own origin: it is told by the name in the header Host.
 * @see https://en.wikipedia.org/wiki/DNS_rebinding
 */
function requireLocalHost(request: Request): void {
  // A proxy on this machine would make everybody a caller of this machine's.
  const [passedOn] = ['x-forwarded-for', 'forwarded', 'x-real-ip'].filter(
    (name) => request.get(name) !== undefined,
  );
  if (passedOn !== undefined) {
    throw new RefusedError(
      'LANDFALL_CONSOLE_REFUSED',
      `A proxy passes this on (there is a header ${passedOn}), so it may come from anybody. ${howToOpen}`,
    );
  }
  const host = (request.headers.host ?? '').replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
  if (host === 'localhost' || isLoopback(host)) return;
  throw new RefusedError(
    'LANDFALL_CONSOLE_REFUSED',
    'Open the console as localhost or 127.0.0.1: it is protected by being reached from this machine alone. Under another name it needs LANDFALL_CONSOLE_TOKEN.',
  );
}

function userOf(request: Request, { userHeader }: ProxySettings): string | null {
  const name = request.get(userHeader)?.trim() ?? '';
  return name === '' ? null : name.slice(0, 200);
}

function nobody(proxy: ProxySettings | null): string {
  return `Only the proxy at LANDFALL_CONSOLE_PROXIES may ask, and must say in ${proxy?.userHeader ?? ''} for whom.`;
}
