import type { EntityRef } from './event.ts';
import { ownWorkflowId } from './ids.ts';
import type { RetrySettings } from './retry.ts';
import type { RecordVersion } from './version.ts';

/** What a reconciliation found out, as it is kept in the store and is the result of the workflow `reconcile`. */
export interface ReconciliationReport {
  source: string;
  workflowId: string;
  runId: string;
  /** Changes since this time were listed, ISO 8601; null: everything (the first run, a backfill). */
  since: string | null;
  startedAt: string;
  finishedAt: string;
  pages: number;
  /** Changes that the vendor listed. */
  scanned: number;
  /** Of those, records that we had no copy of. */
  missing: number;
  /** Of those, records whose copy was older than the vendor's. */
  stale: number;
  /** Differences that were mended. */
  repaired: number;
  /** Differences that were gone by the time they were looked at: a webhook or another run had settled them. */
  settled: number;
  /** Differences that ended in a dead letter. */
  failed: number;
  /** Differences whose repair waits for the end of an outage, and goes on by itself then. Absent where there was none. */
  held?: number;
  /** Deliveries that the vendor was asked to make again, because none of their attempts had reached us. */
  redelivered?: number;
  /** Of an audit: copies that were compared with the record itself. */
  audited?: number;
  /** Of an audit: copies whose content was another one, though no version said so. */
  different?: number;
  /** Of an audit: copies of records that the vendor does not have any more. */
  gone?: number;
  /** What was to be found out. Absent in reports of before there was a choice. */
  mode?: ReconcileMode;
  /** Where so much had not come by webhook that the webhooks are to be looked at: what to look at, as a sentence. */
  alert?: string | null;
  /** True only where every page was read. */
  complete: boolean;
}

/**
 * `changes`: what the vendor lists as changed. `audit`: all that it lists, and then each of our copies against the record itself, so
 * that content is found that differs under the same version, and records that are gone at the vendor.
 */
export type ReconcileMode = 'changes' | 'audit';

/** One difference between the vendor and our copy. */
export interface Difference {
  kind: 'missing' | 'stale' | 'different' | 'gone';
  entity: EntityRef;
  version: RecordVersion;
  deleted: boolean;
  /** The id of the event to start: the vendor's own where the change is one of its events, else a deterministic one. */
  eventId: string;
  /** The vendor's event type where the change is one of its events. */
  eventType: string | null;
  /** How long its own webhook may still be on its way, in milliseconds; 0 or absent: it should have come. */
  youngForMilliseconds?: number;
}

/** The input of the workflow `reconcile`. */
export interface ReconcileInput {
  source: string;
  /** Changes since this time, ISO 8601; null: since the last complete run, or everything where there was none. */
  since: string | null;
  /** @default changes */
  mode?: ReconcileMode;
  /** Compare and report only: nothing is repaired, the cursor stays, and the report is not kept. @default false */
  dryRun?: boolean;
  /** Set where a long run continues as a new one. */
  resume?: ReconcileProgress;
}

/** The result of the workflow `reconcile`. */
export interface ReconcileResult extends ReconciliationReport {
  /** Of a dry run: the first differences. */
  differences?: Difference[];
}

/** How far a reconciliation has come: what it continues from as a new run, and the answer to its query `progress`. */
export interface ReconcileProgress {
  startedAt: string;
  /** Absent in runs of before there were several. */
  phase?: ReconcilePhase;
  since: string | null;
  until: string | null;
  /** True where the source was never reconciled before. */
  isFirst?: boolean;
  retry: RetrySettings;
  /** The task queue of the vendor's calls; null: the common one. See `Source.requestsPerSecond`. */
  callQueue?: string | null;
  /** See `ReconcileSettings`. */
  alertShare?: number;
  cursor: string | null;
  /** Of an audit: our copies up to this one have been compared. */
  auditedUpTo?: EntityRef | null;
  counts: ReconcileCounts;
  /** Differences whose webhooks may still be on their way. */
  young?: Difference[];
  /** Of a dry run. */
  found?: Difference[];
  /** Who has paused it; null while it runs. */
  paused?: Pause | null;
}

/** Who has paused a reconciliation, and why. */
export interface Pause {
  by: string;
  reason: string;
  at: string;
}

/** `ask`: the vendor is asked to send again what it could not deliver. `list`: what it lists. `catch-up`: what changed while a backfill read. `audit`: our copies. `wait`: for young changes. */
export type ReconcilePhase = 'ask' | 'list' | 'catch-up' | 'audit' | 'wait' | 'done';

type Counted = Pick<
  ReconciliationReport,
  'pages' | 'scanned' | 'missing' | 'stale' | 'repaired' | 'settled' | 'failed'
>;
/** The others are absent in runs of before, and where there was no such phase. */
export type ReconcileCounts = Counted &
  Pick<ReconciliationReport, 'held' | 'redelivered' | 'audited' | 'different' | 'gone'>;

/** `reconcile:<source>`, and `reconcile:<source>:by-hand` where it is not the schedule's. */
export function reconcileWorkflowId(source: string, by?: 'by-hand' | 'silence'): string {
  return ownWorkflowId('reconcile', source, ...(by === undefined ? [] : [by]));
}

/** Fewer misses than this prove nothing. */
const fewMisses = 3;

/**
 * What to tell the people on call where more than `alertShare` of what changed had not come by webhook: the fast path is broken
 * then, and reconciliation hides it. null where all is well.
 *
 * @param alertShare - 0 to 1
 */
export function judgeMisses(
  { scanned, missing, stale }: Pick<ReconcileCounts, 'scanned' | 'missing' | 'stale'>,
  alertShare: number,
): string | null {
  const misses = missing + stale;
  if (misses < fewMisses || misses <= scanned * alertShare) return null;
  const share = ((misses / scanned) * 100).toFixed(1);
  return (
    `${misses} of ${scanned} listed changes (${share} %) had not come by webhook, more than the ${alertShare * 100} % that are told of: ` +
    'look at the rejections, whether the webhook is still registered at the vendor, and whether its deliveries reach us.'
  );
}
