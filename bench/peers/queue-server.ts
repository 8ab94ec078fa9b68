import { mkdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import getPort from 'get-port';
import { Redis } from 'ioredis';
import { startFullTemporal } from '../../test/support/full-temporal.ts';
import type { PostgresServer } from '../../test/support/postgres.ts';
import { signalTree } from '../../test/support/signal-tree.ts';
import type { Contestant } from './contestants.ts';
import { supervise } from './supervised-process.ts';

/** The server that holds a contestant's queue, all durable: each waits for the disk before it answers. */
export interface QueueServer {
  /** What the contestant's processes need to find it. */
  env: Record<string, string>;
  pids(): number[];
  /** SIGKILL. */
  kill(): Promise<void>;
  /** After `kill`. */
  start(): Promise<void>;
}

/** Starts it. @throws Error that says what is missing on this machine */
export async function startQueueServer(
  { server, appendfsync }: Contestant,
  postgres: PostgresServer,
  directory: string,
): Promise<QueueServer> {
  switch (server) {
    case 'postgres':
      return {
        env: {},
        pids: () => [],
        kill: async () => {
          await signalTree(postgres.pid(), 'SIGKILL');
          await postgres.halt();
        },
        start: () => postgres.resume(),
      };
    case 'redis':
      return startRedis(directory, appendfsync ?? 'always');
    case 'restate':
      return startRestate(directory);
    case 'temporal':
      return startTemporal(postgres, directory);
  }
}

async function startRedis(directory: string, appendfsync: string): Promise<QueueServer> {
  const port = await getPort({ host: '127.0.0.1' });
  const settings = { port, bind: '127.0.0.1', dir: directory, save: '', appendonly: 'yes', appendfsync };
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const ping = async (): Promise<boolean> => {
    const redis = new Redis({ port, host: '127.0.0.1', lazyConnect: true, retryStrategy: () => null });
    redis.on('error', () => undefined);
    try {
      await redis.connect();
      await redis.ping();
      return true;
    } finally {
      redis.disconnect();
    }
  };
  const redis = await supervise({ command: 'redis-server', args, env: {}, up: ping });
  return { ...redis, pids: () => [redis.pid()], env: { QUEUE_ADDRESS: `redis://127.0.0.1:${port}` } };
}

/** With its default configuration, which waits for the disk (`rocksdb-disable-wal-fsync = false`), as a single node. */
async function startRestate(directory: string): Promise<QueueServer> {
  const [node, ingress, admin] = [await getPort(), await getPort(), await getPort()];
  const binary = createRequire(
    createRequire(import.meta.url).resolve('@restatedev/restate-server/package.json'),
  );
  const command = binary.resolve(
    `@restatedev/restate-server-${process.platform}-${process.arch}/bin/restate-server`,
  );
  const adminUrl = `http://127.0.0.1:${admin}`;
  const restate = await supervise({
    command,
    args: ['--node-name', 'bench', '--base-dir', directory, '--no-logo'],
    env: {
      RESTATE_LISTEN_MODE: 'tcp',
      RESTATE_DISABLE_TELEMETRY: 'true',
      RESTATE_BIND_ADDRESS: `127.0.0.1:${node}`,
      RESTATE_ADVERTISED_ADDRESS: `http://127.0.0.1:${node}`,
      RESTATE_INGRESS__BIND_ADDRESS: `127.0.0.1:${ingress}`,
      RESTATE_ADMIN__BIND_ADDRESS: `127.0.0.1:${admin}`,
    },
    up: async () =>
      (await fetch(`${adminUrl}/health`)).ok &&
      (await fetch(`http://127.0.0.1:${ingress}/restate/health`)).ok,
  });
  const env = {
    QUEUE_ADDRESS: `http://127.0.0.1:${ingress}`,
    RESTATE_ADMIN_URL: adminUrl,
    WORKER_PORT: String(await getPort()),
  };
  return { ...restate, pids: () => [restate.pid()], env };
}

async function startTemporal(postgres: PostgresServer, parent: string): Promise<QueueServer> {
  const directory = join(parent, 'temporal');
  await mkdir(directory);
  const onProgress = (message: string): void => console.error(message);
  const temporal = await startFullTemporal({ postgresUrl: postgres.url, directory, onProgress });
  if ('unavailable' in temporal) throw new Error(`no full Temporal server: ${temporal.unavailable}`);
  return {
    env: { TEMPORAL_ADDRESS: temporal.address, TEMPORAL_NAMESPACE: 'default' },
    pids: () => [temporal.pid()],
    kill: () => signalTree(temporal.pid(), 'SIGKILL'),
    start: () => temporal.restart(),
  };
}
