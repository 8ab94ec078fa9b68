import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chown, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import getPort from 'get-port';
import { createDatabase, query } from './create-database.ts';
import { findPostgresBinaries, type PostgresBinaries } from './postgres-binaries.ts';

/** A real PostgreSQL server on a free port of 127.0.0.1, trusting everyone there. */
export interface PostgresServer {
  /** Of its database `postgres`. */
  url: string;
  /** Creates an empty database and answers its URL. */
  createDatabase(): Promise<string>;
  /** Ends it as a shutdown of the machine does, keeping its data: sessions are cut off. */
  halt(): Promise<void>;
  /** Starts it again after `halt`. */
  resume(): Promise<void>;
  isRunning(): boolean;
  /** The process id of its postmaster, another one after `resume`. @throws Error while it does not run */
  pid(): number;
  /** `halt`, then `resume`. */
  restart(): Promise<void>;
  /** Ends it and removes its data. */
  stop(): Promise<void>;
}

const startTimeoutMilliseconds = 60_000;

/** How PostgreSQL is started. */
export interface PostgresOptions {
  /** True waits for the disk at each commit, as in production; false saves the tests that time. @default false */
  durable?: boolean;
  /** The folder that its data go below. @default the system's for temporary files */
  parent?: string;
  /** Of postgresql.conf, by name, before those that this file sets itself. */
  settings?: Readonly<Record<string, string>>;
}

/** Starts a PostgreSQL server for tests and benchmarks. */
export async function startPostgres({
  durable = false,
  parent = tmpdir(),
  settings = {},
}: PostgresOptions = {}): Promise<PostgresServer> {
  const binaries = await findPostgresBinaries();
  const directory = await mkdtemp(join(parent, 'landfall-postgres-'));
  const { uid, gid } = binaries.user;
  if (uid !== undefined && gid !== undefined) await chown(directory, uid, gid);
  const data = join(directory, 'data');
  await initialise(binaries, data);
  const port = await getPort({ host: '127.0.0.1' });
  const url = `postgresql://postgres@127.0.0.1:${port}/postgres`;
  let server = await serve(binaries, data, { port, url, durable, settings });

  const hasEnded = () => server.exitCode !== null || server.signalCode !== null;
  const halt = async () => {
    if (hasEnded()) return;
    const exited = once(server, 'exit');
    server.kill('SIGINT');
    await exited;
  };
  const resume = async () => {
    server = await serve(binaries, data, { port, url, durable, settings });
  };
  return {
    url,
    createDatabase: () => createDatabase(url),
    halt,
    resume,
    isRunning: () => !hasEnded(),
    pid: () => {
      if (hasEnded() || server.pid === undefined) throw new Error('This PostgreSQL does not run.');
      return server.pid;
    },
    restart: async () => {
      await halt();
      await resume();
    },
    stop: async () => {
      await halt();
      await rm(directory, { recursive: true, force: true });
      if (binaries.copy !== null) await rm(binaries.copy, { recursive: true, force: true });
    },
  };
}

async function initialise({ initdb, user }: PostgresBinaries, data: string): Promise<void> {
  const options = ['--username=postgres', '--auth=trust', '--encoding=UTF8', '--locale=C', '--no-sync'];
  const child = spawn(initdb, ['-D', data, ...options], { ...user, stdio: ['ignore', 'pipe', 'pipe'] });
  const output = collect(child);
  const exited: Promise<unknown[]> = once(child, 'exit');
  const [code] = await exited;
  if (code !== 0) throw new Error(`initdb failed: ${output()}`);
}

async function serve(
  { postgres, user }: PostgresBinaries,
  data: string,
  { port, url, durable, settings }: { port: number; url: string } & Required<Omit<PostgresOptions, 'parent'>>,
): Promise<ChildProcess> {
  const all = {
    port,
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: 200,
    ...(durable ? {} : { fsync: 'off', full_page_writes: 'off' }),
    ...settings,
  };
  const options = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const child = spawn(postgres, ['-D', data, ...options], { ...user, stdio: ['ignore', 'pipe', 'pipe'] });
  const output = collect(child);
  const kill = () => child.kill('SIGQUIT');
  process.once('exit', kill);
  child.once('exit', () => process.removeListener('exit', kill));
  const deadline = Date.now() + startTimeoutMilliseconds;
  for (;;) {
    try {
      await query(url, 'select 1');
      return child;
    } catch (error) {
      if (child.exitCode !== null) throw new Error(`PostgreSQL ended: ${output()}`, { cause: error });
      if (Date.now() > deadline) throw new Error(`PostgreSQL does not start: ${output()}`, { cause: error });
      await wait(50);
    }
  }
}

/** The newest output, for the message of a failure; read always, because a full pipe would stop the server. */
function collect(child: ChildProcess): () => string {
  let text = '';
  const add = (chunk: Buffer) => {
    text = (text + chunk.toString('utf8')).slice(-4_000);
  };
  child.stdout?.on('data', add);
  child.stderr?.on('data', add);
  return () => text;
}
