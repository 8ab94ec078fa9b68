import {
  ApplicationFailure,
  continueAsNew,
  isCancellation,
  ParentClosePolicy,
  setCurrentDetails,
  startChild,
  upsertSearchAttributes,
  WorkflowIdReusePolicy,
  workflowInfo,
} from '@temporalio/workflow';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import type { ComparedPages } from '../activities/types.ts';
import type { LandfallEvent } from '../src/model/event.ts';
import { eventWorkflowId } from '../src/model/ids.ts';
import { eventStartOptions, type ProcessEventInput, workflowVersion } from '../src/model/process-event.ts';
import type {
  Difference,
  ReconcileInput,
  ReconcileProgress,
  ReconciliationReport,
} from '../src/model/reconciliation.ts';
import { searchAttributes } from '../src/model/search-attributes.ts';
import { listing, own } from './activity-options.ts';
import { describeFailure } from './describe-failure.ts';
import type { processEvent } from './process-event.ts';

/** Repairs under way at once: enough to hide a vendor's latency, few enough to leave its rate limit to live events. */
const repairsAtOnce = 10;

/**
 * Reconciles one source: lists what changed at the vendor, compares it with our copies, and processes each difference
 * through the same door as live events, under a deterministic event id. The report is the result, and is kept in the store.
 *
 * Only a run that read every page moves the cursor. A run that could not fails with LANDFALL_RECONCILIATION_INCOMPLETE,
 * after its report was kept; the next one covers its range again.
 */
export async function reconcile(input: ReconcileInput): Promise<ReconciliationReport> {
  const progress = input.resume ?? (await begin(input));
  do {
    const { pages = 1, scanned, differences, nextCursor } = await nextPages(input.source, progress);
    progress.counts.pages += pages;
    progress.counts.scanned += scanned;
    await repairAll(input.source, differences, progress);
    progress.cursor = nextCursor;
    setCurrentDetails(describe(input.source, progress));
    if (progress.cursor !== null && workflowInfo().continueAsNewSuggested) {
      await continueAsNew<typeof reconcile>({ ...input, resume: progress });
    }
  } while (progress.cursor !== null);
  return finish(input.source, progress, true);
}

async function begin({ source, since }: ReconcileInput): Promise<ReconcileProgress> {
  const range = await own(`find out where the last run of ${source} ended`).beginReconciliation({
    source,
    since,
  });
  return {
    startedAt: new Date().toISOString(),
    ...range,
    cursor: null,
    counts: { pages: 0, scanned: 0, missing: 0, stale: 0, repaired: 0, settled: 0, failed: 0 },
  };
}

async function nextPages(source: string, progress: ReconcileProgress): Promise<ComparedPages> {
  const { since, cursor, counts } = progress;
  try {
    return await listing(`list what changed at ${source}, page ${counts.pages + 1}`).listChanges({
      source,
      since,
      cursor,
    });
  } catch (error) {
    if (isCancellation(error)) throw error;
    await finish(source, progress, false);
    throw ApplicationFailure.create({
      type: 'LANDFALL_RECONCILIATION_INCOMPLETE',
      nonRetryable: true,
      message: `The list of ${source} broke off after ${counts.pages} pages: ${describeFailure(error, 'listChanges').message} The next run covers the same range again.`,
      ...(error instanceof Error ? { cause: error } : {}),
    });
  }
}

async function finish(
  source: string,
  progress: ReconcileProgress,
  complete: boolean,
): Promise<ReconciliationReport> {
  const { workflowId, runId } = workflowInfo();
  const report: ReconciliationReport = {
    source,
    workflowId,
    runId,
    since: progress.since,
    startedAt: progress.startedAt,
    finishedAt: new Date().toISOString(),
    ...progress.counts,
    complete,
  };
  await own('keep the report').finishReconciliation({ report, until: complete ? progress.until : null });
  const outcome = !complete
    ? 'incomplete'
    : progress.counts.missing + progress.counts.stale > 0
      ? 'repaired'
      : 'in-step';
  upsertSearchAttributes([{ key: searchAttributes.outcome, value: outcome }]);
  return report;
}

async function repairAll(
  source: string,
  differences: readonly Difference[],
  progress: ReconcileProgress,
): Promise<void> {
  const waiting = [...differences];
  const repairer = async () => {
    for (let each = waiting.shift(); each !== undefined; each = waiting.shift()) {
      progress.counts[each.kind] += 1;
      progress.counts[await repair(source, each, progress.retry)] += 1;
    }
  };
  await Promise.all(Array.from({ length: Math.min(repairsAtOnce, waiting.length) }, repairer));
}

async function repair(
  source: string,
  difference: Difference,
  retry: ReconcileProgress['retry'],
): Promise<'repaired' | 'settled' | 'failed'> {
  const event: LandfallEvent = {
    source,
    id: difference.eventId,
    type: difference.eventType ?? `${difference.entity.type}.reconciled`,
    entity: difference.entity,
    announced: difference.version,
    occurredAt: null,
    deletes: difference.deleted,
    snapshot: null,
    payload: null,
    headers: {},
    bodySha256: '',
    receivedAt: new Date().toISOString(),
    foundBy: 'reconciliation',
  };
  const child: ProcessEventInput = { workflowVersion, event, retry, replay: null };
  try {
    const handle = await startChild<typeof processEvent>('processEvent', {
      workflowId: eventWorkflowId(source, event.id),
      args: [child],
      // Our copy differs though a run of this id may have completed: it has to run again.
      workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
      parentClosePolicy: ParentClosePolicy.ABANDON,
      ...eventStartOptions(child),
    });
    const { outcome } = await handle.result();
    return outcome === 'applied' || outcome === 'deleted' ? 'repaired' : 'settled';
  } catch (error) {
    if (isCancellation(error)) throw error;
    // The webhook's own run of this event is under way.
    return error instanceof WorkflowExecutionAlreadyStartedError ? 'settled' : 'failed';
  }
}

function describe(source: string, { counts, since }: ReconcileProgress): string {
  return [
    `**${source}**, changes since ${since ?? 'the beginning'}`,
    `${counts.pages} pages, ${counts.scanned} changes scanned`,
    `${counts.missing} missing, ${counts.stale} stale: ${counts.repaired} repaired, ${counts.settled} settled meanwhile, ${counts.failed} failed`,
  ].join('\n\n');
}
