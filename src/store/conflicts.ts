import { desc, eq, inArray } from 'drizzle-orm';
import type { Database } from './database.ts';
import { lock } from './lock.ts';
import { conflicts } from './schema.ts';
import type { Store } from './store.ts';

/** The table `conflicts`. */
export function createConflicts(database: Database): Pick<Store, 'addConflict' | 'listConflicts'> {
  return {
    addConflict: ({ source, eventId, bodySha256, ...delivery }, keepPerSource) =>
      database.transaction(async (queries) => {
        await lock(queries, [['table', 'conflicts', source]]);
        await queries
          .insert(conflicts)
          .values({ source, eventId, bodySha256, delivery })
          .onConflictDoNothing({ target: [conflicts.source, conflicts.eventId, conflicts.bodySha256] });
        const surplus = queries
          .select({ id: conflicts.id })
          .from(conflicts)
          .where(eq(conflicts.source, source))
          .orderBy(desc(conflicts.id))
          .offset(keepPerSource);
        await queries.delete(conflicts).where(inArray(conflicts.id, surplus));
      }),

    listConflicts: (source, limit) =>
      database.run(async (queries) => {
        const rows = await queries
          .select()
          .from(conflicts)
          .where(source === null ? undefined : eq(conflicts.source, source))
          .orderBy(desc(conflicts.id))
          .limit(limit);
        return rows.map(({ eventId, bodySha256, delivery, ...row }) => ({
          source: row.source,
          eventId,
          bodySha256,
          ...delivery,
        }));
      }),
  };
}
