import { isLoopback } from './address-ranges.ts';

/** What the settings say about who may open the console. */
export interface ConsoleSettings {
  /** Opens it to whoever knows it. */
  token: string | null;
  /** A proxy that has asked its users who they are. */
  proxy: ProxySettings | null;
}

/** Who an authenticating proxy is, and where it says who its user is. */
export interface ProxySettings {
  /** In lower case. */
  userHeader: string;
  /** Addresses and ranges from which the header is believed. */
  addresses: readonly string[];
}

/**
 * How the console of a process is protected. `closed`: others may reach the port, and nothing tells them from its operators.
 * `local`: the port is bound to loopback. `guarded`: by a token, a proxy, or either.
 */
export type Access = { kind: 'closed' } | { kind: 'local' } | ({ kind: 'guarded' } & ConsoleSettings);

/**
 * How the console is protected: what is set counts, also on loopback.
 *
 * @param host - the address that the ops port is bound to
 */
export function decideAccess({ token, proxy }: ConsoleSettings, host: string): Access {
  if (token !== null || proxy !== null) return { kind: 'guarded', token, proxy };
  return host === 'localhost' || isLoopback(host) ? { kind: 'local' } : { kind: 'closed' };
}

/** What whoever meets a console that is closed to them has to know. */
export const howToOpen =
  'Set LANDFALL_CONSOLE_TOKEN; or LANDFALL_CONSOLE_USER_HEADER and ' +
  'LANDFALL_CONSOLE_PROXIES, behind a proxy that asks its users who they are; or bind the port to this machine with ' +
  'LANDFALL_OPS_HOST=127.0.0.1.';
