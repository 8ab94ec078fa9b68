import { and, asc, eq, like, sql, type SQL } from 'drizzle-orm';
import type { EntityRef } from '../model/event.ts';
import type { Database, Queries } from './database.ts';
import { escapeLike } from './escape-like.ts';
import { handedOnBefore, ofEventSince, toProcessedEvent } from './events.ts';
import { processedEvents, records } from './schema.ts';
import type { Store, StoredRecord } from './store.ts';

/** The table `records`, read. It is written by apply.ts alone. */
export function createRecords(
  database: Database,
): Pick<Store, 'lookUp' | 'findRecord' | 'listRecords' | 'findMentions'> {
  return {
    lookUp: (source, eventId, entity, happenedAt = null) =>
      database.run(async (queries) => {
        const { event, record } = await readEventAndRecord(queries, source, eventId, entity, happenedAt);
        return {
          processed: event === null ? null : toProcessedEvent(event),
          revision: record?.revision ?? 0,
          goesOnWith:
            event !== null && record !== null && handedOnBefore(event) !== null
              ? toStoredRecord(record)
              : null,
        };
      }),

    findRecord: (source, entity) =>
      database.run(async (queries) => {
        const [row] = await queries.select().from(records).where(ofEntity(source, entity));
        return row === undefined ? null : toStoredRecord(row);
      }),

    listRecords: (source, after, limit) =>
      database.run(async (queries) => {
        const rows = await queries
          .select()
          .from(records)
          .where(
            and(
              eq(records.source, source),
              after === null
                ? undefined
                : sql`(${records.entityType}, ${records.entityId}) > (${after.type}, ${after.id})`,
            ),
          )
          .orderBy(asc(records.entityType), asc(records.entityId))
          .limit(limit);
        return rows.map(toStoredRecord);
      }),

    findMentions: (source, text, limit) =>
      database.run(async (queries) => {
        const inJson = escapeLike(JSON.stringify(text).slice(1, -1));
        const rows = await queries
          .select({ type: records.entityType, id: records.entityId })
          .from(records)
          .where(and(eq(records.source, source), like(sql`${records.data}::text`, `%${inJson}%`)))
          .orderBy(asc(records.entityType), asc(records.entityId))
          .limit(limit);
        return rows;
      }),
  };
}

/** The rows of an event and of its record, in one query; null for what is not there. */
export async function readEventAndRecord(
  queries: Queries,
  source: string,
  eventId: string,
  entity: EntityRef,
  happenedAt: string | null,
): Promise<{
  event: typeof processedEvents.$inferSelect | null;
  record: typeof records.$inferSelect | null;
}> {
  const [found] = await queries
    .select({ event: processedEvents, record: records })
    .from(sql`(select 1) as one`)
    .leftJoin(processedEvents, ofEventSince(source, eventId, happenedAt))
    .leftJoin(records, ofEntity(source, entity));
  return { event: found?.event ?? null, record: found?.record ?? null };
}

/** The condition for the record of one entity. */
export function ofEntity(source: string, { type, id }: EntityRef): SQL | undefined {
  return and(eq(records.source, source), eq(records.entityType, type), eq(records.entityId, id));
}

export function toStoredRecord(row: typeof records.$inferSelect): StoredRecord {
  const { source, entityType, entityId, version, sourceTime, deleted, deletionAnnounced, revision } = row;
  return {
    source,
    entity: { type: entityType, id: entityId },
    version,
    sourceTime,
    deleted,
    deletionAnnounced,
    revision,
    data: row.data,
    lastEventId: row.lastEventId,
  };
}
