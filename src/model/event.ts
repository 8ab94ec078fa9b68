import type { JsonValue } from './json.ts';
import type { StoredBody } from './stored-body.ts';
import type { RecordVersion } from './version.ts';

/** What a record is of: the vendor's type and id, such as `customer` and `cus_123`. */
export interface EntityRef {
  type: string;
  id: string;
}

/** How Landfall learned of a change; `replay`: from an event that it had processed, and processes once more. */
export type FoundBy = 'webhook' | 'reconciliation' | 'replay';

/**
 * What a source's adapter reads out of one verified delivery: a hint that something changed, never the truth about it.
 */
export interface EventDraft {
  /** The vendor's own event id, equal for every delivery of the event. */
  id: string;
  /** The vendor's event type, such as `customer.updated`. */
  type: string;
  /** What changed; null where the event is about nothing that Landfall keeps (it then completes as `ignored`). */
  entity: EntityRef | null;
  /** The version of the *record* that the event announces, where the vendor says it. Not the time of the event. */
  announced: RecordVersion | null;
  /**
   * When the vendor says it happened: ISO 8601 or Unix time, null where it does not say. Not yet judged. Equal for every
   * delivery of the event, never the time of the delivery: an event is not looked for before it.
   */
  occurredAt: string | number | null;
  /** True where the event announces that the record is gone. */
  deletes: boolean;
  /** The version of the vendor's API that the body is written in, where it says so. */
  apiVersion?: string | null;
  /** The record itself, for sources without an API to fetch it from: what the payload says is then all there is. */
  snapshot?: JsonValue;
}

/** One event as it enters the workflow `processEvent`. */
export interface LandfallEvent {
  source: string;
  id: string;
  type: string;
  entity: EntityRef | null;
  announced: RecordVersion | null;
  /** ISO 8601 in UTC; null where the vendor gives none or an absurd one. */
  occurredAt: string | null;
  deletes: boolean;
  snapshot: JsonValue | null;
  /** The snapshot, where it is kept in the store: `snapshot` is null then. */
  storedSnapshot?: StoredBody;
  /** The parsed body, for people. */
  payload: JsonValue;
  /** The body, where it is kept in the store: `payload` is null then. */
  storedPayload?: StoredBody;
  /** The delivery's headers in lower case, secrets redacted. */
  headers: Record<string, string>;
  /** SHA-256 of the raw body, in hex: tells two bodies under one id apart. */
  bodySha256: string;
  /** When we received it, ISO 8601. For people: no decision is taken on it. */
  receivedAt: string;
  foundBy: FoundBy;
  /** True for a record that the first reconciliation of its source brings in: nothing happened to it just now. */
  backfill?: true;
}

/** Whether the payload says all there is of the record, so that nothing is fetched. */
export function hasSnapshot({
  snapshot,
  storedSnapshot,
}: Pick<LandfallEvent, 'snapshot' | 'storedSnapshot'>): boolean {
  return snapshot !== null || storedSnapshot !== undefined;
}

/** What of an event is kept in the store. */
export function storedOfEvent({
  storedPayload,
  storedSnapshot,
}: Pick<LandfallEvent, 'storedPayload' | 'storedSnapshot'>): StoredBody[] {
  return [storedPayload, storedSnapshot].filter((each) => each !== undefined);
}

/** What the activities need of an event: all but its body and headers. */
export type EventRef = Pick<
  LandfallEvent,
  | 'source'
  | 'id'
  | 'type'
  | 'entity'
  | 'announced'
  | 'occurredAt'
  | 'deletes'
  | 'bodySha256'
  | 'foundBy'
  | 'backfill'
>;

/** Only that of an event which the activities need. */
export function eventRef({
  source,
  id,
  type,
  entity,
  announced,
  occurredAt,
  deletes,
  bodySha256,
  foundBy,
  backfill,
}: EventRef): EventRef {
  const ref = { source, id, type, entity, announced, occurredAt, deletes, bodySha256, foundBy };
  return backfill === undefined ? ref : { ...ref, backfill };
}

/** `customer.reconciled`: the type of a repair where the vendor listed the record, and not the event that changed it. */
export function repairType(entity: EntityRef): string {
  return `${entity.type}.reconciled`;
}

/** `customer/cus_123`, or an empty string for no entity: the search attribute and what people read. */
export function describeEntity(entity: EntityRef | null): string {
  return entity === null ? '' : `${entity.type}/${entity.id}`;
}

/**
 * A time of the vendor's that the event cannot have happened before, by which the store leaves out older months: its own or
 * that of the record it announces, which was there when the event was made. null where the vendor says neither, and for what
 * reconciliation found, or a replay of it: it may repair for the second time what it repaired long ago.
 */
export function happenedAt({
  occurredAt,
  announced,
  foundBy,
}: Pick<LandfallEvent, 'occurredAt' | 'announced' | 'foundBy'>): string | null {
  return foundBy === 'webhook' ? (occurredAt ?? announced?.sourceTime ?? null) : null;
}
