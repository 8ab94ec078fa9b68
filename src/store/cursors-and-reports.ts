import { desc, eq, inArray, sql } from 'drizzle-orm';
import type { Database } from './database.ts';
import { lock } from './lock.ts';
import { cursors, reports } from './schema.ts';
import type { Store } from './store.ts';

/** Reports kept of each source: almost three years of nights. */
const keptPerSource = 1_000;

/** The tables `cursors` and `reports`: a complete report moves the cursor, in one transaction. */
export function createCursorsAndReports(
  database: Database,
): Pick<Store, 'findCursor' | 'saveReport' | 'listReports'> {
  return {
    findCursor: (source) =>
      database.run(async (queries) => {
        const [cursor] = await queries.select().from(cursors).where(eq(cursors.source, source));
        return cursor ?? null;
      }),

    saveReport: (report, reconciledUntil) =>
      database.transaction(async (queries) => {
        const { source, workflowId, runId, finishedAt } = report;
        await lock(queries, [['table', 'reports', source]]);
        await queries
          .insert(reports)
          .values({ source, workflowId, runId, finishedAt, report })
          .onConflictDoUpdate({ target: [reports.workflowId, reports.runId], set: { finishedAt, report } });
        const surplus = queries
          .select({ id: reports.id })
          .from(reports)
          .where(eq(reports.source, source))
          .orderBy(desc(reports.finishedAt), desc(reports.id))
          .offset(keptPerSource);
        await queries.delete(reports).where(inArray(reports.id, surplus));
        if (!report.complete || reconciledUntil === null) return;
        await queries
          .insert(cursors)
          .values({ source, reconciledUntil })
          .onConflictDoUpdate({
            target: cursors.source,
            set: { reconciledUntil: sql`greatest(${cursors.reconciledUntil}, excluded.reconciled_until)` },
          });
      }),

    listReports: (source, limit) =>
      database.run(async (queries) => {
        const rows = await queries
          .select({ report: reports.report })
          .from(reports)
          .where(source === null ? undefined : eq(reports.source, source))
          .orderBy(desc(reports.finishedAt), desc(reports.id))
          .limit(limit);
        return rows.map(({ report }) => report);
      }),
  };
}
