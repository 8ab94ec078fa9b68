import { join } from 'node:path';
import getPort, { portNumbers } from 'get-port';
import type { Config } from '../config/load.ts';
import { plainTarget, type TemporalTarget } from '../temporal/client.ts';
import { findTemporal } from '../temporal/dev-server/find-temporal.ts';
import { startDevServer } from '../temporal/dev-server/start-dev-server.ts';

/** The Temporal that `landfall dev` works with. */
export interface DevTemporal {
  target: TemporalTarget;
  /** null where it is not ours: nobody told us where its UI is. */
  uiUrl: string | null;
  stop(): Promise<void>;
}

/**
 * Temporal as the settings say, else a dev server of our own that keeps its data on disk.
 * @throws TemporalUnavailableError | ConfigurationError where none can be had
 */
export async function startTemporal(
  config: Config,
  environment: Readonly<Record<string, string | undefined>>,
  options: { onProgress: (message: string) => void; onExit: (reason: string) => void; signal: AbortSignal },
): Promise<DevTemporal> {
  if (config.temporal !== null) {
    return { target: config.temporal, uiUrl: null, stop: () => Promise.resolve() };
  }
  const found = await findTemporal({
    explicitPath: config.temporalCli,
    environment: { ...environment },
    onProgress: options.onProgress,
    signal: options.signal,
  });
  const server = await startDevServer({
    binary: found.path,
    databaseFile: join(config.dataDirectory, 'temporal.db'),
    port: await getPort({ host: '127.0.0.1', port: portNumbers(7233, 7332) }),
    uiPort: await getPort({ host: '127.0.0.1', port: portNumbers(8233, 8332) }),
    logFile: join(config.dataDirectory, 'temporal.log'),
    onExit: options.onExit,
    onProgress: options.onProgress,
  });
  return { target: plainTarget(server.address), uiUrl: server.uiUrl, stop: () => server.stop() };
}
