import {
  type AlertFacts,
  type AlertKey,
  type AlertSettings,
  describeTime,
  type Finding,
  type Judgement,
  type Lag,
  type OpenWork,
  type ReconciliationFacts,
  type SourceFacts,
} from './alerts.ts';
import { judgeAllRejected, judgeRejections, withoutAllRejected } from './judge-rejections.ts';
import { describeDuration } from './silence.ts';

/** A reconciliation is overdue after so many times its interval, and a quarter of an hour on top: the run itself takes time. */
const overdueAfter = { times: 1.5, milliseconds: 900_000 };
/** Fewer late changes than this prove nothing. */
const fewLate = 3;

/** Judges each kind of alert for each source, and those about all of them. Every key that there can be is in the answer, once. */
export function judgeAlerts(facts: AlertFacts, settings: AlertSettings): Judgement[] {
  return [
    { kind: 'inbox', source: null, finding: judgeInbox(facts, settings.inboxMilliseconds) },
    { kind: 'processing', source: null, finding: judgeProcessing(facts) },
    ...facts.sources.flatMap((each) =>
      Object.entries(judgeSource(each, facts.now, settings)).map(([kind, finding]): Judgement => ({
        kind: kind as keyof SourceFindings,
        source: each.source,
        finding,
      })),
    ),
  ];
}

type SourceFindings = Record<Exclude<AlertKey['kind'], 'inbox' | 'processing'>, Judgement['finding']>;

function judgeSource(
  { rejections, open, reconciliation, lag }: SourceFacts,
  now: number,
  settings: AlertSettings,
): SourceFindings {
  const { rejections: least, deadLetters, deadLetterAgeMilliseconds: age, lagMilliseconds } = settings;
  const allRejected = least === null ? null : judgeAllRejected(rejections, now);
  const known = (judge: (work: OpenWork) => Finding | null) => (open === null ? 'unknown' : judge(open));
  const run = (judge: (facts: ReconciliationFacts) => Finding | null) =>
    reconciliation === null ? null : judge(reconciliation);
  return {
    'all-rejected': allRejected,
    // The worse of the two says it all, unless the other was there first.
    rejections:
      least === null || (allRejected !== null && rejections.openSince === null)
        ? null
        : judgeRejections(allRejected === null ? withoutAllRejected(rejections) : rejections, now, least),
    'dead-letters':
      deadLetters === null ? null : known((work) => judgeDeadLetters(work.deadLetters, deadLetters, now)),
    'old-dead-letters': age === null ? null : known((work) => judgeOldest(work.deadLetters, age, now)),
    silence: known(({ silentSince }) => judgeSilence(silentSince, now)),
    held: known(({ holds }) => judgeHolds(holds)),
    'reconciliation-overdue': run((facts) => judgeOverdue(facts, now)),
    'reconciliation-incomplete': run(judgeIncomplete),
    'reconciliation-misses': run(judgeMissed),
    lag: lagMilliseconds === null ? null : judgeLag(lag, lagMilliseconds),
  };
}

function judgeInbox({ inbox, now }: AlertFacts, limit: number | null): Finding | null {
  if (limit === null || inbox.oldestAt === null || now - inbox.oldestAt <= limit) return null;
  return {
    title: 'events wait in the inbox',
    text: `${inbox.count} events wait in the inbox, the oldest since ${describeTime(inbox.oldestAt)}: Temporal is down or too slow, or refuses some of them for good. Deliveries are accepted meanwhile.`,
    cause: null,
  };
}

function judgeProcessing({ unjudgedSince }: AlertFacts): Finding | null {
  if (unjudgedSince === null) return null;
  return {
    title: 'processing stands still',
    text: `No worker has been heard of since ${describeTime(unjudgedSince)}: Temporal cannot be reached, or no worker runs. Deliveries are accepted meanwhile, and wait.`,
    cause: null,
  };
}

function judgeDeadLetters(
  { count, oldestAt }: OpenWork['deadLetters'],
  least: number,
  now: number,
): Finding | null {
  if (count < least) return null;
  const oldest = oldestAt === null ? '' : `, the oldest for ${describeDuration(now - oldestAt)}`;
  return {
    title: count === 1 ? 'a dead letter waits for a decision' : 'dead letters wait for a decision',
    text: `${count === 1 ? 'One event has' : `${count} events have`} failed for good and wait${count === 1 ? 's' : ''} for somebody to decide${oldest}.`,
    cause: null,
  };
}

function judgeOldest(
  { count, oldestAt }: OpenWork['deadLetters'],
  limit: number,
  now: number,
): Finding | null {
  if (oldestAt === null || now - oldestAt <= limit) return null;
  return {
    title: 'a dead letter has waited for too long',
    text: `The oldest of ${count} open dead letters has waited since ${describeTime(oldestAt)}, longer than ${describeDuration(limit)}. Its change is missing in our systems for as long.`,
    cause: null,
  };
}

function judgeSilence(silentSince: number | null, now: number): Finding | null {
  if (silentSince === null) return null;
  return {
    title: 'no delivery arrives',
    text: `No delivery has arrived for unusually long: noticed at ${describeTime(silentSince)}, ${describeDuration(now - silentSince)} ago. The time since the last one is reconciled each hour; the workflow of the silence says what was found.`,
    cause: null,
  };
}

function judgeHolds(holds: OpenWork['holds']): Finding | null {
  if (holds.length === 0) return null;
  const described = holds.map(({ error, since }) => `${error} since ${describeTime(since)}`);
  return {
    title: 'events are held',
    text: `Many records fail alike, so their events wait for the end of an outage: ${described.join(', ')}.`,
    cause: null,
  };
}

function judgeOverdue(
  { everyMilliseconds, reconciledUntil }: ReconciliationFacts,
  now: number,
): Finding | null {
  if (reconciledUntil === null) return null;
  const limit = overdueAfter.times * everyMilliseconds + overdueAfter.milliseconds;
  if (now - reconciledUntil <= limit) return null;
  return {
    title: 'reconciliation is overdue',
    text: `No reconciliation that began after ${describeTime(reconciledUntil)} has completed, though one is due every ${describeDuration(everyMilliseconds)}. What was never delivered since then is not found.`,
    cause: null,
  };
}

function judgeIncomplete({ newest }: ReconciliationFacts): Finding | null {
  if (newest === null || newest.complete) return null;
  return {
    title: 'a reconciliation broke off',
    text: `The newest reconciliation did not read every page of the vendor's list (${newest.scanned} changes were read). The next one covers the same range again.`,
    cause: null,
  };
}

function judgeMissed({ newest }: ReconciliationFacts): Finding | null {
  if (newest === null || newest.alert === null) return null;
  return {
    title: 'webhooks are missed',
    text: `Reconciliation repairs what webhooks should have brought: ${newest.alert}`,
    cause: null,
  };
}

function judgeLag({ count, late, worstMilliseconds }: Lag, limit: number): Finding | null {
  if (late < fewLate || late * 2 <= count) return null;
  return {
    title: 'changes are applied late',
    text: `${late} of the last ${count} changes were applied more than ${describeDuration(limit)} after they happened at the vendor, the worst ${describeDuration(worstMilliseconds)} after.`,
    cause: null,
  };
}
