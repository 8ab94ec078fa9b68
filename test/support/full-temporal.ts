import { spawn } from 'node:child_process';
import { mkdir, open, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { Connection, isGrpcServiceError } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';
import getPort, { portNumbers } from 'get-port';
import { runCommand } from '../../src/temporal/dev-server/run-command.ts';
import { stopProcess } from '../../src/temporal/dev-server/stop-process.ts';
import { serverSettings } from '../../src/temporal/server-settings.ts';
import { prepareNamespace, retentionDays } from '../../src/temporal/namespace.ts';
import { buildFullTemporal, type FullTemporalBinaries } from './build-full-temporal.ts';
import {
  dynamicConfig,
  fullTemporalConfig,
  type SqlAddress,
  temporalDatabases,
  type TemporalServices,
} from './full-temporal-config.ts';

const readyWithinMilliseconds = 120_000;
const dayMilliseconds = 86_400_000;
/** The gRPC code ALREADY_EXISTS. */
const exists: ReadonlySet<number> = new Set([6]);

/** How the full server is started. */
export interface FullTemporalOptions {
  /** A superuser of PostgreSQL, without a database: the server's two are made. */
  postgresUrl: string;
  /** For its configuration and its log. */
  directory: string;
  onProgress: (message: string) => void;
  /** False leaves the namespace as docker-compose.yml does, without search attributes: the worker adds them. @default true */
  searchAttributes?: boolean;
  /** Settings other than `serverSettings`, by their value as JSON. */
  dynamicConfig?: Readonly<Record<string, string>>;
}

/** A full Temporal server that answers. */
export interface FullTemporal {
  /** For `TEMPORAL_ADDRESS`. */
  address: string;
  /** The process id of the server; another one after `restart`. */
  pid(): number;
  stop(): Promise<void>;
  /** Stops it where it runs, and starts it again on the same address and databases. */
  restart(): Promise<void>;
}

/**
 * Runs the Temporal server as docker-compose.yml does, without containers: frontend, history, matching and worker on PostgreSQL,
 * on free ports of 127.0.0.1, with the namespace `default`.
 *
 * @returns why it is unavailable where this machine cannot build it
 */
export async function startFullTemporal(
  options: FullTemporalOptions,
): Promise<FullTemporal | { unavailable: string }> {
  let binaries: FullTemporalBinaries;
  try {
    binaries = await buildFullTemporal(options.onProgress);
  } catch (error) {
    return { unavailable: error instanceof Error ? error.message : String(error) };
  }
  const sql = sqlAddress(options.postgresUrl);
  await prepareDatabases(binaries.sqlTool, sql);
  const services = await freePorts();
  const config = join(options.directory, 'config');
  await mkdir(config, { recursive: true });
  const dynamicConfigFile = join(config, 'dynamic.yaml');
  await writeFile(dynamicConfigFile, dynamicConfig({ ...serverSettings, ...options.dynamicConfig }));
  await writeFile(join(config, 'landfall.yaml'), fullTemporalConfig(sql, services, dynamicConfigFile));

  const address = `127.0.0.1:${services.frontend.grpc}`;
  let server = await launch(binaries.server, options.directory, address);
  await withConnection(address, async (connection) => {
    await registerNamespace(connection);
    if (options.searchAttributes ?? true) await prepareNamespace(connection, 'default', { change: true });
  });
  return {
    address,
    pid: () => server.pid,
    stop: () => server.stop(),
    restart: async () => {
      await server.stop();
      server = await launch(binaries.server, options.directory, address);
    },
  };
}

async function prepareDatabases(sqlTool: string, { host, port, user, password }: SqlAddress): Promise<void> {
  const environment = {
    ...process.env,
    SQL_PLUGIN: 'postgres12',
    SQL_HOST: host,
    SQL_PORT: port,
    SQL_USER: user,
    SQL_PASSWORD: password,
  };
  for (const { database, schema } of temporalDatabases) {
    const run = (...args: string[]): Promise<string> =>
      runCommand(sqlTool, ['--database', database, ...args], { environment });
    await run('create-database');
    await run('setup-schema', '--version', '0.0');
    await run('update-schema', '--schema-name', schema);
  }
}

/** Starts the server and waits until it answers. */
async function launch(
  server: string,
  directory: string,
  address: string,
): Promise<{ pid: number; stop: () => Promise<void> }> {
  const logFile = join(directory, 'temporal.log');
  const log = await open(logFile, 'a');
  const child = spawn(server, ['--root', directory, '--config', 'config', '--env', 'landfall', 'start'], {
    stdio: ['ignore', log.fd, log.fd],
  });
  await log.close();
  let ended: string | null = null;
  child.once('error', (error) => (ended = error.message));
  const { pid } = child;
  if (pid === undefined) throw new Error(`${server} cannot be run.`);
  child.once('exit', (code, signal) => (ended = `it ended with ${code ?? signal ?? 'nothing'}`));
  const endWithUs = (): void => void child.kill('SIGKILL');
  process.once('exit', endWithUs);

  const stop = async (): Promise<void> => {
    await stopProcess(pid, () => ended === null);
    process.off('exit', endWithUs);
  };
  try {
    await withConnection(address, (connection) =>
      untilDone(
        () => connection.workflowService.getSystemInfo({}),
        () => ended,
      ),
    );
  } catch (cause) {
    await stop();
    const lines = (await readFile(logFile, 'utf8')).trim().split('\n').slice(-20);
    const tail = lines.map((line) => line.slice(0, 300)).join('\n');
    throw new Error(`The Temporal server did not start: ${String(cause)}\n${tail}`, { cause });
  }
  return { pid, stop };
}

async function registerNamespace(connection: Connection): Promise<void> {
  try {
    await connection.workflowService.registerNamespace({
      namespace: 'default',
      workflowExecutionRetentionPeriod: msToTs(retentionDays * dayMilliseconds),
    });
  } catch (error) {
    if (!(isGrpcServiceError(error) && exists.has(error.code))) throw error;
  }
  // The frontend reads its list of namespaces every few seconds.
  await untilDone(
    () => connection.workflowService.listWorkflowExecutions({ namespace: 'default', pageSize: 1 }),
    () => null,
  );
}

async function withConnection(
  address: string,
  use: (connection: Connection) => Promise<unknown>,
): Promise<void> {
  const connection = Connection.lazy({ address });
  try {
    await use(connection);
  } finally {
    await connection.close();
  }
}

async function untilDone(attempt: () => Promise<unknown>, ended: () => string | null): Promise<void> {
  const deadline = performance.now() + readyWithinMilliseconds;
  for (;;) {
    const reason = ended();
    if (reason !== null) throw new Error(reason);
    try {
      await attempt();
      return;
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await wait(250);
    }
  }
}

async function freePorts(): Promise<TemporalServices> {
  // The schema for PostgreSQL keeps membership ports as smallint, and systems hand out free ports above it.
  const from = 10_000 + Math.floor(Math.random() * 20_000);
  const membership = () => getPort({ host: '127.0.0.1', port: portNumbers(from, from + 2_000) });
  const pair = async () => ({ grpc: await getPort(), membership: await membership() });
  return { frontend: await pair(), history: await pair(), matching: await pair(), worker: await pair() };
}

function sqlAddress(url: string): SqlAddress {
  const { hostname, port, username, password } = new URL(url);
  return {
    host: hostname,
    port: port === '' ? '5432' : port,
    user: decodeURIComponent(username),
    password: decodeURIComponent(password),
  };
}
