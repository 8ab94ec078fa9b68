import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import getPort from 'get-port';
import { inject } from 'vitest';
import { TemporalUnavailableError } from '../../src/errors.ts';
import {
  type DevServer,
  type DevServerOptions,
  startDevServer,
} from '../../src/temporal/dev-server/start-dev-server.ts';

/** A Temporal server that no other test uses. */
export interface OwnTemporal {
  address: string;
  pid: number;
  stop(): Promise<void>;
}

/** Starts a dev server in memory, as it comes: nothing about its namespace is prepared, beside the search attributes. */
export async function startOwnTemporal(
  options: Pick<DevServerOptions, 'dynamicConfig'> = {},
): Promise<OwnTemporal> {
  const folder = await mkdtemp(join(tmpdir(), 'landfall-own-temporal-'));
  const server = await startOnFreePorts({
    binary: inject('temporalCli'),
    databaseFile: null,
    logFile: join(folder, 'temporal.log'),
    onExit: (reason) => {
      throw new Error(reason);
    },
    ...options,
  });
  return {
    address: server.address,
    pid: server.pid,
    async stop() {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const tries = 3;

/** Another process may take a port between the moment when it was free and the server's start. */
async function startOnFreePorts(options: Omit<DevServerOptions, 'port' | 'uiPort'>): Promise<DevServer> {
  for (let attempt = 1; ; attempt += 1) {
    const port = await getPort({ host: '127.0.0.1' });
    const uiPort = await getPort({ host: '127.0.0.1', exclude: [port] });
    try {
      return await startDevServer({ ...options, port, uiPort });
    } catch (error) {
      if (!(error instanceof TemporalUnavailableError) || attempt === tries) throw error;
    }
  }
}
