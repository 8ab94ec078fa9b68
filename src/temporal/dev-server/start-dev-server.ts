import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, open, readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import { TemporalUnavailableError } from '../../errors.ts';
import { searchAttributes } from '../../model/search-attributes.ts';
import { serverSettings } from '../server-settings.ts';
import { claimDatabase } from './claim-database.ts';
import { stopProcess } from './stop-process.ts';

const host = '127.0.0.1';
const startWithinMilliseconds = 60_000;
const askEveryMilliseconds = 100;
const tailLines = 20;

/** How the dev server is started. */
export interface DevServerOptions {
  /** Path of the Temporal CLI, see `findTemporal`. */
  binary: string;
  /** The SQLite file that keeps workflows over a restart; null keeps them in memory. */
  databaseFile: string | null;
  /** Of the gRPC service. */
  port: number;
  /** Of the web UI. */
  uiPort: number;
  /** Further settings of the server, beside `serverSettings`, such as `limit.historyCount.suggestContinueAsNew`, by their value as JSON. */
  dynamicConfig?: Readonly<Record<string, string>>;
  /** Where the web UI has encrypted payloads decrypted. @default nowhere: it shows them as they are */
  uiCodecEndpoint?: string;
  /** Where its output is appended. */
  logFile: string;
  /** Called once where it ends without having been asked to. */
  onExit: (reason: string) => void;
  onProgress?: (message: string) => void;
}

/** A dev server that answers. */
export interface DevServer {
  /** For `TEMPORAL_ADDRESS`. */
  address: string;
  uiUrl: string;
  pid: number;
  /** Ends it; what it kept in a file stays. Stopping twice is the same as once. */
  stop(): Promise<void>;
}

/**
 * Starts Temporal's dev server with its web UI on 127.0.0.1, with Landfall's search attributes, and waits until it answers.
 * It is in a process group of its own, so that Ctrl-C reaches us first and workers can finish before it stops.
 *
 * @throws TemporalUnavailableError where a port is taken, the database is in use, or it ends or stays silent at its start
 * @see https://docs.temporal.io/cli/server#start-dev
 */
export async function startDevServer(options: DevServerOptions): Promise<DevServer> {
  const { databaseFile, port, uiPort, onExit } = options;
  const claim =
    databaseFile === null ? null : await claimDatabase(databaseFile, options.onProgress ?? (() => {}));
  await refuseTakenPort(port, 'gRPC');
  await refuseTakenPort(uiPort, 'web UI');

  const { child, pid, logFrom } = await launch(options);
  let stopping = false;
  const end: { reason: string | null } = { reason: null };
  child.once('exit', (code, signal) => {
    end.reason = code === null ? `was ended by ${signal ?? 'a signal'}` : `ended with exit code ${code}`;
  });
  // A crash of ours must not leave it behind.
  const endWithUs = (): void => void child.kill();
  process.once('exit', endWithUs);

  const stop = async (): Promise<void> => {
    stopping = true;
    await stopProcess(pid, () => end.reason === null);
    process.off('exit', endWithUs);
    await claim?.release();
  };
  try {
    await claim?.servedBy(pid);
    await untilReady(`${host}:${port}`, () => end.reason);
  } catch (cause) {
    await stop();
    throw await notStarted(options.logFile, logFrom, cause);
  }
  const reportEnd = async (): Promise<void> => {
    if (stopping) return;
    const { message } = await notStarted(options.logFile, logFrom, new Error(end.reason ?? 'ended'));
    onExit(message);
  };
  if (end.reason === null) child.once('exit', () => void reportEnd());
  else void reportEnd();
  return { address: `${host}:${port}`, uiUrl: `http://${host}:${uiPort}`, pid, stop };
}

async function launch(
  options: DevServerOptions,
): Promise<{ child: ChildProcess; pid: number; logFrom: number }> {
  const { binary, databaseFile, port, uiPort, uiCodecEndpoint, logFile, dynamicConfig = {} } = options;
  await mkdir(dirname(logFile), { recursive: true });
  const log = await open(logFile, 'a');
  try {
    const { size: logFrom } = await log.stat();
    const child = spawn(
      binary,
      [
        ...['server', 'start-dev', '--ip', host, '--port', String(port), '--ui-port', String(uiPort)],
        ...(databaseFile === null ? [] : ['--db-filename', databaseFile]),
        ...(uiCodecEndpoint === undefined ? [] : ['--ui-codec-endpoint', uiCodecEndpoint]),
        ...Object.values(searchAttributes).flatMap(({ name }) => ['--search-attribute', `${name}=Keyword`]),
        ...Object.entries({ ...serverSettings, ...dynamicConfig }).flatMap(([key, value]) => [
          '--dynamic-config-value',
          `${key}=${value}`,
        ]),
        ...['--log-level', 'warn', '--color', 'never'],
      ],
      { detached: true, stdio: ['ignore', log.fd, log.fd], windowsHide: true },
    );
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', (cause) => {
        reject(new TemporalUnavailableError(`${binary} cannot be run: ${cause.message}`, { cause }));
      });
    });
    if (child.pid === undefined) throw new TemporalUnavailableError(`${binary} has no process id`);
    return { child, pid: child.pid, logFrom };
  } finally {
    await log.close();
  }
}

/** Answering for its namespace is more than answering: until then every call of ours would be refused. */
async function untilReady(address: string, ended: () => string | null): Promise<void> {
  const connection = Connection.lazy({
    address,
    // Neither the SDK's retries nor gRPC's second between two connects: it is up after a fraction of that.
    interceptors: [],
    channelArgs: {
      'grpc.initial_reconnect_backoff_ms': askEveryMilliseconds,
      'grpc.max_reconnect_backoff_ms': askEveryMilliseconds,
    },
  });
  const deadline = performance.now() + startWithinMilliseconds;
  try {
    for (;;) {
      const reason = ended();
      if (reason !== null) throw new Error(reason);
      try {
        await connection.withDeadline(Date.now() + 2_000, () =>
          connection.workflowService.describeNamespace({ namespace: 'default' }),
        );
        return;
      } catch {
        if (performance.now() > deadline) {
          throw new Error(`does not answer after ${startWithinMilliseconds / 1_000} seconds`);
        }
        await wait(askEveryMilliseconds);
      }
    }
  } finally {
    await connection.close();
  }
}

/** Asked beforehand, because the server itself may report the one port or the other, or none. */
async function refuseTakenPort(port: number, what: string): Promise<void> {
  const probe = createServer();
  await new Promise<void>((resolve, reject) => {
    probe.once('error', reject);
    probe.listen(port, host, resolve);
  }).catch((cause: unknown) => {
    throw new TemporalUnavailableError(
      `Port ${port} of ${host}, for the dev server's ${what}, is taken: stop what uses it, or choose another port.`,
      { cause },
    );
  });
  await new Promise((resolve) => probe.close(resolve));
}

async function notStarted(
  logFile: string,
  logFrom: number,
  cause: unknown,
): Promise<TemporalUnavailableError> {
  const log = (await readFile(logFile)).subarray(logFrom).toString('utf8').trim();
  const tail = log.split('\n').slice(-tailLines).join('\n');
  const why = cause instanceof Error ? cause.message : String(cause);
  return new TemporalUnavailableError(
    `The Temporal dev server ${why}. Its log is ${logFile}${tail === '' ? '' : `, and ends so:\n${tail}`}`,
    { cause },
  );
}
