import { and, asc, eq, inArray, lt, sql, type SQL } from 'drizzle-orm';
import type { HoldKey } from '../model/hold.ts';
import type { Database } from './database.ts';
import { lock } from './lock.ts';
import { failures } from './schema.ts';
import type { Store } from './store.ts';

/** The table `failures`. */
export function createFailures(
  database: Database,
): Pick<Store, 'noteFailure' | 'listFailures' | 'forgetFailures'> {
  return {
    noteFailure: ({ source, step, error, eventId, entity }, { withinMilliseconds, keepOlder }) =>
      database.transaction(async (queries) => {
        const key = { source, step, error };
        // Two at once would each not see the other, and the one that shows the outage would be missed.
        await lock(queries, [['table', 'failures', source, step, error]]);
        const begin = sql`now() - ${`${withinMilliseconds} milliseconds`}::interval`;
        if (!keepOlder) await queries.delete(failures).where(and(ofKey(key), lt(failures.at, begin)));
        await queries
          .insert(failures)
          .values({ ...key, eventId, entityType: entity.type, entityId: entity.id, at: sql`now()` })
          .onConflictDoUpdate({
            target: [failures.source, failures.step, failures.error, failures.eventId],
            set: { at: sql`now()` },
          });
        const records = sql`(${failures.entityType}, ${failures.entityId})`;
        const [counted] = await queries
          .select({ records: sql<number>`count(distinct ${records})`.mapWith(Number) })
          .from(failures)
          .where(and(ofKey(key), sql`${failures.at} >= ${begin}`));
        return counted?.records ?? 0;
      }),

    listFailures: (key, limit) =>
      database.run(async (queries) => {
        const rows = await queries
          .select({ eventId: failures.eventId })
          .from(failures)
          .where(ofKey(key))
          .orderBy(asc(failures.eventId))
          .limit(limit);
        return rows.map(({ eventId }) => eventId);
      }),

    forgetFailures: (key, eventIds) =>
      database.run(async (queries) => {
        await queries.delete(failures).where(and(ofKey(key), inArray(failures.eventId, [...eventIds])));
      }),
  };
}

function ofKey({ source, step, error }: HoldKey): SQL | undefined {
  return and(eq(failures.source, source), eq(failures.step, step), eq(failures.error, error));
}
