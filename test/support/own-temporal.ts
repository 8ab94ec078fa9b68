import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import getPort from 'get-port';
import { inject } from 'vitest';
import { type DevServerOptions, startDevServer } from '../../src/temporal/dev-server/start-dev-server.ts';

/** A Temporal server that no other test uses. */
export interface OwnTemporal {
  address: string;
  stop(): Promise<void>;
}

/** Starts a dev server in memory, as it comes: nothing about its namespace is prepared, beside the search attributes. */
export async function startOwnTemporal(
  options: Pick<DevServerOptions, 'dynamicConfig'> = {},
): Promise<OwnTemporal> {
  const folder = await mkdtemp(join(tmpdir(), 'landfall-own-temporal-'));
  const server = await startDevServer({
    binary: inject('temporalCli'),
    databaseFile: null,
    port: await getPort(),
    uiPort: await getPort(),
    logFile: join(folder, 'temporal.log'),
    onExit: (reason) => {
      throw new Error(reason);
    },
    ...options,
  });
  return {
    address: server.address,
    async stop() {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
