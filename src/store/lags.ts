import { gte, lt, sql } from 'drizzle-orm';
import { lags } from './alert-schema.ts';
import type { AlertStore, LagBatch } from './alert-store.ts';
import type { Database } from './database.ts';

const minuteMilliseconds = 60_000;
const keptFor = sql`interval '1 day'`;

/** The table `lags`: at most 1,440 rows for each source. */
export function createLags(database: Database): Pick<AlertStore, 'recordLags' | 'sumLags'> {
  return {
    recordLags: async (batches) => {
      const rows = byMinute(batches);
      if (rows.length === 0) return;
      await database.transaction(async (queries) => {
        await queries
          .insert(lags)
          .values(rows)
          .onConflictDoUpdate({
            target: [lags.source, lags.minute],
            set: {
              count: sql`${lags.count} + excluded.count`,
              late: sql`${lags.late} + excluded.late`,
              worst: sql`greatest(${lags.worst}, excluded.worst)`,
            },
          });
        await queries.delete(lags).where(lt(lags.minute, sql`now() - ${keptFor}`));
      });
    },

    sumLags: (since) =>
      database.run((queries) =>
        queries
          .select({
            source: lags.source,
            count: sql<number>`sum(${lags.count})`.mapWith(Number),
            late: sql<number>`sum(${lags.late})`.mapWith(Number),
            worstMilliseconds: sql<number>`max(${lags.worst})`.mapWith(Number),
          })
          .from(lags)
          .where(gte(lags.minute, new Date(since).toISOString()))
          .groupBy(lags.source)
          .orderBy(lags.source),
      ),
  };
}

/** One row for each minute, since one statement may not change a row twice; in the order of the key, so that two workers never wait for each other. */
function byMinute(batches: readonly LagBatch[]): (typeof lags.$inferInsert)[] {
  const rows = new Map<string, typeof lags.$inferInsert>();
  for (const { source, at, count, late, worstMilliseconds } of batches) {
    const minute = new Date(Math.floor(at / minuteMilliseconds) * minuteMilliseconds).toISOString();
    const key = `${source} ${minute}`;
    const known = rows.get(key) ?? { source, minute, count: 0, late: 0, worst: 0 };
    known.count += count;
    known.late += late;
    known.worst = Math.max(known.worst, Math.round(worstMilliseconds));
    rows.set(key, known);
  }
  return [...rows.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
}
