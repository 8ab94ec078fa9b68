import type { InboxItem } from '../store/store.ts';
import type { EventStarter, StartedEvent } from '../temporal/event-starter.ts';

/** Hands an item to Temporal in the way of its kind. */
export function startItem(starter: EventStarter, item: InboxItem): Promise<StartedEvent> {
  return item.kind === 'event'
    ? starter.start(item.event)
    : starter.startUnreadable(item.source, item.eventId, item.delivery);
}

/** The source and id of an item, for logs and answers. */
export function nameOf(item: InboxItem): { source: string; eventId: string } {
  return item.kind === 'event'
    ? { source: item.event.source, eventId: item.event.id }
    : { source: item.source, eventId: item.eventId };
}
