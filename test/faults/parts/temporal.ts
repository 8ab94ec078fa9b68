import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Connection } from '@temporalio/client';
import getPort from 'get-port';
import { findTemporal } from '../../../src/temporal/dev-server/find-temporal.ts';
import { startDevServer } from '../../../src/temporal/dev-server/start-dev-server.ts';
import { prepareNamespace } from '../../../src/temporal/namespace.ts';
import { startFullTemporal } from '../../support/full-temporal.ts';
import { startPostgres } from '../../support/postgres.ts';
import { signalTree } from '../../support/signal-tree.ts';
import type { ServerPart } from './server-part.ts';

type OnProgress = (message: string) => void;

/** The dev server, in memory: quick to start, and for all faults that leave its process alone. */
export async function startDevTemporal(onProgress: OnProgress): Promise<ServerPart> {
  const { path: binary } = await findTemporal({
    explicitPath: process.env['LANDFALL_TEMPORAL_CLI'] ?? null,
    environment: process.env,
    onProgress,
  });
  const folder = await mkdtemp(join(tmpdir(), 'landfall-temporal-'));
  const server = await startDevServer({
    binary,
    databaseFile: null,
    port: await getPort({ host: '127.0.0.1' }),
    uiPort: await getPort({ host: '127.0.0.1' }),
    logFile: join(folder, 'temporal.log'),
    onExit: onProgress,
  });
  const connection = await Connection.connect({ address: server.address });
  await prepareNamespace(connection, 'default', { change: true });
  await connection.close();
  const forget = (): Promise<never> =>
    Promise.reject(new Error('It would forget all that it has: use the full server.'));
  return {
    address: server.address,
    kill: forget,
    start: forget,
    restart: forget,
    pause: () => pause(() => server.pid),
    async [Symbol.asyncDispose]() {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The full server, on a PostgreSQL of its own, which no fault touches. */
export async function startFullTemporalPart(onProgress: OnProgress): Promise<ServerPart> {
  const folder = await mkdtemp(join(tmpdir(), 'landfall-temporal-'));
  const postgres = await startPostgres();
  const server = await startFullTemporal({ postgresUrl: postgres.url, directory: folder, onProgress });
  if ('unavailable' in server) throw new Error(server.unavailable);
  return {
    address: server.address,
    kill: async () => {
      process.kill(server.pid(), 'SIGKILL');
      await server.stop();
    },
    start: () => server.restart(),
    restart: () => server.restart(),
    pause: () => pause(() => server.pid()),
    async [Symbol.asyncDispose]() {
      await server.stop();
      await postgres.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function pause(pid: () => number): Promise<() => Promise<void>> {
  await signalTree(pid(), 'SIGSTOP');
  return () => signalTree(pid(), 'SIGCONT');
}
