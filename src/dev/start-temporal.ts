import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import getPort, { portNumbers } from 'get-port';
import type { Config } from '../config/load.ts';
import { createTemporalClient, plainTarget, type TemporalTarget } from '../temporal/client.ts';
import { findTemporal } from '../temporal/dev-server/find-temporal.ts';
import { type DevServer, startDevServer } from '../temporal/dev-server/start-dev-server.ts';

/** The Temporal that `landfall dev` works with. */
export interface DevTemporal {
  target: TemporalTarget;
  /** null where it is not ours: nobody told us where its UI is. */
  uiUrl: string | null;
  stop(): Promise<void>;
}

interface StartOptions {
  onProgress: (message: string) => void;
  /** Called where it ended without having been asked to, and cannot be started again. */
  onExit: (reason: string) => void;
  signal: AbortSignal;
  /** See `DevServerOptions.uiCodecEndpoint`. */
  uiCodecEndpoint?: string;
  /** How often to look whether the server answers. @default 5000 */
  lookEveryMilliseconds?: number;
}

const restartAfterFailures = 4;

/**
 * Temporal as the settings say, else a dev server of our own that keeps its data on disk, and is started again where it is stuck.
 * @throws TemporalUnavailableError | ConfigurationError where none can be had
 */
export async function startTemporal(
  config: Config,
  environment: Readonly<Record<string, string | undefined>>,
  options: StartOptions,
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
  const port = await getPort({ host: '127.0.0.1', port: portNumbers(7233, 7332) });
  const uiPort = await getPort({ host: '127.0.0.1', port: portNumbers(8233, 8332) });
  const start = () =>
    startDevServer({
      binary: found.path,
      databaseFile: join(config.dataDirectory, 'temporal.db'),
      port,
      uiPort,
      logFile: join(config.dataDirectory, 'temporal.log'),
      onExit: options.onExit,
      onProgress: options.onProgress,
      ...(options.uiCodecEndpoint === undefined ? {} : { uiCodecEndpoint: options.uiCodecEndpoint }),
    });
  return keepUsable(await start(), start, options);
}

/**
 * Looks after the dev server. On a busy machine its SQLite may get stuck, and then refuses everything until it is started anew:
 * its driver before 1.44 leaves a connection interrupted for good after a cancelled query.
 *
 * @see https://github.com/temporalio/temporal/pull/9198
 */
function keepUsable(first: DevServer, start: () => Promise<DevServer>, options: StartOptions): DevTemporal {
  const target = plainTarget(first.address);
  const client = createTemporalClient(target);
  const lookEvery = options.lookEveryMilliseconds ?? 5_000;
  const ending = new AbortController();
  let server = first;
  const watching = watch();
  return {
    target,
    uiUrl: first.uiUrl,
    async stop() {
      ending.abort();
      await watching;
      await client.connection.close();
      await server.stop();
    },
  };

  async function watch(): Promise<void> {
    let failures = 0;
    while (await waited(lookEvery, ending.signal)) {
      failures = (await answers()) ? 0 : failures + 1;
      if (failures < restartAfterFailures) continue;
      failures = 0;
      options.onProgress('Temporal’s dev server is stuck: it is started again. Its data is on disk.');
      try {
        await server.stop();
        server = await start();
      } catch (error) {
        options.onExit(error instanceof Error ? error.message : String(error));
        return;
      }
    }
  }

  async function answers(): Promise<boolean> {
    try {
      await client.withDeadline(Date.now() + lookEvery, () =>
        client.workflowService.listWorkflowExecutions({ namespace: target.namespace, pageSize: 1 }),
      );
      return true;
    } catch {
      return false;
    }
  }
}

/** False where the wait was cut short. */
async function waited(milliseconds: number, signal: AbortSignal): Promise<boolean> {
  try {
    await sleep(milliseconds, undefined, { signal });
    return true;
  } catch {
    return false;
  }
}
