import { asc, eq, gte, sql } from 'drizzle-orm';
import type { AlertStore } from './alert-store.ts';
import type { Database } from './database.ts';
import { arrivals, cursors, inbox, rejectionCounts, reports } from './schema.ts';

const minuteMilliseconds = 60_000;
const hourMilliseconds = 3_600_000;

/**
 * What alerts are judged by, out of the tables that are there for something else. Each minute, so each is answered out of an
 * index: one row of a source, however many it has.
 */
export function createReview(
  database: Database,
): Pick<AlertStore, 'listRefused' | 'findLastArrivals' | 'findOldestInInbox' | 'reviewReconciliations'> {
  return {
    listRefused: (since, byTheMinuteSince) =>
      database.run(async (queries) => {
        const recent = sql`${rejectionCounts.minute} >= ${new Date(byTheMinuteSince).toISOString()}::timestamptz`;
        const at = sql<string>`case when ${recent} then ${rejectionCounts.minute} else date_trunc('hour', ${rejectionCounts.minute}) end`;
        const rows = await queries
          .select({
            source: rejectionCounts.source,
            reason: rejectionCounts.reason,
            at: sql<number>`extract(epoch from ${at})`.mapWith(Number),
            byTheMinute: sql<boolean>`${recent}`,
            count: sql<number>`sum(${rejectionCounts.count})`.mapWith(Number),
          })
          .from(rejectionCounts)
          .where(gte(rejectionCounts.minute, new Date(since).toISOString()))
          // By their places: repeated, the parameters would be other ones to PostgreSQL.
          .groupBy(sql`1, 2, 3, 4`)
          .orderBy(sql`1, 2, 3`);
        return rows.map(({ at: seconds, byTheMinute, ...row }) => ({
          ...row,
          at: seconds * 1_000,
          lasts: byTheMinute ? minuteMilliseconds : hourMilliseconds,
        }));
      }),

    findLastArrivals: (sources) =>
      database.run(async (queries) => {
        const newest = sql`
          (select ${arrivals.lastAt} as last_at from ${arrivals}
           where ${arrivals.source} = wanted.source order by ${arrivals.slot} desc limit 1) as newest`;
        const rows = await queries
          .select({
            source: sql<string>`wanted.source`,
            lastAt: sql<number>`extract(epoch from newest.last_at) * 1000`.mapWith(Number),
          })
          .from(sql`${wanted(sources)} cross join lateral ${newest}`);
        return rows;
      }),

    findOldestInInbox: () =>
      database.run(async (queries) => {
        const [oldest] = await queries
          .select({ acceptedAt: inbox.acceptedAt })
          .from(inbox)
          .orderBy(asc(inbox.id))
          .limit(1);
        return oldest === undefined ? null : Date.parse(oldest.acceptedAt);
      }),

    reviewReconciliations: (sources) =>
      database.run(async (queries) => {
        const newest = sql`
          (select ${reports.id} as id from ${reports}
           where ${reports.source} = wanted.source and ${reports.workflowId} not like '%:silence'
           order by ${reports.finishedAt} desc, ${reports.id} desc limit 1) as newest`;
        const rows = await queries
          .select({
            source: sql<string>`wanted.source`,
            reconciledUntil: cursors.reconciledUntil,
            report: reports.report,
          })
          .from(sql`${wanted(sources)} left join lateral ${newest} on true`)
          .leftJoin(reports, eq(reports.id, sql`newest.id`))
          .leftJoin(cursors, eq(cursors.source, sql`wanted.source`));
        return rows.map(({ source, reconciledUntil, report }) => ({
          source,
          reconciledUntil: reconciledUntil === null ? null : Date.parse(reconciledUntil),
          newest: report,
        }));
      }),
  };
}

function wanted(sources: readonly string[]) {
  return sql`unnest(${sql.param([...sources])}::text[]) as wanted (source)`;
}
