import { fileURLToPath } from 'node:url';

/** The server that holds the queue: what the second kill test kills. */
export type QueueServer = 'redis' | 'postgres' | 'restate' | 'temporal';

/** How one way to process webhooks is run and looked at from outside. */
export interface Contestant {
  name: string;
  title: string;
  server: QueueServer;
  /** For Redis: when its append-only file reaches the disk. */
  appendfsync?: 'always' | 'everysec';
  /** Arguments of Node for a role; null where it has none. */
  command(role: 'prepare' | 'receiver' | 'worker' | 'recover'): readonly string[] | null;
  /** What it prints when it is up. */
  up: { receiver: string; worker: string };
  /** Where its effects are, as `event_id` in one table and `revision` in the other. */
  tables: { processedEvents: string; records: string };
}

const here = fileURLToPath(new URL('.', import.meta.url));
const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

function peer(name: string, title: string, server: QueueServer, more: Partial<Contestant> = {}): Contestant {
  return {
    name,
    title,
    server,
    command: (role) => [`${here}run.ts`, name, role],
    up: { receiver: 'ready', worker: 'ready' },
    tables: { processedEvents: 'bench.processed_events', records: 'bench.records' },
    ...more,
  };
}

/** In the order in which they are measured. */
export const contestants: readonly Contestant[] = [
  peer('bullmq', 'BullMQ, Redis (appendfsync always)', 'redis', { appendfsync: 'always' }),
  {
    ...peer('bullmq', 'BullMQ, Redis (appendfsync everysec)', 'redis', { appendfsync: 'everysec' }),
    name: 'bullmq-everysec',
  },
  peer('pg-boss', 'pg-boss, PostgreSQL', 'postgres'),
  peer('graphile-worker', 'graphile-worker, PostgreSQL', 'postgres'),
  peer('dbos', 'DBOS, PostgreSQL', 'postgres'),
  peer('restate', 'Restate', 'restate'),
  {
    name: 'landfall',
    title: 'Landfall, Temporal on PostgreSQL',
    server: 'temporal',
    command: (role) => (role === 'receiver' || role === 'worker' ? [main, role] : null),
    up: { receiver: '"receiving"', worker: '"working"' },
    tables: { processedEvents: 'landfall.processed', records: 'landfall.records' },
  },
];
