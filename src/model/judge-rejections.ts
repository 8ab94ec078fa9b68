import { describeTime, type Finding } from './alerts.ts';
import type { Arrivals } from './silence.ts';

/** Refused deliveries of one reason in the stretch of time that begins at `at` and lasts `lasts`, both in milliseconds. */
export interface Refused {
  reason: string;
  at: number;
  lasts: number;
  count: number;
}

/** What is known of a source's refused deliveries. Times in milliseconds since the epoch. */
export interface RejectionFacts {
  /** Of the last seven days: the last hour by the minute, what is older by the hour. In no order. */
  refused: readonly Refused[];
  /** Verified deliveries of the last four weeks, in the order of time; may be empty where nothing was refused. */
  arrivals: readonly Arrivals[];
  /** When receivers were started, in no order. */
  starts: readonly number[];
  /** Since when `rejections` is an incident; null: it is none. Its own time does not count as usual. */
  openSince: number | null;
  /** Until when every delivery was refused, where that is an incident or was one lately; null: it was none. */
  allRejectedUntil: number | null;
}

/** What refused deliveries are most likely to be. docs/alerts.md says of each what to do. */
export const rejectionCauses = {
  'our-deploy':
    'It began when our receiver was started: look at what was deployed, and at the secrets it has.',
  'key-rotated':
    'Every delivery has a wrong signature since then: the signing secret was probably rotated at the vendor, or the endpoint was made anew.',
  'scheme-changed':
    'Every delivery lacks what a signature needs: a proxy before us drops headers, or the vendor signs in another way now.',
  clock:
    'Every delivery counts as too old or too new: the clock of this machine or of the vendor is wrong, or deliveries come hours late.',
  'wrong-secret':
    'No delivery of this source was ever accepted: the secret that is set is not that of the endpoint.',
  'second-secret':
    'Good deliveries arrive beside as many with a wrong signature: another endpoint of the vendor posts here with a secret of its own, or not all of our receivers have the same.',
  replayed:
    'Old deliveries are sent again beside good ones: somebody replays recorded requests, or one sender has a wrong clock.',
  probing:
    'A few are refused beside good ones, from senders that the vendor does not know: somebody is probing. Nothing of it is processed.',
} as const;
export type RejectionCause = keyof typeof rejectionCauses;

const minute = 60_000;
const hour = 60 * minute;
const week = 168 * hour;
const window = 5 * minute;
/** Times as many as are usual. */
const factor = 5;
/** Fewer refusals than this prove nothing. */
const fewestRefused = 5;
/** So many good deliveries are missing before it counts that none came. */
const fewestExpected = 3;
/** Receivers write down what arrives every ten seconds: a good one may not be known yet. */
const noneForMilliseconds = 90_000;
/** A refusal this near to a start of ours began with it. Counts are by the minute. */
const nearStart = { before: 5 * minute, after: minute };

/**
 * Whether every delivery of a source is refused: since the last good one, several were refused in a time in which as many good
 * ones would have come. What was usual a week before counts, so that a stranger who knocks in a quiet night is no outage.
 */
export function judgeAllRejected(facts: RejectionFacts, now: number): Finding | null {
  const { refused, arrivals, starts } = facts;
  const lastGood = arrivals.reduce((latest, { lastAt }) => Math.max(latest, lastAt), 0);
  if (lastGood === 0 || now - lastGood < noneForMilliseconds) return null;
  const since = refused.filter(({ at, lasts }) => at + lasts > lastGood);
  const count = sum(since);
  if (count < fewestRefused) return null;
  const began = since.reduce((first, { at }) => Math.min(first, Math.max(at, lastGood)), now);
  if (expectedGood(arrivals, began, now) < fewestExpected) return null;
  const cause = causeOfAll(mostFrequent(since), { began, starts });
  return {
    title: 'every delivery is refused',
    text: `${count} deliveries were refused since ${describeTime(began)} (${describeReasons(since)}), and none was accepted. The last good one arrived at ${describeTime(lastGood)}. ${rejectionCauses[cause]}`,
    cause,
  };
}

/**
 * Whether more deliveries are refused for one reason than is usual for the source: five times its mean of the last week, and
 * `least` at least, within five minutes.
 */
