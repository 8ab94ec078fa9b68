import pg from 'pg';
import { z } from 'zod';
import { query } from '../../../test/support/create-database.ts';
import type { PostgresServer } from '../../../test/support/postgres.ts';
import { readOrNull, readTree } from '../../tool/processor-time.ts';
import type { Operation } from './operations.ts';

/** What one operation costs, in the mean of all that were done. */
export interface Cost {
  /** Operations that were done. */
  count: number;
  perSecond: number;
  p50Milliseconds: number;
  p99Milliseconds: number;
  /** CPU of all of PostgreSQL's processes. */
  serverCpuMilliseconds: number;
  /** Pages of 8 KiB that were looked at, and those among them that were not in PostgreSQL's own cache. */
  pages: number;
  pagesRead: number;
  walBytes: number;
}

/** The cost whose rate is the median. */
export function medianOf(costs: readonly Cost[]): Cost {
  const sorted = [...costs].sort((a, b) => a.perSecond - b.perSecond);
  const median = sorted[Math.floor(sorted.length / 2)];
  if (median === undefined) throw new RangeError('no trials');
  return median;
}

/** Does an operation over and over on `connections` connections for `seconds`, after a fifth of that to warm up. */
export async function measure(
  server: PostgresServer,
  operation: Operation,
  { seconds, connections, warmUp = true }: { seconds: number; connections: number; warmUp?: boolean },
): Promise<Cost> {
  const pool = new pg.Pool({ connectionString: server.url, max: connections });
  try {
    const clients = await Promise.all(Array.from({ length: connections }, () => pool.connect()));
    if (warmUp) await repeat(clients, operation, seconds / 5);
    const before = await snapshot(server, clients);
    const { latencies, elapsedSeconds } = await repeat(clients, operation, seconds);
    const after = await snapshot(server, clients);
    for (const client of clients) client.release();
    latencies.sort((a, b) => a - b);
    const per = (part: 'pages' | 'pagesRead' | 'walBytes' | 'cpuMilliseconds') =>
      (after[part] - before[part]) / latencies.length;
    return {
      count: latencies.length,
      perSecond: latencies.length / elapsedSeconds,
      p50Milliseconds: latencies[Math.floor(latencies.length * 0.5)] ?? Number.NaN,
      p99Milliseconds: latencies[Math.floor(latencies.length * 0.99)] ?? Number.NaN,
      serverCpuMilliseconds: per('cpuMilliseconds'),
      pages: per('pages'),
      pagesRead: per('pagesRead'),
      walBytes: per('walBytes'),
    };
  } finally {
    await pool.end();
  }
}

async function repeat(
  clients: readonly pg.PoolClient[],
  operation: Operation,
  seconds: number,
): Promise<{ latencies: number[]; elapsedSeconds: number }> {
  const latencies: number[] = [];
  const start = performance.now();
  const work = async (client: pg.PoolClient) => {
    for (let began = performance.now(); began - start < seconds * 1000;) {
      await operation(client);
      const ended = performance.now();
      latencies.push(ended - began);
      began = ended;
    }
  };
  await Promise.all(clients.map(work));
  return { latencies, elapsedSeconds: (performance.now() - start) / 1000 };
}

const counters = z.object({ hit: z.coerce.number(), read: z.coerce.number(), wal: z.coerce.number() });

async function snapshot(
  server: PostgresServer,
  clients: readonly pg.PoolClient[],
): Promise<{ pages: number; pagesRead: number; walBytes: number; cpuMilliseconds: number }> {
  // A session keeps its counts to itself for up to a second; asked to, it reports them at once.
  for (const client of clients) await client.query('select pg_stat_force_next_flush()');
  for (const client of clients) await client.query('select 1');
  const [row] = await query(
    server.url,
    `select sum(blks_hit) as hit, sum(blks_read) as read, pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0') as wal
     from pg_stat_database where datname = current_database()`,
  );
  const { hit, read, wal } = counters.parse(row);
  return {
    pages: hit + read,
    pagesRead: read,
    walBytes: wal,
    cpuMilliseconds: await readCpuMilliseconds(server.pid()),
  };
}

/** Of the processes that are alive: all sessions and writers of a measurement are. To the nanosecond: operations are shorter than a tick. */
async function readCpuMilliseconds(server: number): Promise<number> {
  const times = (await readTree([server])).map(async ({ pid }) => {
    const [nanoseconds] = (await readOrNull(`/proc/${pid}/schedstat`))?.split(' ') ?? [];
    return Number(nanoseconds ?? 0) / 1e6;
  });
  return (await Promise.all(times)).reduce((sum, each) => sum + each, 0);
}
