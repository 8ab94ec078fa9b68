import type { EntityRef } from '../model/event.ts';
import type { JsonValue } from '../model/json.ts';
import type { Outcome } from '../model/outcome.ts';
import type { RecordVersion } from '../model/version.ts';

/** One write that a destination is asked to make. */
export interface DestinationWrite {
  source: string;
  eventId: string;
  eventType: string;
  entity: EntityRef;
  /** The fresh record; null where it is gone. */
  record: JsonValue;
  version: RecordVersion;
  deleted: boolean;
  outcome: Outcome;
  /** Equal for every retry and reset of this write: send it on, and the write happens once. */
  idempotencyKey: string;
}

/** Where a source's records are handed on to: another system, or a function of yours. */
export interface Destination {
  /** Unique within the source, and stable: it is part of the idempotency key. */
  name: string;
  /** Which events it is for, by type. Repairs found by a reconciliation come as `<entity type>.reconciled`. @default all */
  accepts?: (eventType: string) => boolean;
  /**
   * Makes the write.
   * @throws DestinationUnavailableError where another try may help
   * @throws DestinationRefusedError where it cannot
   */
  deliver(write: DestinationWrite, context: { signal: AbortSignal }): Promise<void>;
}
