import { DefaultLogger, type LogLevel, Runtime } from '@temporalio/worker';
import type { Logger } from 'pino';

const levels: Readonly<Record<LogLevel, 'trace' | 'debug' | 'info' | 'warn' | 'error'>> = {
  TRACE: 'trace',
  DEBUG: 'debug',
  INFO: 'debug',
  WARN: 'warn',
  ERROR: 'error',
};

/** What our own log has said already, with the code of the error. */
const ownReports: ReadonlySet<string> = new Set(['Activity failed']);

/**
 * Sets up the SDK's runtime: once in a process, before the first worker. What the SDK and workflows log goes to our logger,
 * one level below where it is only about the SDK's own state. Signals are ours: the receiver stops before its worker.
 */
export function installTemporalRuntime(logger: Logger): void {
  Runtime.install({
    shutdownSignals: [],
    logger: new DefaultLogger('INFO', ({ level, message, meta }) => {
      const known = ownReports.has(message);
      logger[known ? 'debug' : levels[level]]({ ...meta, component: 'temporal' }, message);
    }),
  });
}
