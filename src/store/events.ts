import { and, eq, inArray, sql, type SQL } from 'drizzle-orm';
import type { Database } from './database.ts';
import { eventLock, lock } from './lock.ts';
import { deliveries, processedEvents } from './schema.ts';
import type { ProcessedEvent, Store } from './store.ts';

type Events = Pick<
  Store,
  'markDelivered' | 'markDeadLettered' | 'closeDeadLetter' | 'findEvent' | 'countEvents'
>;

/** The tables `processed_events` and `deliveries`. */
export function createEvents(database: Database): Events {
  return {
    markDelivered: ({ source, eventId, destination, destinations, idempotencyKey }) =>
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
        await queries
          .update(processedEvents)
          .set({ complete: true })
          .where(ofEvent(processedEvents, source, eventId));
      }),

    markDeadLettered: ({ source, eventId, workflowId, runId, bodySha256 }) =>
      database.transaction(async (queries) => {
        await lock(queries, [eventLock(source, eventId)]);
        const key = [processedEvents.source, processedEvents.eventId];
        const failed = { outcome: 'dead-lettered', workflowId, runId, processedAt: sql`now()` } as const;
        const open = { complete: false, deadLetterOpen: true, hadPrevious: false };
        await queries
          .insert(processedEvents)
          .values({ source, eventId, bodySha256, ...failed, ...open })
          .onConflictDoUpdate({ target: key, set: { deadLetterOpen: true } });
        await queries
          .update(processedEvents)
          .set(failed)
          .where(and(ofEvent(processedEvents, source, eventId), eq(processedEvents.complete, false)));
      }),

    closeDeadLetter: (source, eventId, resolution) =>
      database.transaction(async (queries) => {
        await lock(queries, [eventLock(source, eventId)]);
        const event = ofEvent(processedEvents, source, eventId);
        await queries.update(processedEvents).set({ deadLetterOpen: false }).where(event);
        if (resolution === 'resolved') return;
        await queries
          .update(processedEvents)
          .set({ complete: true, outcome: 'discarded' })
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

export function toProcessedEvent(row: typeof processedEvents.$inferSelect): ProcessedEvent {
  const { source, eventId, outcome, workflowId, runId, bodySha256, complete, deadLetterOpen } = row;
  return { source, eventId, outcome, workflowId, runId, bodySha256, complete, deadLetterOpen };
}
