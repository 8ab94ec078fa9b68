import { randomUUID } from 'node:crypto';
import type { LandfallEvent } from '../../src/model/event.ts';
import type { IncomingRecord } from '../../src/model/record.ts';
import type { ReconciliationReport } from '../../src/model/reconciliation.ts';
import type { ApplyInput, InboxItem } from '../../src/store/store.ts';

/** A fetched record of the customer `cus_1`, at no version and with no copy before, unless said otherwise. */
export function buildIncoming(parts: Partial<IncomingRecord> = {}): IncomingRecord {
  return {
    entity: { type: 'customer', id: 'cus_1' },
    version: null,
    sourceTime: null,
    data: { name: 'Ada' },
    deleted: false,
    deletionAnnounced: false,
    fetched: true,
    basis: 0,
    ...parts,
  };
}

/** What a run of its own asks for, unless said otherwise. */
export function buildApply(
  parts: Partial<Omit<ApplyInput, 'incoming'>> & { incoming?: Partial<IncomingRecord> } = {},
): ApplyInput {
  const eventId = parts.eventId ?? 'evt_1';
  return {
    source: 'shop',
    eventId,
    bodySha256: 'b0d1',
    workflowId: `shop:${eventId}`,
    runId: randomUUID(),
    destinations: [],
    repair: false,
    ...parts,
    incoming: buildIncoming(parts.incoming),
  };
}

/** An event that waits for Temporal. */
export function buildInboxItem(
  id: string,
  parts: Partial<LandfallEvent> = {},
): InboxItem & { kind: 'event' } {
  return {
    kind: 'event',
    event: {
      source: 'shop',
      id,
      type: 'customer.updated',
      entity: { type: 'customer', id: 'cus_1' },
      announced: null,
      occurredAt: null,
      deletes: false,
      snapshot: null,
      payload: { id },
      headers: {},
      bodySha256: 'b0d1',
      receivedAt: '2026-01-01T00:00:00.000Z',
      foundBy: 'webhook',
      ...parts,
    },
  };
}

/** A complete report that found nothing. */
export function buildReport(parts: Partial<ReconciliationReport> = {}): ReconciliationReport {
  return {
    source: 'shop',
    workflowId: 'reconcile:shop',
    runId: randomUUID(),
    since: null,
    startedAt: '2026-01-01T00:00:00.000Z',
    finishedAt: '2026-01-01T00:01:00.000Z',
    pages: 1,
    scanned: 0,
    missing: 0,
    stale: 0,
    repaired: 0,
    settled: 0,
    failed: 0,
    complete: true,
    ...parts,
  };
}
