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
  const perMonth = Math.floor(rows / months);
  try {
    await pool.query('drop schema if exists bench cascade');
    await pool.query('create schema bench');
    for (const statement of layout.create(months)) await pool.query(statement);
    const waiting = Array.from({ length: months }, (_, month) => month);
    const work = async () => {
      for (let month = waiting.shift(); month !== undefined; month = waiting.shift()) {
        const from = month * perMonth;
        await pool.query(`insert into ${layout.target(month)} ${selectRows(month, from, from + perMonth)}`);
        console.error(`  ${layout.name}: loaded ${startOfMonth(month).slice(0, 7)}`);
      }
    };
    await Promise.all(Array.from({ length: connections }, work));
    for (const statement of layout.finish(months)) await pool.query(statement);
    // Hint bits and the visibility map are written now, and not by the first readers.
    await pool.query('vacuum (analyze) bench.processed');
    await pool.query('checkpoint');
  } finally {
    await pool.end();
  }
}
