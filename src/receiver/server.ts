import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ConfigurationError } from '../errors.ts';
import { guardServer } from './guard-server.ts';
import { type CutOff, type ServerLimits, serverOptions, usualLimits } from './limits.ts';

/** An HTTP server that listens. */
export interface HttpServer {
  /** `http://host:port`. */
  url: string;
  port: number;
  /** From now on each answer tells its client not to keep the connection: the next request finds its way to another server. */
  turnAway(): void;
  /** Refuses new connections, lets requests under way finish within the grace, then cuts the rest off. */
  close(graceMilliseconds: number): Promise<void>;
}

/**
 * Starts a server.
 *
 * @param options.setting - the name of the variable that sets the port, for the error
 * @param options.limits - @default `usualLimits`
 * @param options.onCutOff - told of each connection and request that the limits cut off
 * @throws ConfigurationError where the port cannot be had
 */
export async function listen(
  handler: RequestListener,
  {
    host,
    port,
    setting,
    limits = usualLimits,
    onCutOff = () => undefined,
  }: {
    host: string;
    port: number;
    setting: string;
    limits?: ServerLimits;
    onCutOff?: (reason: CutOff) => void;
  },
): Promise<HttpServer> {
  const open = new Set<ServerResponse>();
  let turningAway = false;
  const server = createServer(serverOptions(limits), (request, response) => {
    open.add(response);
    response.once('close', () => open.delete(response));
    if (turningAway) response.setHeader('Connection', 'close');
    handler(request, response);
  });
  guardServer(server, {
    limits,
    onCutOff,
    answering: (socket) => [...open].some((each) => each.socket === socket && each.headersSent),
  });
  await bind(server, host, port, setting);
  const address = server.address() as AddressInfo;
  const shown = host === '0.0.0.0' || host === '::' ? 'localhost' : host;
  return {
    url: `http://${shown.includes(':') ? `[${shown}]` : shown}:${address.port}`,
    port: address.port,
    turnAway,
    close(graceMilliseconds) {
      turnAway();
      return new Promise((resolve) => {
        const force = setTimeout(() => {
          server.closeAllConnections();
        }, graceMilliseconds);
        // Closes idle connections as well.
        server.close(() => {
          clearTimeout(force);
          resolve();
        });
      });
    },
  };

  function turnAway(): void {
    turningAway = true;
    for (const response of open) if (!response.headersSent) response.setHeader('Connection', 'close');
  }
}

function bind(server: Server, host: string, port: number, setting: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const why =
        cause.code === 'EADDRINUSE'
          ? 'another program has it'
          : cause.code === 'EACCES'
            ? 'this user may not use it'
            : cause.message;
      reject(
        new ConfigurationError(`Port ${port} on ${host} cannot be listened on: ${why}. Set ${setting}.`, {
          cause,
        }),
      );
    });
    server.listen(port, host, resolve);
  });
}
