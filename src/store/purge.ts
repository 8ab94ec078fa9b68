import { and, eq, lt, notExists, sql, type SQL } from 'drizzle-orm';
import type { PgTable } from 'drizzle-orm/pg-core';
import type { Database } from './database.ts';
import { conflicts, deliveries, failures, processedEvents, records, rejections, reports } from './schema.ts';
import type { Store } from './store.ts';

/** Takes old rows away, some at a time, so that no lock is held for long. */
export function createPurge(database: Database): Pick<Store, 'purge'> {
  return {
    purge: (name, olderThanMilliseconds, limit) =>
      database.run(async (queries) => {
        const { table, older } = oldRows[name];
        const which = older(sql`now() - ${`${olderThanMilliseconds} milliseconds`}::interval`);
        // The place of a row stands for its key, which is long in some of these.
        const some = sql`ctid = any(array(select ctid from ${table} where ${which} limit ${limit}))`;
        const gone = await queries
          .delete(table)
          .where(and(some, which))
          .returning({ one: sql<number>`1` });
        return gone.length;
      }),
  };
}

interface OldRows {
  table: PgTable;
  older: (than: SQL) => SQL | undefined;
}

/** When what was kept of a conflicting delivery came in. As text: PostgreSQL refuses to look into JSON that has a \u0000 somewhere. */
const conflictAt = sql`substring(${conflicts.delivery}::text from '"receivedAt":"([^"]+)"')::timestamptz`;

const oldRows: Record<Parameters<Store['purge']>[0], OldRows> = {
  rejections: { table: rejections, older: (than) => lt(rejections.at, than) },
  conflicts: { table: conflicts, older: (than) => lt(conflictAt, than) },
  reports: { table: reports, older: (than) => lt(reports.finishedAt, than) },
  deleted: { table: records, older: (than) => and(eq(records.deleted, true), lt(records.updatedAt, than)) },
  // While the event is known, so are its deliveries: they tell a replay what was handed on.
  deliveries: {
    table: deliveries,
    older: (than) => {
      const ofEvent = and(
        eq(processedEvents.source, deliveries.source),
        eq(processedEvents.eventId, deliveries.eventId),
      );
      const event = sql`(select 1 from ${processedEvents} where ${ofEvent})`;
      return and(lt(deliveries.deliveredAt, than), notExists(event));
    },
  },
  failures: { table: failures, older: (than) => lt(failures.at, than) },
};
