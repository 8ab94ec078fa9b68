import { and, eq, gte, inArray, sql, type SQL } from 'drizzle-orm';
import type { Database } from './database.ts';
import { eventLock, lock } from './lock.ts';
import { deliveries, processedEvents } from './schema.ts';
import type { ProcessedEvent, Store } from './store.ts';

type Events = Pick<
  Store,
  | 'markDelivered'
  | 'lookUpHandOn'
  | 'wasDelivered'
  | 'markDeadLettered'
  | 'closeDeadLetter'
  | 'findEvent'
  | 'countEvents'
>;

/** The tables `processed_events` and `deliveries`. */
export function createEvents(database: Database): Events {
  return {
    markDelivered: ({ source, eventId, destination, destinations, idempotencyKey, happenedAt = null }) =>
      database.transaction(async (queries) => {
        await lock(queries, [eventLock(source, eventId)]);
        await queries
          .insert(deliveries)
          .values({ source, eventId, destination, idempotencyKey, deliveredAt: sql`now()` })
          .onConflictDoUpdate({
            target: [deliveries.source, deliveries.eventId, deliveries.destination],
            set: { idempotencyKey, deliveredAt: sql`now()` },
          });
        const had = await queries
          .select({ destination: deliveries.destination })
          .from(deliveries)
          .where(
            and(ofEvent(deliveries, source, eventId), inArray(deliveries.destination, [...destinations])),
          );
        if (had.length < new Set(destinations).size) return;
        const complete = (event: SQL | undefined) =>
          queries
            .update(processedEvents)
            .set({ complete: true, previousCopy: null })
            .where(event)
            .returning({ eventId: processedEvents.eventId });
        const known = await complete(ofEventSince(source, eventId, happenedAt));
        // Its row is older than the event claims to be.
        if (known.length === 0) await complete(ofEvent(processedEvents, source, eventId));
      }),

    lookUpHandOn: (source, eventId, destination, happenedAt = null) =>
      database.run(async (queries) => {
        const look = async (event: SQL | undefined) => {
          const [row] = await queries
            .select({
              event: processedEvents.eventId,
              previous: processedEvents.previousCopy,
              deliveredAs: deliveries.idempotencyKey,
            })
            .from(sql`(select 1) as one`)
            .leftJoin(processedEvents, event)
            .leftJoin(
              deliveries,
              and(ofEvent(deliveries, source, eventId), eq(deliveries.destination, destination)),
            );
          return row;
        };
        const found = await look(ofEventSince(source, eventId, happenedAt));
        // Its row is older than the event claims to be.
        const row = found?.event == null ? await look(ofEvent(processedEvents, source, eventId)) : found;
        return { previous: row?.previous ?? null, deliveredAs: row?.deliveredAs ?? null };
      }),

    wasDelivered: (source, destination, eventIds) =>
      database.run(async (queries) => {
        const rows = await queries
          .select({ eventId: deliveries.eventId })
          .from(deliveries)
          .where(
            and(
              eq(deliveries.source, source),
              inArray(deliveries.eventId, [...eventIds]),
              eq(deliveries.destination, destination),
            ),
          )
          .limit(1);
        return rows.length > 0;
      }),

    markDeadLettered: ({ source, eventId, workflowId, runId, bodySha256 }) =>
      database.transaction(async (queries) => {
        await lock(queries, [eventLock(source, eventId)]);
        const event = ofEvent(processedEvents, source, eventId);
        const failed = { outcome: 'dead-lettered', workflowId, runId, processedAt: sql`now()` } as const;
        const open = { complete: false, deadLetterOpen: true, hadPrevious: false };
        const known = await queries
          .update(processedEvents)
          .set({ deadLetterOpen: true })
          .where(event)
          .returning({ eventId: processedEvents.eventId });
        // Below the event's lock: whoever makes its row has looked for it in all partitions.
        if (known.length === 0) {
          await queries.insert(processedEvents).values({ source, eventId, bodySha256, ...failed, ...open });
          return;
        }
        await queries
          .update(processedEvents)
          .set(failed)
          .where(and(event, eq(processedEvents.complete, false)));
      }),

    closeDeadLetter: (source, eventId, resolution) =>
      database.transaction(async (queries) => {
        await lock(queries, [eventLock(source, eventId)]);
        const event = ofEvent(processedEvents, source, eventId);
        await queries.update(processedEvents).set({ deadLetterOpen: false }).where(event);
        if (resolution === 'resolved') return;
        await queries
          .update(processedEvents)
          .set({ complete: true, outcome: 'discarded', previousCopy: null })
          .where(and(event, eq(processedEvents.complete, false)));
      }),

    findEvent: (source, eventId) =>
      database.run(async (queries) => {
        const [row] = await queries
          .select()
          .from(processedEvents)
          .where(ofEvent(processedEvents, source, eventId));
        return row === undefined ? null : toProcessedEvent(row);
      }),

    countEvents: () =>
      database.run((queries) =>
        queries
          .select({
            source: processedEvents.source,
            outcome: processedEvents.outcome,
            count: sql<number>`count(*)`.mapWith(Number),
          })
          .from(processedEvents)
          .groupBy(processedEvents.source, processedEvents.outcome)
          .orderBy(processedEvents.source, processedEvents.outcome),
      ),
  };
}

/** The condition for the rows of one event. */
export function ofEvent(
  table: typeof processedEvents | typeof deliveries,
  source: string,
  eventId: string,
): SQL | undefined {
  return and(eq(table.source, source), eq(table.eventId, eventId));
}

/**
 * The version in the keys of an event that was applied and may have reached some of its destinations; null for any other one.
 * A dead letter is none: its replay has keys of its own.
 */
export function handedOnBefore({
  complete,
  outcome,
  handedOnAs,
}: Pick<typeof processedEvents.$inferSelect, 'complete' | 'outcome' | 'handedOnAs'>): string | null {
  return complete || outcome === 'dead-lettered' ? null : handedOnAs;
}

/** The longest that an event may say to have happened after it was first seen: for clocks that are wrong, and late deliveries. */
const happenedMarginMilliseconds = 31 * 86_400_000;

/**
 * The condition for the row of one event, looked for only in the months in which it can be: none before it happened. The
 * cost of a look-up grows with the partitions that it looks into (docs/scaling.md).
 *
 * @param happenedAt - a time of the vendor's not after the event happened, ISO 8601; null: looked for everywhere
 */
export function ofEventSince(source: string, eventId: string, happenedAt: string | null): SQL | undefined {
  const event = ofEvent(processedEvents, source, eventId);
  if (happenedAt === null) return event;
  const since = Math.min(Date.parse(happenedAt), Date.now()) - happenedMarginMilliseconds;
  return and(event, gte(processedEvents.firstAt, new Date(since).toISOString()));
}

export function toProcessedEvent(row: typeof processedEvents.$inferSelect): ProcessedEvent {
  const { source, eventId, outcome, workflowId, runId, bodySha256, complete, deadLetterOpen } = row;
  return { source, eventId, outcome, workflowId, runId, bodySha256, complete, deadLetterOpen };
}
