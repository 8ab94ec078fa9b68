import { ApplicationFailure, isCancellation, sleep } from '@temporalio/workflow';
import type {
  Difference,
  ReconcileInput,
  ReconcilePhase,
  ReconcileProgress,
} from '../src/model/reconciliation.ts';
import { listing, own, redelivering } from './activity-options.ts';
import { describeFailure } from './describe-failure.ts';
import type { HeldRepairs } from './held-repairs.ts';
import { repairDifference } from './repair-difference.ts';

/** Repairs under way at once: enough to hide a vendor's latency, few enough to leave its rate limit to live events. */
const repairsAtOnce = 10;
/** Young changes that are waited for. Any more are repaired at once, at the worst beside their webhooks. */
const youngAtMost = 500;
/** Differences that the result of a dry run names. */
const foundAtMost = 100;
/** A backfill's second pass looks that much further back than its beginning: vendors' clocks are not ours. */
const catchUpMarginMilliseconds = 60_000;

/** The vendor could not be read to the end. */
export class IncompleteError extends Error {
  readonly failure: ApplicationFailure;

  constructor(failure: ApplicationFailure) {
    super(failure.message);
    this.failure = failure;
  }
}

/** What a step needs beside its progress. */
export interface Advance {
  afterList: typeof phaseAfterList;
  /** Resolves at once, or when the run is resumed. */
  unpaused: () => Promise<void>;
  heldRepairs: HeldRepairs;
}

/**
 * Makes one step of the phase that the run is in, and says in `progress` where it is then.
 * @throws IncompleteError where the vendor could not be read after all attempts
 */
export async function advance(
  input: ReconcileInput,
  progress: ReconcileProgress,
  needed: Advance,
): Promise<void> {
  switch (progress.phase) {
    case 'ask':
      await askAgain(input, progress);
      progress.phase = 'list';
      return;
    case 'audit':
      await treat(input, await auditCopies(input, progress), progress, needed);
      if (progress.auditedUpTo === null) progress.phase = 'wait';
      return;
    case 'wait':
      await treat(input, await waitForYoung(input, progress), progress, needed);
      progress.phase = 'done';
      return;
    case 'done':
      return;
    default:
      await treat(input, await readPages(input, progress), progress, needed);
      if (progress.cursor === null) progress.phase = needed.afterList(input, progress);
  }
}

/** Whether it can ask or not, the list finds what was missed: a failure is told by the activity, and the run goes on. */
async function askAgain(
  { source }: ReconcileInput,
  { since, counts, callQueue }: ReconcileProgress,
): Promise<void> {
  try {
    const { asked } = await redelivering(
      `ask ${source} for what it could not deliver`,
      callQueue,
    ).redeliverMissed({
      source,
      since,
    });
    counts.redelivered = asked;
  } catch (error) {
    if (isCancellation(error)) throw error;
  }
}

/** What comes once the list, or the part of it that changed during a backfill, is read. */
export function phaseAfterList({ mode }: ReconcileInput, progress: ReconcileProgress): ReconcilePhase {
  if (mode === 'audit') return 'audit';
  const isBackfill = progress.isFirst === true && progress.since === null;
  return isBackfill && progress.phase !== 'catch-up' ? 'catch-up' : 'wait';
}

async function readPages(input: ReconcileInput, progress: ReconcileProgress): Promise<Difference[]> {
  const { source } = input;
  const { cursor, counts, phase, startedAt, callQueue } = progress;
  const catchUpFrom = new Date(Date.parse(startedAt) - catchUpMarginMilliseconds).toISOString();
  const since = phase === 'catch-up' ? catchUpFrom : progress.since;
  const read = await orIncomplete(
    `The list of ${source} broke off after ${counts.pages} pages`,
    'listChanges',
    () =>
      listing(`list what changed at ${source}, page ${counts.pages + 1}`, callQueue).listChanges({
        source,
        since,
        cursor,
      }),
  );
  // Absent in the results of when it was always one.
  counts.pages += read.pages ?? 1;
  counts.scanned += read.scanned;
  progress.cursor = read.nextCursor;
  const young = (progress.young ??= []);
  return read.differences.filter((each) => {
    const waits = (each.youngForMilliseconds ?? 0) > 0 && input.dryRun !== true && young.length < youngAtMost;
    if (waits) young.push(each);
    return !waits;
  });
}

async function auditCopies(input: ReconcileInput, progress: ReconcileProgress): Promise<Difference[]> {
  const { source } = input;
  const { counts, auditedUpTo: after = null, callQueue } = progress;
  const { audited = 0 } = counts;
  const read = await orIncomplete(
    `The audit of ${source} broke off after ${audited} records`,
    'auditRecords',
    () =>
      listing(`compare our copies with ${source}, from the ${audited + 1}. on`, callQueue).auditRecords({
        source,
        after,
      }),
  );
  counts.audited = audited + read.audited;
  counts.different ??= 0;
  counts.gone ??= 0;
  counts.failed += read.failed;
  progress.auditedUpTo = read.upTo;
  return read.differences;
}

/** What is still to be repaired once every webhook has had its time. */
async function waitForYoung({ source }: ReconcileInput, progress: ReconcileProgress): Promise<Difference[]> {
  const young = progress.young ?? [];
  if (young.length === 0) return [];
  await sleep(Math.max(...young.map(({ youngForMilliseconds = 0 }) => youngForMilliseconds)), {
    summary: `${young.length} young changes: their webhooks may be on their way`,
  });
  const due = await own('look again at young changes').compareAgain({ source, differences: young });
  progress.counts.settled += young.length - due.length;
  progress.young = [];
  return due;
}

/** Of a first run that lists everything, what it brings in; what changes meanwhile is found by its later phases. */
function isBackfill(
  { kind }: Difference,
  { isFirst = true, since, phase = 'list' }: ReconcileProgress,
): boolean {
  return isFirst && since === null && phase === 'list' && kind === 'missing';
}

async function orIncomplete<Result>(
  what: string,
  step: string,
  read: () => Promise<Result>,
): Promise<Result> {
  try {
    return await read();
  } catch (error) {
    if (isCancellation(error)) throw error;
    throw new IncompleteError(
      ApplicationFailure.create({
        type: 'LANDFALL_RECONCILIATION_INCOMPLETE',
        nonRetryable: true,
        message: `${what}: ${describeFailure(error, step).message} The next run covers the same range again.`,
        ...(error instanceof Error ? { cause: error } : {}),
      }),
    );
  }
}

/** Repairs differences, or only notes them where it is a dry run. */
async function treat(
  { source, dryRun = false }: ReconcileInput,
  differences: readonly Difference[],
  progress: ReconcileProgress,
  { unpaused, heldRepairs }: Advance,
): Promise<void> {
  const { counts, retry } = progress;
  if (dryRun) {
    for (const { kind } of differences) counts[kind] = (counts[kind] ?? 0) + 1;
    progress.found = [...(progress.found ?? []), ...differences].slice(0, foundAtMost);
    return;
  }
  const waiting = [...differences];
  const repairer = async () => {
    for (let each = waiting.shift(); each !== undefined; each = waiting.shift()) {
      await unpaused();
      counts[each.kind] = (counts[each.kind] ?? 0) + 1;
      const backfill = isBackfill(each, progress);
      const ended = await repairDifference(source, each, { retry, backfill, heldRepairs });
      counts[ended] = (counts[ended] ?? 0) + 1;
    }
  };
  await Promise.all(Array.from({ length: Math.min(repairsAtOnce, waiting.length) }, repairer));
}
