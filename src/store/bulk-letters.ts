import { and, asc, desc, eq, gt, inArray, lt, notInArray, or, sql } from 'drizzle-orm';
import { type BulkCounts, type BulkLetterStatus, noLetters } from '../model/bulk.ts';
import type { Database, Queries } from './database.ts';
import { lock } from './lock.ts';
import { bulkLetters } from './schema.ts';
import { storableText } from './storable-text.ts';
import type { Store } from './store.ts';

type BulkLetters = Pick<
  Store,
  | 'addBulkLetters'
  | 'listBulkLetters'
  | 'markBulkLetters'
  | 'countBulkLetters'
  | 'leaveBulkLetters'
  | 'listOpenBulks'
>;

/** A letter with one of these is in an open bulk action: migration 9 lets it be in one at most. */
const open: BulkLetterStatus[] = ['waiting', 'asked'];
/** Results are kept for so long: after that, the audit log says what was decided. */
const keptFor = sql`interval '90 days'`;

/** The table `bulk_letters`. */
export function createBulkLetters(database: Database): BulkLetters {
  return {
    addBulkLetters: (bulkId, letters) =>
      database.transaction(async (queries) => {
        // Two actions that add the same letters at once would each wait for the other's rows.
        await lock(queries, [['table', 'bulk_letters']]);
        await queries
          .delete(bulkLetters)
          .where(
            and(notInArray(bulkLetters.status, open), lt(bulkLetters.updatedAt, sql`now() - ${keptFor}`)),
          );
        if (letters.length === 0) return 0;
        const rows = letters.map(({ source, eventId }) => ({
          bulkId,
          source,
          eventId,
          updatedAt: sql`now()`,
        }));
        const added = await queries
          .insert(bulkLetters)
          .values(rows.map((row) => ({ ...row, status: 'waiting' as const })))
          .onConflictDoNothing()
          .returning({ eventId: bulkLetters.eventId });
        const takenBy = await findOthers(queries, bulkId, letters);
        const taken = rows.filter(({ source, eventId }) => takenBy.has(key({ source, eventId })));
        if (taken.length > 0) {
          await queries
            .insert(bulkLetters)
            .values(
              taken.map((row) => ({
                ...row,
                status: 'skipped' as const,
                result: `${takenBy.get(key(row)) ?? ''} has it`,
              })),
            )
            .onConflictDoNothing();
        }
        return added.length;
      }),

    listBulkLetters: (bulkId, { statuses, after = 0, newestFirst = false, limit }) =>
      database.run(async (queries) => {
        const rows = await queries
          .select()
          .from(bulkLetters)
          .where(
            and(
              eq(bulkLetters.bulkId, bulkId),
              gt(bulkLetters.position, after),
              statuses === undefined ? undefined : inArray(bulkLetters.status, [...statuses]),
            ),
          )
          .orderBy(newestFirst ? desc(bulkLetters.updatedAt) : asc(bulkLetters.position))
          .limit(limit);
        return rows.map(({ bulkId: _bulkId, ...letter }) => letter);
      }),

    markBulkLetters: (bulkId, letters) =>
      database.transaction(async (queries) => {
        await lock(queries, [['table', 'bulk_letters', bulkId]]);
        for (const { source, eventId, status, result } of letters) {
          await queries
            .update(bulkLetters)
            .set({
              status,
              result: result === null ? null : storableText(result),
              updatedAt: sql`now()`,
            })
            .where(and(ofLetter(bulkId, source, eventId), inArray(bulkLetters.status, open)));
        }
      }),

    countBulkLetters: (bulkId) =>
      database.run(async (queries) => {
        const rows = await queries
          .select({ status: bulkLetters.status, count: sql<number>`count(*)`.mapWith(Number) })
          .from(bulkLetters)
          .where(eq(bulkLetters.bulkId, bulkId))
          .groupBy(bulkLetters.status);
        const counts: BulkCounts = noLetters();
        for (const { status, count } of rows) counts[status] = count;
        return counts;
      }),

    leaveBulkLetters: (bulkId, statuses) =>
      database.run(async (queries) => {
        await queries
          .update(bulkLetters)
          .set({ status: 'left', result: 'the bulk action ended first', updatedAt: sql`now()` })
          .where(and(eq(bulkLetters.bulkId, bulkId), inArray(bulkLetters.status, [...statuses])));
      }),

    listOpenBulks: () =>
      database.run(async (queries) => {
        const rows = await queries
          .selectDistinct({ bulkId: bulkLetters.bulkId })
          .from(bulkLetters)
          .where(inArray(bulkLetters.status, open));
        return rows.map(({ bulkId }) => bulkId);
      }),
  };
}

/** Which of the letters are open in other bulk actions, and in which. */
async function findOthers(
  queries: Queries,
  bulkId: string,
  letters: readonly { source: string; eventId: string }[],
): Promise<Map<string, string>> {
  const rows = await queries
    .select()
    .from(bulkLetters)
    .where(
      and(
        inArray(bulkLetters.status, open),
        sql`${bulkLetters.bulkId} <> ${bulkId}`,
        or(
          ...letters.map(({ source, eventId }) =>
            and(eq(bulkLetters.source, source), eq(bulkLetters.eventId, eventId)),
          ),
        ),
      ),
    );
  return new Map(rows.map((row) => [key(row), row.bulkId]));
}

function ofLetter(bulkId: string, source: string, eventId: string) {
  return and(
    eq(bulkLetters.bulkId, bulkId),
    eq(bulkLetters.source, source),
    eq(bulkLetters.eventId, eventId),
  );
}

function key({ source, eventId }: { source: string; eventId: string }): string {
  return `${source}:${eventId}`;
}
