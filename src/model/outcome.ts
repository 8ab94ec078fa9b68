import type { DeliveryPolicy } from './retry.ts';
import type { RecordVersion } from './version.ts';

/**
 * How an event ended, as the result of its workflow and the search attribute `LandfallOutcome`.
 *
 * - `applied`: the record was written
 * - `unchanged`: our copy already was what the vendor has
 * - `stale`: our copy is newer than what was read; nothing was written
 * - `deleted`: the record is gone at the vendor, and our copy is a tombstone
 * - `duplicate`: the event had been processed before
 * - `ignored`: the event is of no type that the source knows
 */
export const outcomes = ['applied', 'unchanged', 'stale', 'deleted', 'duplicate', 'ignored'] as const;
export type Outcome = (typeof outcomes)[number];

/** Of an event that could not be processed: the value of `LandfallOutcome` on its failed run. */
export const deadLettered = 'dead-lettered';

/** The result of the workflow `processEvent`. */
export interface ProcessEventResult {
  outcome: Outcome;
  /** The version that was read; null where nothing was. */
  version: RecordVersion | null;
  /** The version that our copy had before; null where there was none. */
  previous: RecordVersion | null;
  /** The destinations that this run delivered to, in order. */
  delivered: string[];
}

/** What `apply` did. `refetch`: nothing, because the tie needs a fresh read; see `guard`. */
export type ApplyResult =
  | { kind: 'refetch'; revision: number }
  | {
      kind: 'done';
      outcome: Exclude<Outcome, 'ignored'>;
      /** The version that our copy had before; null where there was none. */
      previous: RecordVersion | null;
      /** Destinations that have not had this event yet, in the order given; empty for `stale` and `duplicate`. */
      pending: string[];
      deadLetterOpen: boolean;
      /**
       * The version that stands in the event's idempotency keys: of the record that it was first handed on with, whatever
       * that is by now. null where nothing is handed on; absent in results of before it was kept.
       */
      handedOnAs?: string | null;
      /** How those of `pending` are tried that are not tried as the source says. Absent where all are. */
      policies?: Record<string, DeliveryPolicy>;
    };
