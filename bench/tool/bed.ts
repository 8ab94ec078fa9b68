import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import getPort from 'get-port';
import { z } from 'zod';
import { createTemporalClient, plainTarget } from '../../src/temporal/client.ts';
import { findTemporal } from '../../src/temporal/dev-server/find-temporal.ts';
import { startDevServer } from '../../src/temporal/dev-server/start-dev-server.ts';
import { prepareNamespace } from '../../src/temporal/namespace.ts';
import { startFullTemporal } from '../../test/support/full-temporal.ts';
import { type PostgresServer, startPostgres } from '../../test/support/postgres.ts';
import { type ForkedProcess, forkProcess } from './fork-process.ts';

/** The dev server that `landfall dev` starts, or the full server with PostgreSQL below it. */
export type ServerKind = 'dev' | 'full';

/** The servers that everything in one run shares: both sides of each ratio meet the same ones. */
export interface Bed {
  server: ServerKind;
  temporalAddress: string;
  client: Client;
  /** Durable: it waits for the disk at each commit. The store's, and the full Temporal server's. */
  postgres: PostgresServer;
  /** Process ids of Temporal and PostgreSQL. */
  servers: { temporal: number; postgres: number };
  vendor: ForkedProcess<{ url: string }>;
  /** The load generator; it stays, so that it is warm. */
  load: ForkedProcess<null>;
  /** For logs and configuration. */
  directory: string;
  stop(): Promise<void>;
}

/**
 * Starts the servers of a run.
 * @throws Error where there is no such Temporal server to be had on this machine
 */
export async function startBed(server: ServerKind, onProgress: (message: string) => void): Promise<Bed> {
  const directory = await mkdtemp(join(tmpdir(), 'landfall-bench-'));
  const removeDirectory = (): void => rmSync(directory, { recursive: true, force: true });
  process.once('exit', removeDirectory);
  const postgres = await startPostgres({ durable: true });
  const temporal = await (server === 'dev'
    ? startDev(directory, onProgress)
    : startFull(postgres.url, directory, onProgress));
  const client = createTemporalClient(plainTarget(temporal.address));
  await prepareNamespace(client.connection, 'default', { change: true });
  const vendor = await forkProcess('tool/vendor-process.ts', {
    ready: z.object({ url: z.url() }),
    directory,
  });
  const load = await forkProcess('tool/load-process.ts', { ready: z.null(), directory });
  return {
    server,
    temporalAddress: temporal.address,
    client,
    postgres,
    servers: { temporal: temporal.pid, postgres: postgres.pid() },
    vendor,
    load,
    directory,
    async stop() {
      await load.stop();
      await vendor.stop();
      await client.connection.close();
      await temporal.stop();
      await postgres.stop();
      process.off('exit', removeDirectory);
      removeDirectory();
    },
  };
}

interface StartedTemporal {
  address: string;
  pid: number;
  stop(): Promise<void>;
}

async function startFull(
  postgresUrl: string,
  directory: string,
  onProgress: (message: string) => void,
): Promise<StartedTemporal> {
  const temporal = await startFullTemporal({ postgresUrl, directory, onProgress });
  if ('unavailable' in temporal) {
    throw new Error(`There is no full Temporal server: ${temporal.unavailable}. Choose --server dev.`);
  }
  return { address: temporal.address, pid: temporal.pid(), stop: () => temporal.stop() };
}

/** As `landfall dev` starts it: its data on disk. */
async function startDev(directory: string, onProgress: (message: string) => void): Promise<StartedTemporal> {
  const { path } = await findTemporal({ explicitPath: null, environment: { ...process.env }, onProgress });
  return startDevServer({
    binary: path,
    databaseFile: join(directory, 'temporal.db'),
    port: await getPort(),
    uiPort: await getPort(),
    logFile: join(directory, 'temporal.log'),
    onExit: (reason) => {
      throw new Error(reason);
    },
  });
}
