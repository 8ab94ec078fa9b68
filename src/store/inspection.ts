import { and, asc, eq, gte, sql, type SQL } from 'drizzle-orm';
import type { Database } from './database.ts';
import { ofEvent, toProcessedEvent } from './events.ts';
import {
  arrivals,
  conflicts,
  deliveries,
  inbox,
  processedEvents,
  records,
  rejectionCounts,
  reports,
} from './schema.ts';
import type { EventKey, EventMark, Store } from './store.ts';

type Inspection = Pick<
  Store,
  | 'findEvents'
  | 'findInInbox'
  | 'listDeliveries'
  | 'listConflictsOf'
  | 'findEntities'
  | 'listEntityTypes'
  | 'measureDeliveries'
  | 'countRejectionsByHour'
  | 'findLatestReports'
>;

/** What people ask who look for the cause of something. Nothing here is asked while an event is processed; each finds its rows by an index. */
export function createInspection(database: Database): Inspection {
  return {
    findEvents: (keys) =>
      database.run(async (queries) => {
        if (keys.length === 0) return [];
        const rows = await queries
          .select({ event: processedEvents })
          .from(listed(keys))
          .innerJoin(processedEvents, isListed(processedEvents));
        return rows.map(({ event }) => toMark(event));
      }),

    findInInbox: (keys) =>
      database.run(async (queries) => {
        if (keys.length === 0) return [];
        return queries
          .select({ source: inbox.source, eventId: inbox.eventId, acceptedAt: inbox.acceptedAt })
          .from(listed(keys))
          .innerJoin(inbox, isListed(inbox));
      }),

    listDeliveries: (source, eventId) =>
      database.run((queries) =>
        queries
          .select({
            destination: deliveries.destination,
            idempotencyKey: deliveries.idempotencyKey,
            deliveredAt: deliveries.deliveredAt,
          })
          .from(deliveries)
          .where(ofEvent(deliveries, source, eventId))
          .orderBy(asc(deliveries.deliveredAt), asc(deliveries.destination)),
      ),

    listConflictsOf: (source, eventId) =>
      database.run(async (queries) => {
        const rows = await queries
          .select()
          .from(conflicts)
          .where(and(eq(conflicts.source, source), eq(conflicts.eventId, eventId)))
          .orderBy(asc(conflicts.id));
        return rows.map(({ bodySha256, delivery }) => ({ source, eventId, bodySha256, ...delivery }));
      }),

    findEntities: (sources, id) =>
      database.run(async (queries) => {
        if (sources.length === 0) return [];
        const rows = await queries
          .select({ source: records.source, type: records.entityType })
          .from(sql`${kindsOf(sources)} as kinds`)
          .innerJoin(
            records,
            and(
              eq(records.source, sql`kinds.source`),
              eq(records.entityType, sql`kinds.type`),
              eq(records.entityId, id),
            ),
          )
          .orderBy(asc(records.source), asc(records.entityType));
        return rows.map(({ source, type }) => ({ source, entity: { type, id } }));
      }),

    listEntityTypes: (sources) =>
      database.run((queries) =>
        queries
          .select({ source: sql<string>`kinds.source`, type: sql<string>`kinds.type` })
          .from(sql`${kindsOf(sources)} as kinds`)
          .orderBy(sql`1`, sql`2`),
      ),

    measureDeliveries: (sources) =>
      database.run((queries) =>
        queries
          .select({
            source: sql<string>`asked.source`,
            lastHour: sql<number>`rate.last_hour`.mapWith(Number),
            lastDay: sql<number>`rate.last_day`.mapWith(Number),
            lastAt: sql`newest.last_at`.mapWith(arrivals.lastAt),
          })
          .from(
            sql`${asked(sources)}
              left join lateral (
                select last_at from ${arrivals} where source = asked.source order by slot desc limit 1
              ) as newest on true
              left join lateral (
                select coalesce(sum(count), 0) as last_day,
                  coalesce(sum(count) filter (where last_at >= now() - interval '1 hour'), 0) as last_hour
                from ${arrivals} where source = asked.source and slot >= now() - interval '1 day'
              ) as rate on true`,
          ),
      ),

    countRejectionsByHour: (source, since) =>
      database.run((queries) => {
        const hour = sql`date_trunc('hour', ${rejectionCounts.minute}, 'UTC')`.mapWith(
          rejectionCounts.minute,
        );
        return queries
          .select({
            hour,
            reason: rejectionCounts.reason,
            count: sql<number>`sum(${rejectionCounts.count})`.mapWith(Number),
          })
          .from(rejectionCounts)
          .where(and(eq(rejectionCounts.source, source), gte(rejectionCounts.minute, since)))
          .groupBy(sql`1`, rejectionCounts.reason)
          .orderBy(sql`1`, rejectionCounts.reason);
      }),

    findLatestReports: (sources) =>
      database.run(async (queries) => {
        const rows = await queries.select({ report: sql`newest.report`.mapWith(reports.report) }).from(
          sql`${asked(sources)} join lateral (
              select report from ${reports} where source = asked.source order by finished_at desc, id desc limit 1
            ) as newest on true`,
        );
        return rows.map(({ report }) => report);
      }),
  };
}

/** The names as rows, `asked.source`. */
function asked(sources: readonly string[]): SQL {
  return sql`json_array_elements_text(${JSON.stringify(sources)}::json) as asked (source)`;
}

/** The keys as rows; what no column can hold is found nowhere (see find-differences.ts). */
function listed(keys: readonly EventKey[]): SQL {
  const holdable = keys.filter(({ source, eventId }) => !`${source}${eventId}`.includes('\0'));
  return sql`json_to_recordset(${JSON.stringify(holdable)}::json) as listed ("source" text, "eventId" text)`;
}

function isListed(table: typeof processedEvents | typeof inbox): SQL | undefined {
  return and(eq(table.source, sql`listed."source"`), eq(table.eventId, sql`listed."eventId"`));
}

/**
 * The types of records that each of these sources has, as rows of `source` and `type`. From one to the next by the primary key: reading
 * them all would take as long as there are records.
 * @see https://wiki.postgresql.org/wiki/Loose_indexscan
 */
function kindsOf(sources: readonly string[]): SQL {
  return sql`(
    with recursive kinds (source, type) as (
      select asked.source, (select min(entity_type) from ${records} where source = asked.source)
      from ${asked(sources)}
      union all
      select kinds.source, (
        select min(entity_type) from ${records} where source = kinds.source and entity_type > kinds.type
      ) from kinds where kinds.type is not null
    )
    select source, type from kinds where type is not null
  )`;
}

function toMark(row: typeof processedEvents.$inferSelect): EventMark {
  const { firstAt, processedAt, handedOnAs, hadPrevious, previousVersion, previousSourceTime } = row;
  return {
    ...toProcessedEvent(row),
    firstAt,
    processedAt,
    handedOnAs,
    previous: hadPrevious ? { version: previousVersion, sourceTime: previousSourceTime } : null,
  };
}
