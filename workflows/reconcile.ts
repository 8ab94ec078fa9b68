import {
  condition,
  continueAsNew,
  patched,
  setHandler,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type { NotedDecision } from '../src/model/audit.ts';
import { callQueue } from '../src/model/call-queue.ts';
import {
  judgeMisses,
  type Pause,
  type ReconcileInput,
  type ReconcileProgress,
  type ReconcileResult,
  type ReconciliationReport,
} from '../src/model/reconciliation.ts';
import { searchAttributes } from '../src/model/search-attributes.ts';
import { own } from './activity-options.ts';
import { originOf, readDecision } from './dead-letter-case.ts';
import { listenForHeldRepairs } from './held-repairs.ts';
import { pauseSignal, progressQuery, resumeSignal } from './messages.ts';
import { noteDecision } from './note-decision.ts';
import { showProgress } from './reconcile-details.ts';
import { advance, IncompleteError, phaseAfterList } from './reconcile-phases.ts';

/**
 * Reconciles one source: lists what changed at the vendor, compares it with our copies, and processes each difference
 * through the same door as live events, under a deterministic event id. The report is the result, and is kept in the store.
 *
 * - A change whose webhook may still be on its way is looked at again once that has had its time.
 * - The first run is the backfill. It ends with what changed while it read, so that nothing falls between it and the webhooks.
 * - An audit goes on with our copies: each is compared with the record itself.
 * - A repair that waits for the end of an outage is not waited for: it goes on by itself, and is counted as `held`.
 * - The signals `pause` and `resume` hold it up and let it go on; the query `progress` says how far it is.
 *
 * Only a run that read every page moves the cursor. A run that could not fails with LANDFALL_RECONCILIATION_INCOMPLETE,
 * after its report was kept; the next one covers its range again.
 */
export async function reconcile(input: ReconcileInput): Promise<ReconcileResult> {
  let known = input.resume ?? null;
  let paused = known?.paused ?? null;
  const decisions: Omit<NotedDecision, 'id'>[] = [];
  const state = (progress: ReconcileProgress): ReconcileProgress => ({ ...progress, paused });
  const show = () => {
    if (known !== null) showProgress(input, state(known));
  };
  setHandler(progressQuery, () => known && state(known), {
    description: 'How far it has come; null before it has begun.',
  });
  setHandler(
    pauseSignal,
    (value) => {
      paused = readPause(value);
      decisions.push(decided('pause', input.source, paused, value));
      show();
    },
    { description: '{"by": "…", "reason": "…"}: reads and repairs nothing more until it is resumed.' },
  );
  setHandler(
    resumeSignal,
    (value) => {
      paused = null;
      decisions.push(decided('resume', input.source, readPause(value), value));
      show();
    },
    { description: '{"by": "…", "reason": "…"}: goes on where it was paused.' },
  );
  const heldRepairs = listenForHeldRepairs();
  let noting: Promise<void> | null = null;
  const noteDecisions = async () => {
    for (let next = decisions.shift(); next !== undefined; next = decisions.shift()) {
      const { end } = await noteDecision(next);
      await end({ outcome: 'done', text: next.action === 'reconcile.pause' ? 'it waits' : 'it goes on' });
    }
    noting = null;
  };
  // Where there is nothing to note, not even a turn is waited for: in runs of before, who came first went on first.
  const hasNews = (): boolean => {
    if (decisions.length === 0 || !patched('audit-log')) return false;
    return true;
  };
  // One notes for all, and all wait for it: so what they begin then begins in one order, with traces and without.
  const unpaused = async () => {
    for (;;) {
      if (hasNews()) noting ??= noteDecisions();
      if (noting !== null) await noting;
      else if (paused !== null) await condition(() => paused === null, '1 day');
      else return;
    }
  };

  // To runs of before, the list was all there is.
  const afterList = patched('reconcile-in-earnest') ? phaseAfterList : () => 'done' as const;
  const progress = known ?? (await begin(input));
  known = progress;
  try {
    do {
      await unpaused();
      await advance(input, progress, { afterList, unpaused, heldRepairs });
      show();
      if (hasNews()) await (noting ??= noteDecisions());
      if (isUnderWay(progress) && workflowInfo().continueAsNewSuggested) {
        await continueAsNew<typeof reconcile>({ ...input, resume: state(progress) });
      }
    } while (isUnderWay(progress));
  } catch (error) {
    if (!(error instanceof IncompleteError)) throw error;
    await finish(input, progress, false);
    throw error.failure;
  }
  return finish(input, progress, true);
}

function decided(
  what: 'pause' | 'resume',
  source: string,
  { by, reason }: Pause,
  value: unknown,
): Omit<NotedDecision, 'id'> {
  const { workflowId: target } = workflowInfo();
  return { by, reason, via: originOf(value), action: `reconcile.${what}`, source, target };
}

function isUnderWay({ phase }: ReconcileProgress): boolean {
  return phase !== 'done';
}

/** A pause as it came by signal, perhaps typed by hand: without a name and a reason it is one as well. */
function readPause(value: unknown): Pause {
  const decision = readDecision(value);
  const { by, reason } =
    typeof decision === 'string' ? { by: 'somebody', reason: 'no reason given' } : decision;
  return { by, reason, at: new Date().toISOString() };
}

async function begin({
  source,
  since,
  mode = 'changes',
  dryRun = false,
}: ReconcileInput): Promise<ReconcileProgress> {
  const { limited, lists, redelivers, ...range } = await own(
    `find out where the last run of ${source} ended`,
  ).beginReconciliation({ source, since, ...(mode === 'changes' ? {} : { mode }) });
  return {
    startedAt: new Date().toISOString(),
    ...range,
    // Results of before say none of the three.
    phase:
      (lists as boolean | undefined) === false
        ? 'audit'
        : redelivers && mode === 'changes' && !dryRun
          ? 'ask'
          : 'list',
    callQueue: (limited as boolean | undefined) === true ? callQueue(workflowInfo().taskQueue, source) : null,
    cursor: null,
    counts: { pages: 0, scanned: 0, missing: 0, stale: 0, repaired: 0, settled: 0, failed: 0 },
  };
}

async function finish(
  { source, since, mode = 'changes', dryRun = false }: ReconcileInput,
  progress: ReconcileProgress,
  complete: boolean,
): Promise<ReconcileResult> {
  const { workflowId, runId } = workflowInfo();
  const { counts, alertShare } = progress;
  const isOrdinary =
    complete && mode === 'changes' && since === null && progress.isFirst === false && !dryRun;
  const report: ReconciliationReport = {
    source,
    workflowId,
    runId,
    since: progress.since,
    startedAt: progress.startedAt,
    finishedAt: new Date().toISOString(),
    ...counts,
    mode,
    alert: isOrdinary && alertShare !== undefined ? judgeMisses(counts, alertShare) : null,
    complete,
  };
  if (dryRun) return { ...report, differences: progress.found ?? [] };
  await own('keep the report').finishReconciliation({ report, until: complete ? progress.until : null });
  upsertSearchAttributes([{ key: searchAttributes.outcome, value: outcomeOf(report) }]);
  return report;
}

function outcomeOf({
  complete,
  alert,
  missing,
  stale,
  different = 0,
  gone = 0,
}: ReconciliationReport): string {
  if (!complete) return 'incomplete';
  if (typeof alert === 'string') return 'alert';
  return missing + stale + different + gone > 0 ? 'repaired' : 'in-step';
}
