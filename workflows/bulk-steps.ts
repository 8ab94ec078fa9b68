import type { DecidedLetters } from '../activities/types.ts';
import {
  type BulkInput,
  type BulkProgress,
  bulkMark,
  type LetterFilter,
  paceOf,
  toldOf,
  totalOf,
} from '../src/model/bulk.ts';
import { deciding } from './activity-options.ts';

/** Letters that were asked and have not answered: where as many are, as while the vendor is down, no other is asked. */
const mostUnderWay = 50;
const largestPage = 500;
/** How long one look at the answers lasts where there is nothing else to do, and where the next letters wait for their turn. */
const longWait = 20_000;
const shortWait = 1_000;

/** Waits until there is a decision about the bulk action, or for so long; null: for as long as it takes. */
type WaitForMail = (milliseconds: number | null) => Promise<unknown>;

/** Makes one step of a bulk action, and says in `progress` where it is then. */
export async function advanceBulk(
  bulkId: string,
  input: BulkInput,
  progress: BulkProgress,
  waitForMail: WaitForMail,
): Promise<void> {
  const { counts, paused, cancelled } = progress;
  if (cancelled !== null) {
    if (counts.asked > 0) await decide(bulkId, input, progress, longWait);
    else progress.phase = 'ended';
  } else if (paused !== null) {
    if (counts.asked > 0) await decide(bulkId, input, progress, longWait);
    else await waitForMail(null);
  } else if (progress.phase === 'finding') {
    await find(bulkId, input, progress);
  } else if (progress.phase === 'canary') {
    await tryCanary(bulkId, input, progress);
  } else {
    await goThroughRest(bulkId, input, progress, waitForMail);
  }
}

/** Answers whether there is another page. */
async function find(bulkId: string, input: BulkInput, progress: BulkProgress): Promise<boolean> {
  const { atMost, canary } = input;
  const known = totalOf(progress.counts);
  const before = toldOf(progress.counts);
  const { nextCursor, counts } = await deciding(`find dead letters, ${known} so far`).findLetters({
    bulkId,
    filter: filterOf(input, progress),
    cursor: progress.cursor,
    pageSize: input.pageSize ?? largestPage,
    atMost,
  });
  progress.counts = counts;
  progress.cursor = nextCursor;
  if (nextCursor !== null) return true;
  if (counts.waiting === 0) progress.phase = 'ended';
  else progress.phase = canary > before ? 'canary' : 'rest';
  return false;
}

/** What was opened after it began is left alone, unless it is to be treated as well. */
function filterOf({ filter, includeNew }: BulkInput, { startedAt }: BulkProgress): LetterFilter {
  const { openedBefore } = filter;
  if (includeNew || (openedBefore !== undefined && Date.parse(openedBefore) < Date.parse(startedAt))) {
    return filter;
  }
  return { ...filter, openedBefore: startedAt };
}

/** The first few, one of which that fails stops the others; one that was closed meanwhile proves nothing, and the next takes its place. */
async function tryCanary(bulkId: string, input: BulkInput, progress: BulkProgress): Promise<void> {
  progress.allowed = input.canary;
  await decide(bulkId, input, progress, longWait);
  const { counts } = progress;
  const told = toldOf(counts);
  if (counts.asked > 0 || (told < input.canary && counts.waiting > 0)) return;
  progress.phase = 'rest';
  progress.nextAt = Date.now();
  if (counts.failed === 0 || counts.waiting === 0) return;
  progress.paused = {
    by: 'landfall',
    reason: `${counts.failed} of the first ${told} failed: resume it to go on with the others, or cancel it`,
    at: new Date().toISOString(),
  };
}

/** A batch each ten seconds, or as the pace is. By Temporal's timers: no crash and no decision makes it faster. */
async function goThroughRest(
  bulkId: string,
  input: BulkInput,
  progress: BulkProgress,
  waitForMail: WaitForMail,
): Promise<void> {
  const { counts } = progress;
  if (counts.waiting === 0) {
    if (counts.asked > 0) await decide(bulkId, input, progress, longWait);
    else if (input.includeNew) await findNew(bulkId, input, progress);
    else progress.phase = 'ended';
    return;
  }
  const pause = progress.nextAt - Date.now();
  if (counts.asked >= mostUnderWay || (pause > 0 && counts.asked > 0)) {
    await decide(bulkId, input, progress, pause > 0 ? Math.min(pause, longWait) : longWait);
    return;
  }
  if (pause > 0) {
    await waitForMail(pause);
    return;
  }
  const { batch, milliseconds } = paceOf(input.perMinute);
  progress.nextAt = Date.now() + milliseconds;
  progress.allowed = toldOf(counts) + batch;
  await decide(bulkId, input, progress, shortWait);
}

/** Over once nothing new was opened since it last looked; those that failed are on its list, and are not tried again. */
async function findNew(bulkId: string, input: BulkInput, progress: BulkProgress): Promise<void> {
  progress.cursor = null;
  for (let more = true; more;) more = await find(bulkId, input, progress);
}

async function decide(
  bulkId: string,
  input: BulkInput,
  progress: BulkProgress,
  waitMilliseconds: number,
): Promise<void> {
  const { kind, by, reason, owner } = input;
  const { allowed, cancelled, paused, counts } = progress;
  const holdsBack = cancelled !== null || paused !== null;
  const { counts: now, failures }: DecidedLetters = await deciding(
    `${kind}: ${toldOf(counts)} of ${totalOf(counts)} asked`,
  ).decideLetters({
    bulkId,
    kind,
    decision: {
      by,
      reason: `${reason} ${bulkMark(bulkId)}`,
      ...(owner === undefined ? {} : { owner }),
    },
    upTo: holdsBack ? 0 : allowed,
    waitMilliseconds,
  });
  progress.counts = now;
  progress.failures = failures;
}
