import { asc, gte, lt, sql } from 'drizzle-orm';
import { observations, receiverStarts } from './alert-schema.ts';
import type { AlertStore } from './alert-store.ts';
import type { Database } from './database.ts';

/** The only row. */
const id = 1;

/** The tables `observations` and `receiver_starts`. */
export function createObservations(
  database: Database,
): Pick<AlertStore, 'saveObserved' | 'findObserved' | 'recordReceiverStart' | 'listReceiverStarts'> {
  return {
    saveObserved: (observed, at) =>
      database.run(async (queries) => {
        const row = { observed, observedAt: new Date(at).toISOString() };
        await queries
          .insert(observations)
          .values({ id, ...row })
          .onConflictDoUpdate({ target: observations.id, set: row });
      }),

    findObserved: () =>
      database.run(async (queries) => {
        const [row] = await queries.select().from(observations);
        return row === undefined ? null : { observed: row.observed, at: Date.parse(row.observedAt) };
      }),

    recordReceiverStart: (at) =>
      database.run(async (queries) => {
        await queries
          .insert(receiverStarts)
          .values({ at: new Date(at).toISOString() })
          .onConflictDoNothing();
        await queries.delete(receiverStarts).where(lt(receiverStarts.at, sql`now() - interval '30 days'`));
      }),

    listReceiverStarts: (since) =>
      database.run(async (queries) => {
        const rows = await queries
          .select()
          .from(receiverStarts)
          .where(gte(receiverStarts.at, new Date(since).toISOString()))
          .orderBy(asc(receiverStarts.at));
        return rows.map(({ at }) => Date.parse(at));
      }),
  };
}
