import type { EntityRef } from '../model/event.ts';
import type { JsonValue } from '../model/json.ts';
import type { Outcome } from '../model/outcome.ts';
import type { RetrySettings } from '../model/retry.ts';
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

/** A record as our copy has it at this moment, which may be newer than what a write brings. */
export interface LatestRecord {
  /** null on a tombstone. */
  record: JsonValue;
  version: RecordVersion;
  deleted: boolean;
  /** The event that wrote our copy. */
  eventId: string;
  /** Counts our writes to the copy and the reads that confirmed it. */
  revision: number;
}

/** What a destination gets beside the write. */
export interface DestinationContext {
  /** Aborted when the time is over or the worker stops. */
  signal: AbortSignal;
  /** Reads our copy: for destinations that keep one of their own, where a late write must not undo a newer one. */
  latest(): Promise<LatestRecord>;
}

/** Where a source's records are handed on to: another system, or a table of yours. */
export interface Destination {
  /** Unique within the source, and stable: it is part of the idempotency key. */
  name: string;
  /** Which events it is for. Repairs found by a reconciliation come as `<entity type>.reconciled`. @default all */
  accepts?: (eventType: string, entity: EntityRef) => boolean;
  /** What is other than for the source's steps. `maximumAttempts` counts the first. @default the source's */
  retry?: Partial<RetrySettings>;
  /**
   * Makes the write.
   * @throws DestinationUnavailableError where another try may help
   * @throws DestinationRefusedError where it cannot; DestinationDeniedError where no write can, whatever the record
   */
  deliver(write: DestinationWrite, context: DestinationContext): Promise<void>;
  /** Gives back what it holds, such as connections, when the process ends. */
  close?(): Promise<void>;
}
