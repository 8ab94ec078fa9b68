import pg from 'pg';
import { type Layout, startOfMonth } from './layouts.ts';
import { selectRows } from './rows.ts';

/** Fills a layout with `rows` rows over `months` months on `connections` connections, then builds its indexes. */
export async function load(
  url: string,
  layout: Layout,
  { rows, months, connections }: { rows: number; months: number; connections: number },
): Promise<void> {
  const pool = new pg.Pool({ connectionString: url, max: connections });
  try {
    await begin(pool, layout, months);
    const waiting = Array.from({ length: months }, (_, month) => month);
    const work = async () => {
      for (let month = waiting.shift(); month !== undefined; month = waiting.shift()) {
        await loadMonth(pool, layout, month, Math.floor(rows / months));
        console.error(`  ${layout.name}: loaded ${startOfMonth(month).slice(0, 7)}`);
      }
    };
    await Promise.all(Array.from({ length: connections }, work));
    for (const statement of afterLoading(layout, months)) await pool.query(statement);
  } finally {
    await pool.end();
  }
}

/** The layout's tables, empty. */
export async function begin(pool: pg.Pool, layout: Layout, months: number): Promise<void> {
  await pool.query('drop schema if exists bench cascade');
  await pool.query('create schema bench');
  for (const statement of layout.create(months)) await pool.query(statement);
}

export async function loadMonth(
  pool: pg.Pool,
  layout: Layout,
  month: number,
  perMonth: number,
): Promise<void> {
  const from = month * perMonth;
  const client = await pool.connect();
  try {
    await client.query('begin');
    if (layout.ownTables) await client.query(`truncate ${layout.target(month)}`);
    await client.query(`insert into ${layout.target(month)} ${selectRows(month, from, from + perMonth)}`);
    await client.query('commit');
  } finally {
    client.release();
  }
}

/** Indexes; then hint bits and the visibility map, which the first readers would write otherwise. */
export function afterLoading(layout: Layout, months: number): string[] {
  return [...layout.finish(months), 'vacuum (analyze) bench.processed', 'checkpoint'];
}
