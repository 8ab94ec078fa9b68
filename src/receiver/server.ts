import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ConfigurationError } from '../errors.ts';

/** An HTTP server that listens. */
export interface HttpServer {
  /** `http://host:port`. */
  url: string;
  port: number;
  /** Refuses new connections, lets requests under way finish within the grace, then cuts the rest off. */
  close(graceMilliseconds: number): Promise<void>;
}

/**
 * Starts a server.
 *
 * @param options.setting - the name of the variable that sets the port, for the error
 * @throws ConfigurationError where the port cannot be had
 */
export async function listen(
  handler: RequestListener,
  { host, port, setting }: { host: string; port: number; setting: string },
): Promise<HttpServer> {
  const open = new Set<ServerResponse>();
  let closing = false;
  const server = createServer((request, response) => {
    open.add(response);
    response.once('close', () => open.delete(response));
    if (closing) response.setHeader('Connection', 'close');
    handler(request, response);
  });
  await bind(server, host, port, setting);
  const address = server.address() as AddressInfo;
  const shown = host === '0.0.0.0' || host === '::' ? 'localhost' : host;
  return {
    url: `http://${shown.includes(':') ? `[${shown}]` : shown}:${address.port}`,
    port: address.port,
    close(graceMilliseconds) {
      closing = true;
      // A client that would keep its connection is told not to, so that it does not send on it again.
      for (const response of open) if (!response.headersSent) response.setHeader('Connection', 'close');
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
