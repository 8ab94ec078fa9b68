import type { VendorEvent } from './company.ts';

/** How far ahead of the truth a lie claims to be: believed, it would make every later change look stale. */
const ahead = 1_000_000;

/** The same event id with another body, which claims a version that never was. */
export function conflictingBody(event: VendorEvent): string {
  return JSON.stringify({ ...event, data: { ...event.data, version: event.data.version + ahead } });
}

/** An event that never happened: every second one deletes a real record, the others change one that never was. */
export function forgedEvent(event: VendorEvent, count: number): VendorEvent {
  const { object, id, updated_at } = event.data;
  const version = event.data.version + ahead;
  const made = { id: `evt_forged${count}_${event.id}`, created: event.created };
  if (count % 2 === 0) {
    return { ...made, type: `${object}.deleted`, data: { object, id, version, updated_at, deleted: true } };
  }
  const data = { ...event.data, id: `${object === 'customer' ? 'cus' : 'ord'}_never_was`, version };
  return { ...made, type: `${object}.updated`, data };
}

/** A body that no event can be read from, of three kinds in turn. It differs from every other, as each event's does. */
export function malformedBody(event: VendorEvent, count: number): string {
  const { id, ...withoutId } = event;
  const bodies = [
    JSON.stringify(event).slice(0, -20),
    JSON.stringify(withoutId),
    `<html><body>502 Bad Gateway, ${id}</body></html>`,
  ];
  return bodies[count % bodies.length] ?? '';
}
