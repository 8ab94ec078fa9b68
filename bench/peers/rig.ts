import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import getPort from 'get-port';
import pg from 'pg';
import { z } from 'zod';
import { startPostgres } from '../../test/support/postgres.ts';
import type { Contestant } from './contestants.ts';
import { landfallEnvironment, landfallSources } from './landfall.ts';
import type { LoadJob } from './load-job.ts';
import { readProcessorTime } from '../tool/processor-time.ts';
import { type QueueServer, startQueueServer } from './queue-server.ts';
import { runToEnd, supervise, type SupervisedProcess } from './supervised-process.ts';

/** One contestant with all that it needs, started. */
export interface Rig {
  receiver: SupervisedProcess;
  worker: SupervisedProcess;
  server: QueueServer;
  /** Ready for one job after another. */
  load: ChildProcess;
  job(more: Pick<LoadJob, 'prefix' | 'events' | 'connections'> & { tellAfter?: number }): LoadJob;
  /** The ids of the processed events that begin with this, and how many records were written more than once. */
  effects(prefix: string): Promise<{ ids: Set<string>; writtenTwice: number }>;
  countEffects(prefix: string): Promise<number>;
  /** How often the vendor was asked for each record. */
  fetches(): Promise<Record<string, number>>;
  /** Processor time of receiver, worker, queue server and PostgreSQL together. */
  processorMilliseconds(): Promise<number>;
  recover(): Promise<void>;
  stop(): Promise<void>;
}

const secret = 'the-secret-of-the-benchmark';
const here = fileURLToPath(new URL('.', import.meta.url));
/** Compiles as it loads, and then runs as any other Node process. */
const tsx = ['--import', import.meta.resolve('tsx')];

/** Starts PostgreSQL, the queue's server, the vendor, the load generator, receiver and worker, in this order. */
export async function startRig(contestant: Contestant): Promise<Rig> {
  const directory = await mkdtemp(join(tmpdir(), 'landfall-peers-'));
  await chmod(directory, 0o755);
  const postgres = await startPostgres({ durable: true });
  const databaseUrl = await postgres.createDatabase();
  const server = await startQueueServer(contestant, postgres, directory);
  const [vendorPort, port] = [await getPort(), await getPort()];
  const vendorUrl = `http://127.0.0.1:${vendorPort}`;
  const node = { command: process.execPath };
  const vendor = await supervise({
    ...node,
    args: [...tsx, `${here}vendor.ts`, String(vendorPort)],
    env: {},
    up: 'ready',
  });
  const load = fork(`${here}load.ts`, { execArgv: tsx });
  await once(load, 'message');
  const endLoad = (): void => void load.kill('SIGKILL');
  process.once('exit', endLoad);

  const sourcesFile = join(directory, 'sources.json');
  await writeFile(sourcesFile, JSON.stringify(landfallSources(vendorUrl)));
  const env = {
    PORT: String(port),
    DATABASE_URL: databaseUrl,
    VENDOR_URL: vendorUrl,
    WEBHOOK_SECRET: secret,
    ...server.env,
    ...landfallEnvironment({ port, opsPort: await getPort(), sourcesFile, secret }),
  };
  const run = async (role: 'prepare' | 'recover'): Promise<void> => {
    const args = contestant.command(role);
    if (args !== null) await runToEnd({ ...node, args: [...tsx, ...args], env });
  };
  await run('prepare');
  const start = async (role: 'receiver' | 'worker'): Promise<SupervisedProcess> =>
    supervise({
      ...node,
      args: [...tsx, ...(contestant.command(role) ?? [])],
      env: { ...env, LANDFALL_OPS_PORT: String(await getPort()) },
      up: contestant.up[role],
    });
  const worker = await start('worker');
  const receiver = await start('receiver');

  const query = async <Row extends pg.QueryResultRow>(
    text: string,
    values: unknown[] = [],
  ): Promise<Row[]> => {
    const client = new pg.Client({ connectionString: databaseUrl });
    client.on('error', () => undefined);
    try {
      await client.connect();
      return (await client.query<Row>(text, values)).rows;
    } finally {
      await client.end();
    }
  };
  const { processedEvents, records } = contestant.tables;
  return {
    receiver,
    worker,
    server,
    load,
    job: (more) => ({ url: `http://127.0.0.1:${port}/webhooks/bench`, secret, tellAfter: 0, ...more }),
    async effects(prefix) {
      const like = `${prefix}-%`;
      const ids = await query<{ event_id: string }>(
        `select event_id from ${processedEvents} where event_id like $1`,
        [like],
      );
      const [twice] = await query<{ count: number }>(
        `select count(*)::int as count from ${records} where revision > 1`,
      );
      return { ids: new Set(ids.map(({ event_id }) => event_id)), writtenTwice: twice?.count ?? 0 };
    },
    async countEffects(prefix) {
      const [row] = await query<{ count: number }>(
        `select count(*)::int as count from ${processedEvents} where event_id like $1`,
        [`${prefix}-%`],
      );
      return row?.count ?? 0;
    },
    fetches: async () =>
      z.record(z.string(), z.number()).parse(await (await fetch(`${vendorUrl}/counts`)).json()),
    async processorMilliseconds() {
      const roots = [receiver.pid(), worker.pid(), postgres.pid(), ...server.pids()];
      return readProcessorTime(roots);
    },
    recover: () => run('recover'),
    async stop() {
      load.kill('SIGKILL');
      process.off('exit', endLoad);
      await Promise.all([receiver.kill(), worker.kill(), vendor.kill()]);
      if (contestant.server !== 'postgres') await server.kill();
      await postgres.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
