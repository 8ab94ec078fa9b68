import { createHash } from 'node:crypto';
import { and, eq, sql } from 'drizzle-orm';
import { repairEventId } from '../model/ids.ts';
import type { Database } from './database.ts';
import { judgeChange } from './judge-change.ts';
import { processedEvents, records } from './schema.ts';
import type { ComparableChange, Store } from './store.ts';

/** Compares a page of listed changes with our copies: one query for all, each judged by `judgeChange`. */
export function createFindDifferences(database: Database): Pick<Store, 'findDifferences'> {
  return {
    findDifferences: (source, changes) =>
      database.run(async (queries) => {
        if (changes.length === 0) return [];
        const listed = JSON.stringify(changes.map((change, index) => ({ index, ...keysOf(change) })));
        const found = await queries
          .select({
            index: sql<number>`listed.index`,
            // First what is never null: drizzle takes a null in front for a row that is not there.
            record: { deleted: records.deleted, version: records.version, sourceTime: records.sourceTime },
            event: {
              outcome: processedEvents.outcome,
              complete: processedEvents.complete,
              deadLetterOpen: processedEvents.deadLetterOpen,
            },
          })
          .from(
            sql`json_to_recordset(${listed}::json) as listed (index integer, type text, id text, event text)`,
          )
          .leftJoin(
            records,
            and(
              eq(records.source, source),
              eq(records.entityType, sql`listed.type`),
              eq(records.entityId, sql`listed.id`),
            ),
          )
          .leftJoin(
            processedEvents,
            and(eq(processedEvents.source, source), eq(processedEvents.eventId, sql`listed.event`)),
          )
          .orderBy(sql`listed.index`);
        return found.flatMap(({ index, record, event }) => {
          const change = changes[index];
          const kind = change === undefined ? null : judgeChange(change, record, event);
          if (change === undefined || kind === null) return [];
          const { entity, version, sourceTime, deleted } = change;
          return [{ index, kind, entity, version: { version, sourceTime }, deleted }];
        });
      }),
  };
}

/** What the change is found by. A repair's event id says which version it mends, so that its dead letter is found as well. */
function keysOf({ entity, version, sourceTime, event }: ComparableChange): Record<string, string | null> {
  return {
    type: asKept(entity.type),
    id: asKept(entity.id),
    event: asKept(event?.id ?? repairEventId(entity, { version, sourceTime }, sha256Hex)),
  };
}

/**
 * The text as a column would hold it: half a surrogate pair is sent as U+FFFD, and NUL no column can hold, so that it is
 * found nowhere. Within JSON, PostgreSQL would refuse the whole page for either.
 */
function asKept(text: string): string | null {
  return text.includes('\0') ? null : Buffer.from(text, 'utf8').toString('utf8');
}

function sha256Hex(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
