import getPort from 'get-port';
import { DefaultLogger, type LogLevel, Runtime, type RuntimeOptions } from '@temporalio/worker';
import type { Logger } from 'pino';
import { metricsExporter, readMetrics } from './sdk-metrics.ts';

const levels: Readonly<Record<LogLevel, 'trace' | 'debug' | 'info' | 'warn' | 'error'>> = {
  TRACE: 'trace',
  DEBUG: 'debug',
  INFO: 'debug',
  WARN: 'warn',
  ERROR: 'error',
};

/** What our own log has said already, with the code of the error. */
const ownReports: ReadonlySet<string> = new Set(['Activity failed']);

/** Free ports that others were quicker to take, before something else must be wrong. */
const attempts = 5;

/** The SDK's runtime of this process. */
export interface TemporalRuntime {
  /** The SDK's own metrics, in Prometheus' text format; none where they cannot be read at the moment. */
  readMetrics(): Promise<string>;
}

/**
 * Sets up the SDK's runtime: once in a process, before the first worker. What the SDK, its core and workflows log goes to our logger,
 * one level below where it is only about the SDK's own state. Signals are ours: the receiver stops before its worker.
 *
 * The core serves its metrics by HTTP on a port of its own, so it is given one of the loopback interface, for us alone.
 */
export async function installTemporalRuntime(logger: Logger): Promise<TemporalRuntime> {
  for (let attempt = 1; ; attempt += 1) {
    const address = `127.0.0.1:${await getPort({ host: '127.0.0.1' })}`;
    try {
      Runtime.install(runtimeOptions(logger, address));
      return { readMetrics: () => readMetrics(`http://${address}/metrics`, logger) };
    } catch (error) {
      if (attempt === attempts) throw error;
    }
  }
}

function runtimeOptions(logger: Logger, metricsAddress: string): RuntimeOptions {
  return {
    shutdownSignals: [],
    logger: new DefaultLogger('INFO', ({ level, message, meta }) => {
      const known = ownReports.has(message);
      logger[known ? 'debug' : levels[level]]({ ...meta, component: 'temporal' }, message);
    }),
    telemetryOptions: {
      // The core tells of each poll at its lower levels: below `debug` nobody wants to pay for that.
      logging: {
        filter: { core: logger.isLevelEnabled('debug') ? 'INFO' : 'WARN', other: 'ERROR' },
        forward: {},
      },
      metrics: metricsExporter(metricsAddress),
    },
  };
}
