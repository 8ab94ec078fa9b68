import { and, desc, eq, gte, inArray, lt, sql } from 'drizzle-orm';
import type { Database, Queries } from './database.ts';
import { lock } from './lock.ts';
import { rejectionCounts, rejections } from './schema.ts';
import type { RejectionBatch, Store } from './store.ts';

/** Older ones are dropped: nobody looks for the cause of a rejection of last month in here. */
const keptFor = sql`interval '30 days'`;

/** The tables `rejections` and `rejection_counts`: bounded by number and by time, whatever a flood brings. */
export function createRejections(
  database: Database,
): Pick<Store, 'recordRejections' | 'listRejections' | 'countRejections'> {
  return {
    recordRejections: async (batches, keepPerSource) => {
      if (batches.length === 0) return;
      await database.transaction(async (queries) => {
        await lock(queries, [['table', 'rejections']]);
        await addCounts(queries, batches);
        await addSamples(queries, batches, keepPerSource);
        await queries.delete(rejectionCounts).where(lt(rejectionCounts.minute, sql`now() - ${keptFor}`));
        await queries.delete(rejections).where(lt(rejections.at, sql`now() - ${keptFor}`));
      });
    },

    listRejections: (source, limit) =>
      database.run(async (queries) => {
        const rows = await queries
          .select()
          .from(rejections)
          .where(source === null ? undefined : eq(rejections.source, source))
          .orderBy(desc(rejections.at), desc(rejections.id))
          .limit(limit);
        return rows.map((row) => ({ source: row.source, reason: row.reason, at: row.at, ...row.sample }));
      }),

    countRejections: (since) =>
      database.run((queries) =>
        queries
          .select({
            source: rejectionCounts.source,
            reason: rejectionCounts.reason,
            count: sql<number>`sum(${rejectionCounts.count})`.mapWith(Number),
          })
          .from(rejectionCounts)
          .where(gte(rejectionCounts.minute, sql`date_trunc('minute', ${since}::timestamptz)`))
          .groupBy(rejectionCounts.source, rejectionCounts.reason)
          .orderBy(rejectionCounts.source, rejectionCounts.reason),
      ),
  };
}

async function addCounts(queries: Queries, batches: readonly RejectionBatch[]): Promise<void> {
  for (const { source, reason, count } of batches) {
    await queries
      .insert(rejectionCounts)
      .values({ source, reason, minute: sql`date_trunc('minute', now())`, count })
      .onConflictDoUpdate({
        target: [rejectionCounts.source, rejectionCounts.reason, rejectionCounts.minute],
        set: { count: sql`${rejectionCounts.count} + excluded.count` },
      });
  }
}

async function addSamples(
  queries: Queries,
  batches: readonly RejectionBatch[],
  keepPerSource: number,
): Promise<void> {
  for (const { source, reason, samples } of batches) {
    const rows = samples.map(({ at, ...sample }) => ({ source, reason, at, sample }));
    if (rows.length > 0) await queries.insert(rejections).values(rows);
  }
  for (const source of new Set(batches.map((batch) => batch.source))) {
    const surplus = queries
      .select({ id: rejections.id })
      .from(rejections)
      .where(eq(rejections.source, source))
      .orderBy(desc(rejections.at), desc(rejections.id))
      .offset(keepPerSource);
    await queries
      .delete(rejections)
      .where(and(eq(rejections.source, source), inArray(rejections.id, surplus)));
  }
}
