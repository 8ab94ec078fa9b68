import type { EntityRef } from './event.ts';
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
  /** True only where every page was read. */
  complete: boolean;
}

/** One difference between the vendor and our copy. */
export interface Difference {
  kind: 'missing' | 'stale';
  entity: EntityRef;
  version: RecordVersion;
  deleted: boolean;
  /** The id of the event to start: the vendor's own where the change is one of its events, else a deterministic one. */
  eventId: string;
  /** The vendor's event type where the change is one of its events. */
  eventType: string | null;
}

/** The input of the workflow `reconcile`. */
export interface ReconcileInput {
  source: string;
  /** Changes since this time, ISO 8601; null: since the last complete run, or everything where there was none. */
  since: string | null;
  /** Set where a long run continues as a new one. */
  resume?: ReconcileProgress;
}

/** How far a reconciliation has come. */
export interface ReconcileProgress {
  startedAt: string;
  since: string | null;
  until: string | null;
  retry: RetrySettings;
  cursor: string | null;
  counts: Pick<
    ReconciliationReport,
    'pages' | 'scanned' | 'missing' | 'stale' | 'repaired' | 'settled' | 'failed'
  >;
}
