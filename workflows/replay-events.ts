import {
  CancellationScope,
  continueAsNew,
  isCancellation,
  setCurrentDetails,
  setHandler,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import { deadLettered } from '../src/model/outcome.ts';
import {
  describeSkips,
  noCounts,
  type ReplayEventsInput,
  type ReplayProgress,
  type ReplayReport,
  type ReplayView,
  skipReasons,
} from '../src/model/replay-events.ts';
import { searchAttributes } from '../src/model/search-attributes.ts';
import { replaying } from './activity-options.ts';
import { replayProgressQuery } from './messages.ts';
import { inline } from './inline.ts';
import { noted, type Noted, noteDecision } from './note-decision.ts';

/** Events under way at once. Where as many have not ended, such as while a vendor is down, no more are begun. */
const mostUnderWay = 200;
const largestPage = 100;
/** A page is found for ten seconds of the pace, so that the progress is seen and a worker that stops loses little. */
const pageSeconds = 10;
/** How long the next page waits for those under way; and how long one look lasts when there is no next page. */
const shortWait = 2_000;
const longWait = 20_000;

/**
 * Processes again what was processed before: each event of a selection under its own id, with what the vendor has today, and
 * handed on again to all its destinations, under keys of this replay. Its id is `replay:<source>:<time>`.
 *
 * Events that are under way, are an open dead letter or were discarded are left alone and counted. One that fails is a dead letter,
 * as always. Cancelling it begins no more; what was begun goes on.
 */
export async function replayEvents(input: ReplayEventsInput): Promise<ReplayReport> {
  const progress = input.resume ?? begin(input);
  setHandler(replayProgressQuery, () => view(progress), {
    description: 'How many events were found, replayed, skipped, and have failed.',
  });
  const note = input.resume === undefined ? await noteStart(input) : noted(input.resume.auditId ?? null);
  progress.auditId = note.id;
  try {
    const report = await replayAll(input, progress);
    const { found, replayed, failed, skipped } = report;
    await note.end({
      outcome: failed > 0 ? 'failed' : 'done',
      text: `${found} found, ${replayed} replayed, ${failed} failed, ${describeSkips(skipped)}`,
    });
    return report;
  } catch (error) {
    if (isCancellation(error)) {
      const { counts } = progress;
      const text = `cancelled: ${counts.replayed} replayed, ${counts.failed} failed, ${progress.underWay.length} under way`;
      await CancellationScope.nonCancellable(() => note.end({ outcome: 'failed', text }));
    }
    throw error;
  }
}

function noteStart({ selection, by, reason, via = 'temporal' }: ReplayEventsInput): Promise<Noted> {
  const { workflowId: target } = workflowInfo();
  return noteDecision({ by, reason, via, action: 'replay.begin', source: selection.source, target });
}

async function replayAll(input: ReplayEventsInput, progress: ReplayProgress): Promise<ReplayReport> {
  const { source } = input.selection;
  for (;;) {
    setCurrentDetails(describe(input, progress));
    if (progress.listed && progress.underWay.length === 0) break;
    if (workflowInfo().continueAsNewSuggested) {
      await continueAsNew<typeof replayEvents>({ ...input, resume: progress });
    }
    if (!progress.listed && progress.underWay.length < mostUnderWay) await beginPage(input, progress);
    if (progress.underWay.length > 0) await waitForThem(source, progress);
  }
  const { counts, startedAt } = progress;
  upsertSearchAttributes([
    { key: searchAttributes.outcome, value: counts.failed > 0 ? deadLettered : 'replayed' },
  ]);
  return { source, startedAt, finishedAt: new Date().toISOString(), ...counts };
}

function begin({ selection, atMost }: ReplayEventsInput): ReplayProgress {
  const now = new Date().toISOString();
  const { to } = selection;
  return {
    // Unique to this replay, and the same after a reset.
    nonce: workflowInfo().firstExecutionRunId,
    startedAt: now,
    until: to !== null && Date.parse(to) < Date.parse(now) ? to : now,
    page: 0,
    cursor: null,
    listed: atMost === 0,
    underWay: [],
    counts: noCounts(),
  };
}

async function beginPage(input: ReplayEventsInput, progress: ReplayProgress): Promise<void> {
  const { selection, perSecond, by, reason } = input;
  const { counts, underWay, nonce } = progress;
  const room = (input.atMost ?? Number.MAX_SAFE_INTEGER) - begunOf(progress);
  progress.page += 1;
  const { found, begun, skipped, nextCursor } = await replaying(
    `replay events of ${selection.source}, page ${progress.page}`,
  ).beginReplays({
    selection: { ...selection, to: progress.until, endedBefore: progress.startedAt },
    cursor: progress.cursor,
    pageSize: input.pageSize ?? Math.min(largestPage, Math.ceil(perSecond * pageSeconds)),
    atMost: Math.min(room, largestPage),
    perSecond,
    replay: { nonce, by, reason },
    mark: { replay: nonce, page: progress.page },
  });
  counts.found += found;
  for (const why of skipReasons) counts.skipped[why] += skipped[why];
  underWay.push(...begun);
  progress.cursor = nextCursor;
  progress.listed = nextCursor === null || begun.length >= room;
}

async function waitForThem(source: string, progress: ReplayProgress): Promise<void> {
  const { counts, listed, underWay } = progress;
  const full = listed || underWay.length >= mostUnderWay;
  const ended = await replaying(`wait for ${underWay.length} events of ${source}`).awaitReplays({
    runs: underWay,
    waitMilliseconds: full ? longWait : shortWait,
  });
  counts.replayed += ended.replayed;
  counts.failed += ended.failed;
  progress.underWay = ended.underWay;
}

function begunOf({ counts, underWay }: ReplayProgress): number {
  return counts.replayed + counts.failed + underWay.length;
}

function view({ counts, underWay, listed }: ReplayProgress): ReplayView {
  return { ...counts, underWay: underWay.length, listed };
}

function describe({ selection, by, reason }: ReplayEventsInput, progress: ReplayProgress): string {
  const { counts, underWay, until, listed } = progress;
  const { source, types, from } = selection;
  return [
    `**${source}**, ${types.length === 0 ? 'every type' : inline(types.join(', '))}, from ${from ?? 'the beginning'} to ${until}`,
    `${counts.found} found: ${counts.replayed} replayed, ${counts.failed} failed, ${describeSkips(counts.skipped)}`,
    `${underWay.length} under way${listed ? '' : ', more to find'}`,
    `Replayed by ${inline(by)}: ${inline(reason)}`,
  ].join('\n\n');
}
