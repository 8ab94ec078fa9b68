import {
  ApplicationFailure,
  CancellationScope,
  condition,
  continueAsNew,
  isCancellation,
  setCurrentDetails,
  setHandler,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import {
  type BulkInput,
  type BulkProgress,
  type BulkReport,
  type BulkState,
  bulkOutcome,
  describeCounts,
  describeFilter,
  findMistake,
  noLetters,
} from '../src/model/bulk.ts';
import { searchAttributes } from '../src/model/search-attributes.ts';
import { own } from './activity-options.ts';
import { renderBulk } from './bulk-details.ts';
import { advanceBulk } from './bulk-steps.ts';
import { originOf, readDecision } from './dead-letter-case.ts';
import { bulkStateQuery, cancelSignal, pauseSignal, resumeSignal } from './messages.ts';
import { noteDecision, noted } from './note-decision.ts';

type Kind = 'pause' | 'resume' | 'cancel';
interface Mail {
  kind: Kind;
  value: unknown;
}

/**
 * One decision about many dead letters: replays, discards or investigates all that a filter finds. Its id is `bulk:<kind>:<name>`.
 *
 * Writes down which they are, so that what comes later is left alone; tries a few, the canary, and goes on only where these
 * have succeeded, else waits, paused, for somebody to resume or cancel it. Then tells the others at the pace that is set, by
 * the same signals as a person sends to one. Its letters, and what came of each, are rows of the store: this run knows only
 * how many, so that its history stays small however many they are, and goes on after any crash.
 */
export async function bulkAction(input: BulkInput): Promise<BulkReport> {
  const { workflowId: bulkId } = workflowInfo();
  const mistake = findMistake(input);
  if (mistake !== null) throw ApplicationFailure.nonRetryable(mistake, 'LANDFALL_CONFIGURATION');
  const progress = input.resume ?? begin(Date.now());
  const mail: Mail[] = [];
  let outcome = '';
  const show = () => {
    setCurrentDetails(renderBulk(bulkId, input, progress));
    if (bulkOutcome(progress) === outcome) return;
    outcome = bulkOutcome(progress);
    upsertSearchAttributes([{ key: searchAttributes.outcome, value: outcome }]);
  };
  setHandler(bulkStateQuery, () => stateOf(bulkId, input, progress), {
    description: 'What it does, and how far it is.',
  });
  const receive = (kind: Kind) => (value: unknown) => void mail.push({ kind, value });
  setHandler(pauseSignal, receive('pause'), {
    description: '{"by": "…", "reason": "…"}: asks no other dead letter until it is resumed.',
  });
  setHandler(resumeSignal, receive('resume'), {
    description: '{"by": "…", "reason": "…"}: goes on where it was paused, or where its canary failed.',
  });
  setHandler(cancelSignal, receive('cancel'), {
    description: '{"by": "…", "reason": "…"}: ends it; what it has not asked stays as it is.',
  });

  try {
    progress.auditId ??= await noteBeginning(bulkId, input);
    while (progress.phase !== 'ended') {
      for (let next = mail.shift(); next !== undefined; next = mail.shift()) {
        await obey(next, bulkId, input, progress);
      }
      show();
      if (workflowInfo().continueAsNewSuggested) {
        await continueAsNew<typeof bulkAction>({ ...input, resume: progress });
      }
      await advanceBulk(bulkId, input, progress, (milliseconds) =>
        condition(() => mail.length > 0, milliseconds ?? '1 day'),
      );
    }
  } catch (error) {
    if (!isCancellation(error)) throw error;
    await CancellationScope.nonCancellable(async () => {
      progress.cancelled ??= pauseOf('somebody', 'the workflow was cancelled');
      progress.counts = await own('leave the others alone').leaveLetters({ bulkId, asked: true });
      progress.phase = 'ended';
      await finish(progress);
      show();
    });
    throw error;
  }
  const report = await finish(progress);
  show();
  return report;
}

function begin(now: number): BulkProgress {
  return {
    phase: 'finding',
    startedAt: new Date(now).toISOString(),
    cursor: null,
    allowed: 0,
    counts: noLetters(),
    paused: null,
    cancelled: null,
    failures: [],
    nextAt: now,
    auditId: null,
  };
}

function stateOf(id: string, { resume: _resume, ...input }: BulkInput, progress: BulkProgress): BulkState {
  return { ...progress, id, input };
}

function pauseOf(by: string, reason: string) {
  return { by, reason, at: new Date().toISOString() };
}

async function noteBeginning(bulkId: string, input: BulkInput): Promise<string | null> {
  const { kind, filter, by, reason, via = 'temporal', owner } = input;
  const note = await noteDecision({
    by,
    via,
    action: `bulk.${kind}`,
    source: filter.source ?? null,
    target: bulkId,
    reason: `${reason}${owner === undefined ? '' : ` (given to ${owner})`}; ${describeFilter(filter)}`,
  });
  return note.id;
}

/** Carries out a decision about the bulk action itself, once it is in the audit log. What makes no sense now changes nothing. */
async function obey(
  { kind, value }: Mail,
  bulkId: string,
  { filter }: BulkInput,
  progress: BulkProgress,
): Promise<void> {
  const decision = readDecision(value);
  const { by, reason } =
    typeof decision === 'string' ? { by: 'somebody', reason: 'no reason given' } : decision;
  const note = await noteDecision({
    by,
    reason,
    via: originOf(value),
    action: `bulk.${kind}`,
    source: filter.source ?? null,
    target: bulkId,
  });
  if (progress.cancelled !== null) {
    await note.end({ outcome: 'failed', text: 'it was cancelled before' });
    return;
  }
  if (kind === 'cancel') {
    progress.cancelled = pauseOf(by, reason);
    progress.counts = await own('leave the others alone').leaveLetters({ bulkId, asked: false });
  }
  progress.paused = kind === 'pause' ? pauseOf(by, reason) : null;
  await note.end({ outcome: 'done', text: describeCounts(progress.counts) });
}

async function finish({ startedAt, counts, cancelled, auditId }: BulkProgress): Promise<BulkReport> {
  const failed = counts.failed > 0 || cancelled !== null;
  await noted(auditId).end({
    outcome: failed ? 'failed' : 'done',
    text: `${cancelled === null ? '' : `cancelled by ${cancelled.by}: `}${describeCounts(counts)}`,
  });
  return { ...counts, startedAt, finishedAt: new Date().toISOString(), cancelled };
}
