import { once } from 'node:events';
import type { Server } from 'node:http';
import { ConfigurationError } from '../../errors.ts';

/**
 * Lets a server listen on 127.0.0.1, and returns its URL.
 *
 * @param port - 0: any free one
 * @throws ConfigurationError where the port cannot be had
 */
export async function listen(server: Server, port: number): Promise<string> {
  server.listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch (error) {
    throw new ConfigurationError(
      `The demo vendor cannot listen on port ${port}: choose another, or 0 for any free one.`,
      {
        cause: error,
      },
    );
  }
  const address = server.address();
  if (address === null || typeof address === 'string')
    throw new ConfigurationError('The demo vendor has no port.');
  return `http://127.0.0.1:${address.port}`;
}
