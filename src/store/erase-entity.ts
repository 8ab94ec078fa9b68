import { and, eq, inArray, like, notExists, or, sql, type SQL } from 'drizzle-orm';
import type { PgTable } from 'drizzle-orm/pg-core';
import type { EntityRef } from '../model/event.ts';
import type { Database, Queries } from './database.ts';
import { escapeLike } from './escape-like.ts';
import { lock, recordLock } from './lock.ts';
import { ofEntity } from './records.ts';
import {
  bodies,
  bodyOwners,
  bulkLetters,
  conflicts,
  deliveries,
  failures,
  inbox,
  processedEvents,
  records,
} from './schema.ts';
import type { Store } from './store.ts';

/** Erases an entity's rows in one transaction, alone with its record. */
export function createErase(database: Database): Pick<Store, 'eraseEntity'> {
  return {
    eraseEntity: (source, entity, eventIds) =>
      database.transaction(async (queries) => {
        await lock(queries, [recordLock(source, entity)]);
        const gone = await queries
          .delete(records)
          .where(ofEntity(source, entity))
          .returning({ lastEventId: records.lastEventId });
        const waiting = await findWaiting(queries, source, entity);
        const ids = [
          ...new Set([
            ...eventIds,
            ...gone.map(({ lastEventId }) => lastEventId),
            ...waiting.map(({ eventId }) => eventId),
          ]),
        ];
        // Repairs are named after their record.
        const repairs = `reconcile:${escapeLike(`${entity.type}/${entity.id}`)}:%`;
        const ofEvents = (
          table: typeof processedEvents | typeof deliveries | typeof conflicts | typeof bulkLetters,
        ) => and(eq(table.source, source), or(inArray(table.eventId, ids), like(table.eventId, repairs)));
        const quoted = `%${escapeLike(JSON.stringify(entity.id))}%`;
        // Within the JSON of a delivery, the body is a text: its quotation marks are escaped once more.
        const quotedTwice = `%${escapeLike(JSON.stringify(JSON.stringify(entity.id)).slice(1, -1))}%`;
        const ofEntityToo = or(
          like(textOf(conflicts.delivery), quoted),
          like(textOf(conflicts.delivery), quotedTwice),
        );
        return {
          records: gone.length,
          bodies: await eraseBodies(queries, source, entity),
          processed: await erase(queries, processedEvents, ofEvents(processedEvents)),
          deliveries: await erase(queries, deliveries, ofEvents(deliveries)),
          bulk_letters: await erase(queries, bulkLetters, ofEvents(bulkLetters)),
          inbox: await erase(
            queries,
            inbox,
            inArray(
              inbox.id,
              waiting.map(({ id }) => id),
            ),
          ),
          conflicts: await erase(
            queries,
            conflicts,
            or(ofEvents(conflicts), and(eq(conflicts.source, source), ofEntityToo)),
          ),
          failures: await erase(
            queries,
            failures,
            and(
              eq(failures.source, source),
              eq(failures.entityType, entity.type),
              eq(failures.entityId, entity.id),
            ),
          ),
        };
      }),
  };
}

async function findWaiting(
  queries: Queries,
  source: string,
  entity: EntityRef,
): Promise<{ id: bigint; eventId: string }[]> {
  const rows = await queries
    .select({ id: inbox.id, eventId: inbox.eventId, item: inbox.item })
    .from(inbox)
    // PostgreSQL itself refuses to look into JSON that has a \u0000 somewhere: it is looked into here.
    .where(
      and(eq(inbox.source, source), like(textOf(inbox.item), `%${escapeLike(JSON.stringify(entity.id))}%`)),
    );
  return rows.filter(({ item }) => {
    const about = item.kind === 'event' ? item.event.entity : null;
    return about?.type === entity.type && about.id === entity.id;
  });
}

/** Those that are of no other entity. */
async function eraseBodies(queries: Queries, source: string, { type, id }: EntityRef): Promise<number> {
  const owned = await queries
    .delete(bodyOwners)
    .where(and(eq(bodyOwners.source, source), eq(bodyOwners.entityType, type), eq(bodyOwners.entityId, id)))
    .returning({ sha256: bodyOwners.sha256 });
  if (owned.length === 0) return 0;
  const others = sql`(select 1 from ${bodyOwners} where ${eq(bodyOwners.sha256, bodies.sha256)})`;
  return erase(
    queries,
    bodies,
    and(
      inArray(
        bodies.sha256,
        owned.map(({ sha256 }) => sha256),
      ),
      notExists(others),
    ),
  );
}

async function erase(queries: Queries, table: PgTable, which: SQL | undefined): Promise<number> {
  const gone = await queries
    .delete(table)
    .where(which)
    .returning({ one: sql<number>`1` });
  return gone.length;
}

function textOf(column: typeof inbox.item | typeof conflicts.delivery): SQL {
  return sql`${column}::text`;
}
