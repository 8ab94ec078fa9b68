import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Connection } from '@temporalio/client';
import getPort from 'get-port';
import type { TestProject } from 'vitest/node';
import { findTemporal } from '../../src/temporal/dev-server/find-temporal.ts';
import { startDevServer } from '../../src/temporal/dev-server/start-dev-server.ts';
import { prepareNamespace } from '../../src/temporal/namespace.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The dev server that the whole run shares. */
    temporalAddress: string;
    /** Path of a Temporal CLI. */
    temporalCli: string;
  }
}

/**
 * A server deletes a closed run once it has written down that the run is closed: by default every 30 seconds, and it looks again
 * after growing pauses, so that a minute goes by.
 * @see https://github.com/temporalio/temporal/blob/v1.29.1/service/history/transfer_queue_task_executor_base.go
 */
const deletedSoon = Object.fromEntries(
  ['transfer', 'visibility', 'timer'].map((queue) => [`history.${queue}ProcessorUpdateAckInterval`, '"1s"']),
);

/** Starts one Temporal dev server, in memory and prepared, for the whole run. `LANDFALL_TEMPORAL_CLI` is honoured. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const onProgress = (message: string): void => {
    process.stderr.write(`${message}\n`);
  };
  const { path } = await findTemporal({
    explicitPath: process.env['LANDFALL_TEMPORAL_CLI'] ?? null,
    environment: process.env,
    onProgress,
  });
  const folder = await mkdtemp(join(tmpdir(), 'landfall-temporal-'));
  const server = await startDevServer({
    binary: path,
    databaseFile: null,
    port: await getPort(),
    uiPort: await getPort(),
    logFile: join(folder, 'temporal.log'),
    onExit: onProgress,
    dynamicConfig: deletedSoon,
  });
  const connection = await Connection.connect({ address: server.address });
  await prepareNamespace(connection, 'default', { change: true });
  await connection.close();
  project.provide('temporalAddress', server.address);
  project.provide('temporalCli', path);
  return async () => {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  };
}
