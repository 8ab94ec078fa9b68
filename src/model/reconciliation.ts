import type { EntityRef } from './event.ts';
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
