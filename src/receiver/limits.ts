import type { ServerOptions } from 'node:http';
import type { AddressList } from '../sources/address-list.ts';

/** What a server takes at once, and how slowly. */
export interface ServerLimits {
  /** From the first byte of a request to the last one of its body, in milliseconds. Its headers have ten seconds of it at most. */
  requestMilliseconds: number;
  /** Open connections, all together. */
  maxConnections: number;
  /** Open connections of one address; null: as many as all together. Those of `trustedProxies` are not counted. */
  maxConnectionsPerAddress: number | null;
  /** What stands before us and speaks for others. */
  trustedProxies: AddressList | null;
}

/** Why a connection or a request was cut off before it was a delivery: the `reason` of the metric. */
export type CutOff =
  'too_many_connections' | 'too_many_of_address' | 'too_slow' | 'headers_too_large' | 'broken';

/** For servers that no vendor reaches. */
export const usualLimits: ServerLimits = {
  requestMilliseconds: 30_000,
  maxConnections: 1_000,
  maxConnectionsPerAddress: null,
  trustedProxies: null,
};

/** The most headers of a request. Deliveries have fewer than forty, whatever they come through. */
export const maxHeaders = 100;
const maxHeaderBytes = 16_384;
const headersMilliseconds = 10_000;
/** Longer than balancers keep an idle connection (AWS: 60 s), so that they close it, and never send on one that we close. */
const keepAliveMilliseconds = 75_000;

/**
 * The limits as Node takes them. It looks for slow clients every so often: four times within the shortest limit, and every second.
 * @see https://nodejs.org/docs/latest-v20.x/api/http.html#httpcreateserveroptions-requestlistener
 */
export function serverOptions({ requestMilliseconds }: ServerLimits): ServerOptions {
  return {
    maxHeaderSize: maxHeaderBytes,
    requestTimeout: requestMilliseconds,
    headersTimeout: Math.min(headersMilliseconds, requestMilliseconds),
    keepAliveTimeout: keepAliveMilliseconds,
    connectionsCheckingInterval: Math.ceil(Math.min(1_000, requestMilliseconds / 4)),
  };
}
