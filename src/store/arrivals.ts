import { and, asc, eq, gte, inArray, lt, sql } from 'drizzle-orm';
import type { Database } from './database.ts';
import { arrivals } from './schema.ts';
import type { Store } from './store.ts';

const slotMilliseconds = 300_000;
/** A week more than a habit is read from. */
const keptFor = sql`interval '5 weeks'`;

/** The table `arrivals`: at most 10,080 rows for each source. */
export function createArrivals(database: Database): Pick<Store, 'recordArrivals' | 'listArrivals'> {
  return {
    recordArrivals: async (batches) => {
      const rows = bySlot(batches);
      if (rows.length === 0) return;
      await database.transaction(async (queries) => {
        await queries
          .insert(arrivals)
          .values(rows)
          .onConflictDoUpdate({
            target: [arrivals.source, arrivals.slot],
            set: {
              count: sql`${arrivals.count} + excluded.count`,
              firstAt: sql`least(${arrivals.firstAt}, excluded.first_at)`,
              lastAt: sql`greatest(${arrivals.lastAt}, excluded.last_at)`,
            },
          });
        const sources = [...new Set(rows.map(({ source }) => source))];
        await queries
          .delete(arrivals)
          .where(and(inArray(arrivals.source, sources), lt(arrivals.slot, sql`now() - ${keptFor}`)));
      });
    },

    listArrivals: (source, since) =>
      database.run(async (queries) => {
        const rows = await queries
          .select()
          .from(arrivals)
          .where(and(eq(arrivals.source, source), gte(arrivals.lastAt, new Date(since).toISOString())))
          .orderBy(asc(arrivals.slot));
        return rows.map(({ firstAt, lastAt, count }) => ({
          firstAt: Date.parse(firstAt),
          lastAt: Date.parse(lastAt),
          count,
        }));
      }),
  };
}

/** One row for each slot, since one statement may not change a row twice; in the order of the key, so that two receivers never wait for each other. */
function bySlot(batches: Parameters<Store['recordArrivals']>[0]): (typeof arrivals.$inferInsert)[] {
  const slots = new Map<
    string,
    { source: string; slot: number; first: number; last: number; count: number }
  >();
  for (const { source, firstAt, lastAt, count } of batches) {
    const slot = Math.floor(firstAt / slotMilliseconds) * slotMilliseconds;
    const key = `${source} ${new Date(slot).toISOString()}`;
    const known = slots.get(key) ?? { source, slot, first: firstAt, last: lastAt, count: 0 };
    known.first = Math.min(known.first, firstAt);
    known.last = Math.max(known.last, lastAt);
    known.count += count;
    slots.set(key, known);
  }
  return [...slots.entries()]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, { source, slot, first, last, count }]) => ({
      source,
      slot: new Date(slot).toISOString(),
      firstAt: new Date(first).toISOString(),
      lastAt: new Date(last).toISOString(),
      count,
    }));
}
