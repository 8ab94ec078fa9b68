import type { EntityRef, FoundBy } from '../model/event.ts';
import type { JsonObject, JsonValue } from '../model/json.ts';
import type { Outcome } from '../model/outcome.ts';
import type { RetrySettings } from '../model/retry.ts';
import type { RecordVersion } from '../model/version.ts';

/** Of a destination's name: no destination may begin so. */
export const handlerPrefix = 'handler:';

/** How long an attempt of a handler may take that does not say so itself, in milliseconds. */
export const defaultHandlerTimeout = 5_000;

/** What our copy of a record was. */
export interface PreviousRecord<Data = JsonObject> extends RecordVersion {
  /** null where it was a tombstone. */
  data: Data | null;
  deleted: boolean;
}

/** What a handler can log with: lines have the event and the handler in them, and are freed of secrets. */
export interface HandlerLogger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** What a handler gets beside the record. */
export interface HandlerContext<Data = JsonObject> {
  /** What happened. `type` is `<entity type>.reconciled` where only reconciliation found it and no event of the vendor's names it. */
  event: { source: string; id: string; type: string; occurredAt: string | null; foundBy: FoundBy };
  entity: EntityRef;
  version: RecordVersion;
  /** True where the record is gone; it is null then. */
  deleted: boolean;
  outcome: Outcome;
  /**
   * What our copy was before this event wrote it, the same for every attempt; null where there was none. An event that found our
   * copy written already, because another one's fetch was newer, has a `previous` equal to the record.
   */
  previous: PreviousRecord<Data> | null;
  /** Equal for every retry and reset, another one for each replay: send it on where the other side takes one. */
  idempotencyKey: string;
  /** From 1. */
  attempt: number;
  /** Aborted when the time is over or the worker stops. */
  signal: AbortSignal;
  logger: HandlerLogger;
}

/** Business logic: what is to happen when a record changes. */
export type HandlerFunction<Data = JsonObject> = (
  record: Data | null,
  context: HandlerContext<Data>,
) => Promise<void> | void;

/** What a handler is asked whether it takes. */
export interface HandledEvent {
  entity: EntityRef;
  /** Its type, or all that it counts as: see `typesOf`. */
  types: readonly string[];
  /** Whether only reconciliation found it, without an event of the vendor's. */
  repair: boolean;
  /** Whether a first reconciliation brings it in. */
  backfill: boolean;
}

/** A handler of a source. Made by `on`. */
export interface Handler {
  /** `handler:…`; unique within the source, and stable: it is part of the idempotency key. */
  name: string;
  takes(event: HandledEvent): boolean;
  handle: HandlerFunction<JsonValue>;
  retry: Partial<RetrySettings>;
  timeoutMilliseconds: number;
}
