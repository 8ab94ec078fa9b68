import type { Decision } from './dead-letter.ts';

/** Which processed events are meant: of one source, by the start of their runs. */
export interface EventSelection {
  source: string;
  /** `customer.updated`, or `customer.*` for all that begin so; empty: of every type. */
  types: readonly string[];
  /** Runs that began at or after it, ISO 8601; null: as far back as Temporal keeps them. */
  from: string | null;
  /** Runs that began before it, ISO 8601; null: until now. */
  to: string | null;
  /** Runs that had ended before it, ISO 8601: a list that nothing joins while it is read. @default until now */
  endedBefore?: string;
}

/** One run of a workflow. */
export interface RunRef {
  workflowId: string;
  runId: string;
}

/** Which page of which replay has begun a run: kept with the run, so that a page that is carried out again knows its own. */
export interface ReplayMark {
  replay: string;
  page: number;
}

/** Why an event that was found is not replayed. */
export const skipReasons = ['running', 'dead-letter', 'discarded', 'gone'] as const;
export type SkipReason = (typeof skipReasons)[number];

/** What a replay of processed events has come to. An event whose runs are several can be found, and skipped, more than once. */
export interface ReplayCounts {
  found: number;
  /** Processed again to the end. */
  replayed: number;
  /** Failed again: each is a dead letter. */
  failed: number;
  /**
   * `running`: an earlier or another run of it is under way. `dead-letter`: its open dead letter replays it. `discarded`: somebody
   * decided that it is never applied. `gone`: Temporal has deleted what it was.
   */
  skipped: Record<SkipReason, number>;
}

/** The input of the workflow `replayEvents`. */
export interface ReplayEventsInput extends Decision {
  selection: EventSelection;
  /** So many events at most; null: all. */
  atMost: number | null;
  /** Events begun in a second. */
  perSecond: number;
  /** Runs that are found at once. @default 100, or those of ten seconds */
  pageSize?: number;
  /** Set where a long replay continues as a new run. */
  resume?: ReplayProgress;
}

/** How far a replay of processed events has come. */
export interface ReplayProgress {
  /** Of this replay: part of its idempotency keys, and what tells its runs from others. */
  nonce: string;
  startedAt: string;
  /** `selection.to`, never later than the start: a replay does not find its own runs. */
  until: string;
  /** Pages that were begun. */
  page: number;
  cursor: string | null;
  /** True once nothing more is to be found. */
  listed: boolean;
  /** Begun and not seen to end. */
  underWay: RunRef[];
  counts: ReplayCounts;
  /** Its line in the audit log; absent or null in runs of before there was one. */
  auditId?: string | null;
}

/** What the query `progress` answers. */
export type ReplayView = ReplayCounts & { underWay: number; listed: boolean };

/** The result of the workflow `replayEvents`. */
export interface ReplayReport extends ReplayCounts {
  source: string;
  startedAt: string;
  finishedAt: string;
}

/** Nothing yet. */
export function noCounts(): ReplayCounts {
  return { found: 0, replayed: 0, failed: 0, skipped: noSkips() };
}

/** No event was skipped. */
export function noSkips(): Record<SkipReason, number> {
  return { running: 0, 'dead-letter': 0, discarded: 0, gone: 0 };
}

/** `2 skipped (1 running, 1 discarded)`. */
export function describeSkips(skipped: Readonly<Record<SkipReason, number>>): string {
  const reasons = skipReasons.filter((reason) => skipped[reason] > 0);
  const total = skipReasons.reduce((sum, reason) => sum + skipped[reason], 0);
  if (reasons.length === 0) return '0 skipped';
  return `${total} skipped (${reasons.map((reason) => `${skipped[reason]} ${reason}`).join(', ')})`;
}
