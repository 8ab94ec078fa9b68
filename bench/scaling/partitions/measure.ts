import { readdir, readFile } from 'node:fs/promises';
import pg from 'pg';
import { z } from 'zod';
import type { Operation } from './operations.ts';

/** What one operation costs, in the mean of all that were done. */
export interface Cost {
  /** Operations that were done. */
  count: number;
  perSecond: number;
  p50Milliseconds: number;
  p99Milliseconds: number;
  /** CPU of all of PostgreSQL's processes; null where there is no /proc. */
  serverCpuMilliseconds: number | null;
  /** Pages of 8 KiB that were looked at, and those among them that were not in PostgreSQL's own cache. */
  pages: number;
  pagesRead: number;
  walBytes: number;
}

/** Clock ticks of /proc/<pid>/stat per second: fixed on Linux, whatever the kernel's own rate. */
const ticksPerSecond = 100;

/** The cost whose rate is the median. */
export function medianOf(costs: readonly Cost[]): Cost {
  const sorted = [...costs].sort((a, b) => a.perSecond - b.perSecond);
  const median = sorted[Math.floor(sorted.length / 2)];
  if (median === undefined) throw new RangeError('no trials');
  return median;
}

/** Does an operation over and over on `connections` connections for `seconds`, after a fifth of that to warm up. */
export async function measure(
  url: string,
  operation: Operation,
  { seconds, connections, warmUp = true }: { seconds: number; connections: number; warmUp?: boolean },
): Promise<Cost> {
  const pool = new pg.Pool({ connectionString: url, max: connections });
  try {
    const clients = await Promise.all(Array.from({ length: connections }, () => pool.connect()));
    if (warmUp) await repeat(clients, operation, seconds / 5);
    const before = await snapshot(url, clients);
    const { latencies, elapsedSeconds } = await repeat(clients, operation, seconds);
    const after = await snapshot(url, clients);
    for (const client of clients) client.release();
    latencies.sort((a, b) => a - b);
    const per = (part: 'pages' | 'pagesRead' | 'walBytes') => (after[part] - before[part]) / latencies.length;
    return {
      count: latencies.length,
      perSecond: latencies.length / elapsedSeconds,
      p50Milliseconds: latencies[Math.floor(latencies.length * 0.5)] ?? Number.NaN,
      p99Milliseconds: latencies[Math.floor(latencies.length * 0.99)] ?? Number.NaN,
      serverCpuMilliseconds:
        after.cpuSeconds === null || before.cpuSeconds === null
          ? null
          : ((after.cpuSeconds - before.cpuSeconds) * 1000) / latencies.length,
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
  url: string,
  clients: readonly pg.PoolClient[],
): Promise<{ pages: number; pagesRead: number; walBytes: number; cpuSeconds: number | null }> {
  // A session keeps its counts to itself for up to a second; asked to, it reports them at once.
  for (const client of clients) await client.query('select pg_stat_force_next_flush()');
  for (const client of clients) await client.query('select 1');
  const own = new pg.Client({ connectionString: url });
  await own.connect();
  try {
    const { rows } = await own.query(
      `select sum(blks_hit) as hit, sum(blks_read) as read, pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0') as wal
       from pg_stat_database where datname = current_database()`,
    );
    const { hit, read, wal } = counters.parse(rows[0]);
    return { pages: hit + read, pagesRead: read, walBytes: wal, cpuSeconds: await serverCpuSeconds(own) };
  } finally {
    await own.end();
  }
}

/** CPU time of the postmaster's children that are alive: all sessions and writers of this measurement are. */
async function serverCpuSeconds(client: pg.Client): Promise<number | null> {
  const { rows } = await client.query('select pg_backend_pid() as pid');
  const { pid } = z.object({ pid: z.number() }).parse(rows[0]);
  const parentOf = async (process: string) => {
    const stat = await readFile(`/proc/${process}/stat`, 'utf8').catch(() => null);
    // The second field is a name in parentheses that may hold spaces; the parent, user and system time come behind it.
    const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ') ?? null;
    return fields && { parent: fields[1], ticks: Number(fields[11]) + Number(fields[12]) };
  };
  const self = await parentOf(String(pid));
  if (self === null) return null;
  const all = await Promise.all((await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(parentOf));
  const ticks = all.flatMap((each) => (each?.parent === self.parent ? [each?.ticks ?? 0] : []));
  return ticks.reduce((sum, each) => sum + each, 0) / ticksPerSecond;
}
