import pg from 'pg';
import type { Layout } from './layouts.ts';
import { duplicateOf, freshOf, missOf, type Operation, type Reach } from './operations.ts';

/** While the rows are loaded: a table that is emptied and filled in one transaction needs no WAL. */
export const loadSettings: Readonly<Record<string, string>> = {
  wal_level: 'minimal',
  max_wal_senders: '0',
  max_wal_size: '4GB',
  shared_buffers: '1GB',
  maintenance_work_mem: '1GB',
  max_parallel_maintenance_workers: '1',
  autovacuum: 'off',
};

/** While it is measured: past the operating system's cache, so that `cache` is all there is; no checkpoint but our own. */
export const measureSettings = (cache: string): Record<string, string> => ({
  wal_level: 'replica',
  max_wal_size: '8GB',
  checkpoint_timeout: '1h',
  shared_buffers: cache,
  debug_io_direct: 'data',
});

/** Everything that a layout is measured at, by name. */
export function* operationsOf(layout: Layout, rows: number, months: number): Generator<[string, Operation]> {
  const reaches: Reach[] =
    layout.name === 'by month' ? ['everything', 'a year', 'since it happened'] : ['everything'];
  for (const reach of reaches) {
    for (const named of [false, true]) {
      const situation = { layout, reach, rows, months, named };
      const how = `${reach}${named ? ', planned once' : ''}`;
      yield [`miss (${how})`, missOf(situation)];
      yield [`recent duplicate (${how})`, duplicateOf(situation, 'recent')];
      if (!named) yield [`any duplicate (${how})`, duplicateOf(situation, 'any')];
      yield [`new event (${how})`, freshOf(situation)];
    }
  }
}

/** New events as they are written in practice: each first touch of a page after a checkpoint writes all of it to the WAL. */
export function afterCheckpoint(layout: Layout, rows: number, months: number): [string, Operation] {
  const reach: Reach = layout.name === 'by month' ? 'since it happened' : 'everything';
  return ['new event, from a checkpoint on', freshOf({ layout, reach, rows, months, named: false })];
}

/** The size of a layout, and how long it takes to be rid of its oldest month. */
export async function expire(
  url: string,
  layout: Layout,
): Promise<{ tableBytes: number; indexBytes: number; expireSeconds: number[] }> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<{ table: string; index: string }>(
      `select sum(pg_table_size(c.oid)) as table, sum(pg_indexes_size(c.oid)) as index
       from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = 'bench' and c.relkind = 'r'`,
    );
    const expireSeconds: number[] = [];
    for (const statement of layout.expire) {
      const start = performance.now();
      await client.query(statement);
      expireSeconds.push((performance.now() - start) / 1000);
    }
    return { tableBytes: Number(rows[0]?.table), indexBytes: Number(rows[0]?.index), expireSeconds };
  } finally {
    await client.end();
  }
}
