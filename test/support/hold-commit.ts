import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** A way to PostgreSQL on which the answer to a COMMIT can get lost: the moment between a write and its writer's knowing of it. */
export interface CommitHolder extends AsyncDisposable {
  /** The database's URL by this way. */
  url: string;
  /** Lets the next COMMIT through and keeps its answer for good. Resolves when PostgreSQL has answered, so it is committed. */
  holdNext(): Promise<void>;
}

/** `committed`, of the isolation level, is another word. */
const commit = /\bcommit\b/i;

/** Starts one in front of the database of a URL with host and port. */
export async function startCommitHolder(databaseUrl: string): Promise<CommitHolder> {
  const { hostname, port } = new URL(databaseUrl);
  const sockets = new Set<Socket>();
  let awaited: (() => void) | null = null;

  const server = createServer((client) => {
    const database = connect({ host: hostname, port: Number(port) });
    let held: (() => void) | null = null;
    client.on('data', (chunk) => {
      if (awaited !== null && commit.test(chunk.toString('latin1'))) [held, awaited] = [awaited, null];
      database.write(chunk);
    });
    database.on('data', (chunk) => {
      if (held === null) client.write(chunk);
      else held();
    });
    for (const [from, to] of [
      [client, database],
      [database, client],
    ] as const) {
      sockets.add(from);
      // An end that is cut off says so as an error too.
      from.on('error', () => undefined);
      from.once('close', () => {
        sockets.delete(from);
        to.destroy();
      });
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The way has no port.');
  const url = new URL(databaseUrl);
  [url.hostname, url.port] = ['127.0.0.1', String(address.port)];
  return {
    url: url.href,
    holdNext: () => new Promise((resolve) => (awaited = resolve)),
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