export function judgeRejections(facts: RejectionFacts, now: number, least: number): Finding | null {
  const { refused, arrivals, starts, openSince } = facts;
  const recent = within(refused, now);
  const isSpike = (reason: string, at: number): boolean => {
    const count = sum(within(refused, at).filter((each) => each.reason === reason));
    return count >= least && count > factor * usualOf(refused, reason, Math.min(now, openSince ?? now));
  };
  const spikes = recent.filter(({ reason }) => isSpike(reason, now));
  if (spikes.length === 0) return null;
  const reason = mostFrequent(spikes);
  let first = now;
  while (first > now - hour && isSpike(reason, first - minute)) first -= minute;
  const began = within(refused, first).reduce((earliest, { at }) => Math.min(earliest, at), now);
  const good = arrivals
    .filter(({ lastAt }) => lastAt > now - window)
    .reduce((total, { count }) => total + count, 0);
  const cause = causeOfSome(reason, { began, starts, good, bad: sum(recent), ever: arrivals.length > 0 });
  return {
    title: 'unusually many deliveries are refused',
    text: `${sum(recent)} deliveries were refused within five minutes (${describeReasons(recent)}), beside ${good} good ones. It began at ${describeTime(began)}. ${rejectionCauses[cause]}`,
    cause,
  };
}

/** Without what was refused while everything was: people were told of that, and it must not begin a second incident at its end. */
export function withoutAllRejected(facts: RejectionFacts): RejectionFacts {
  const { refused, allRejectedUntil: until } = facts;
  return until === null ? facts : { ...facts, refused: refused.filter(({ at }) => at > until) };
}

/** The mean of five minutes in the week before, less its last hour: a spike must not make itself usual. */
function usualOf(refused: readonly Refused[], reason: string, until: number): number {
  const end = until - hour;
  const before = refused.filter((each) => each.reason === reason && each.at + each.lasts <= end);
  return sum(before) / (week / window);
}

/** How many good deliveries would have come in that time: as many as one or more weeks before, else as by the mean of what is known. */
function expectedGood(arrivals: readonly Arrivals[], from: number, until: number): number {
  const [first] = arrivals;
  const last = arrivals.at(-1);
  if (first === undefined || last === undefined || until <= from) return 0;
  const back = Math.ceil((until - from) / week) * week;
  // The hour around it smooths chance, and is taken out again.
  const around = { from: from - back - hour / 2, until: until - back + hour / 2 };
  const counted = (span: { from: number; until: number }) =>
    arrivals.reduce(
      (total, { firstAt, count }) => (firstAt >= span.from && firstAt < span.until ? total + count : total),
      0,
    );
  if (first.firstAt <= around.from) {
    return (counted(around) * (until - from)) / (around.until - around.from);
  }
  const known = Math.max(last.lastAt - first.firstAt, hour);
  return (counted({ from: first.firstAt, until: Infinity }) * (until - from)) / known;
}

function causeOfAll(
  reason: string,
  { began, starts }: { began: number; starts: readonly number[] },
): RejectionCause {
  if (reason === 'no_secret_configured' || beganWithUs(began, starts)) return 'our-deploy';
  if (reason === 'stale_timestamp') return 'clock';
  return reason === 'bad_signature' ? 'key-rotated' : 'scheme-changed';
}

function causeOfSome(
  reason: string,
  seen: { began: number; starts: readonly number[]; good: number; bad: number; ever: boolean },
): RejectionCause {
  if (reason === 'no_secret_configured') return 'our-deploy';
  if (!seen.ever && reason === 'bad_signature') return 'wrong-secret';
  const ofVendor = reason === 'bad_signature' || reason === 'stale_timestamp';
  if (ofVendor && beganWithUs(seen.began, seen.starts)) return 'our-deploy';
  if (reason === 'stale_timestamp') return 'replayed';
  return reason === 'bad_signature' && seen.good > 0 && seen.bad >= seen.good ? 'second-secret' : 'probing';
}

function beganWithUs(began: number, starts: readonly number[]): boolean {
  return starts.some((at) => at >= began - nearStart.before && at <= began + nearStart.after);
}

/** What falls into the five minutes before `at`, as far as the counts by the minute tell. */
function within(refused: readonly Refused[], at: number): Refused[] {
  return refused.filter((each) => each.lasts <= minute && each.at > at - window - minute && each.at <= at);
}

function sum(refused: readonly Refused[]): number {
  return refused.reduce((total, { count }) => total + count, 0);
}

/** Reasons with their counts, the most frequent first. */
function byReason(refused: readonly Refused[]): [reason: string, count: number][] {
  const counts = new Map<string, number>();
  for (const { reason, count } of refused) counts.set(reason, (counts.get(reason) ?? 0) + count);
  return [...counts].sort(([a, many], [b, more]) => more - many || (a < b ? -1 : 1));
}

function mostFrequent(refused: readonly Refused[]): string {
  return byReason(refused)[0]?.[0] ?? '';
}

function describeReasons(refused: readonly Refused[]): string {
  return byReason(refused)
    .map(([reason, count]) => `${count} ${reason}`)
    .join(', ');
}
