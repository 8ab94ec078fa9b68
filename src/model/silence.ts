import { ownWorkflowId } from './ids.ts';

/** How a source is watched. */
export interface WatchSettings {
  /** Milliseconds between two looks. @default 5 minutes */
  everyMilliseconds: number;
  /** The shortest silence that is worth an alert, however busy the source is. @default 15 minutes */
  minimumMilliseconds: number;
}

export const defaultWatch: WatchSettings = { everyMilliseconds: 300_000, minimumMilliseconds: 900_000 };

/** How the settings of one source and those of the deployment go together; null: it is not watched. */
export function watchSettings(
  ofSource: Partial<WatchSettings> | null | undefined,
  ofDeployment: WatchSettings | null,
): WatchSettings | null {
  if (ofSource === undefined) return ofDeployment;
  return ofSource === null ? null : { ...(ofDeployment ?? defaultWatch), ...ofSource };
}

/** A short stretch of time in which deliveries arrived; times in milliseconds since the epoch. */
export interface Arrivals {
  firstAt: number;
  lastAt: number;
  count: number;
}

/** What a source's deliveries say. Times in milliseconds since the epoch, durations in milliseconds. */
export type Rhythm =
  | { kind: 'learning'; lastAt: number | null }
  | {
      kind: 'usual' | 'silent';
      lastAt: number;
      silentFor: number;
      /** How long a silence may last at this time of the week. */
      limit: number;
      /** The mean time from one delivery to the next, at this time of the week. */
      usually: number;
    };

const hour = 3_600_000;
const day = 24 * hour;
const week = 7 * day;

/** How far the habit reaches back. Older arrivals need not be given. */
export const habitMilliseconds = 4 * week;
/** A history shorter than this is no habit. */
const shortestHistory = 2 * day;
/** Deliveries that a habit is read from. With fewer, a gap that is merely long would count as unheard of. */
const enoughDeliveries = 60;
/** How many times longer than the longest usual one a silence must last. */
const factor = 4;
/** Around this time of the week, in earlier weeks: the narrowest that holds enough deliveries, so that nights count as nights. */
const halfWidths = [hour, 2 * hour, 4 * hour, 8 * hour] as const;

interface Span {
  from: number;
  until: number;
}

/**
 * Whether a source is silent against its own habit: for longer than four times the longest silence at this time of the week in
 * the last four weeks (leaving out the worst week, which may have been an outage or a holiday), and than the setting's minimum.
 * A source with few deliveries is compared with all of its history.
 *
 * @param arrivals - in the order of time
 */
export function judgeRhythm(arrivals: readonly Arrivals[], now: number, settings: WatchSettings): Rhythm {
  const known = arrivals.filter(({ lastAt }) => lastAt > now - habitMilliseconds);
  const [first] = known;
  if (first === undefined) return { kind: 'learning', lastAt: null };
  const lastAt = known.reduce((latest, each) => Math.max(latest, each.lastAt), first.lastAt);
  const history = { from: first.firstAt, until: lastAt };
  const habit = now - history.from < shortestHistory ? null : readHabit(known, history, now);
  if (habit === null) return { kind: 'learning', lastAt };
  const silentFor = Math.max(0, now - lastAt);
  const limit = Math.max(settings.minimumMilliseconds, factor * habit.longest);
  return {
    kind: silentFor > limit ? 'silent' : 'usual',
    lastAt,
    silentFor,
    limit,
    usually: habit.usually,
  };
}

function readHabit(
  arrivals: readonly Arrivals[],
  history: Span,
  now: number,
): { longest: number; usually: number } | null {
  for (const spans of comparableSpans(history, now)) {
    const deliveries = spans.reduce((sum, span) => sum + countIn(arrivals, span), 0);
    if (deliveries < enoughDeliveries) continue;
    const longest = spans.map((span) => longestSilence(arrivals, span)).sort((a, b) => b - a);
    const lasting = spans.reduce((sum, { from, until }) => sum + until - from, 0);
    return { longest: longest[longest.length > 2 ? 1 : 0] ?? 0, usually: lasting / deliveries };
  }
  return null;
}

/** From the narrowest: the same time in earlier weeks, then each week as a whole. Only what the history covers. */
function* comparableSpans(history: Span, now: number): Generator<Span[]> {
  const weeks = [1, 2, 3, 4].map((back) => now - back * week);
  for (const half of halfWidths) {
    const spans = weeks
      .map((time) => ({ from: time - half, until: time + half }))
      .filter(({ from, until }) => from >= history.from && until <= history.until);
    if (spans.length > 0) yield spans;
  }
  yield weeks
    .map((from) => ({ from: Math.max(from, history.from), until: Math.min(from + week, history.until) }))
    .filter(({ from, until }) => until > from);
}

function countIn(arrivals: readonly Arrivals[], { from, until }: Span): number {
  return arrivals.reduce(
    (sum, { firstAt, count }) => (firstAt >= from && firstAt < until ? sum + count : sum),
    0,
  );
}

/** The longest that anybody who looked within the span would have seen the source silent for. */
function longestSilence(arrivals: readonly Arrivals[], { from, until }: Span): number {
  let longest = 0;
  for (const [index, { firstAt }] of arrivals.entries()) {
    const before = arrivals[index - 1];
    if (before === undefined || before.lastAt >= until || firstAt <= from) continue;
    longest = Math.max(longest, Math.min(firstAt, until) - before.lastAt);
  }
  return longest;
}

/** `watch:<source>`. */
export function watchWorkflowId(source: string): string {
  return ownWorkflowId('watch', source);
}

/** `silence:<source>`: runs for as long as the silence lasts. */
export function silenceWorkflowId(source: string): string {
  return ownWorkflowId('silence', source);
}

/** The input of the workflow `silence`. */
export interface SilenceInput {
  source: string;
  /** When the last delivery arrived, ISO 8601. */
  since: string;
  /** See `Rhythm`. */
  usually: number;
  limit: number;
  everyMilliseconds: number;
  /** Set where it continues as a new run. */
  resume?: SilenceState;
}

/** How far an incident has come. */
export interface SilenceState {
  /** Changes without a delivery that reconciliations of the window have found. */
  found: number;
  /** How often the window was reconciled; 0 where the source cannot list its changes. */
  reconciled: number;
  /** When it was last reconciled, ISO 8601. */
  reconciledAt: string | null;
}

/** The result of the workflow `silence`. */
export interface SilenceReport extends SilenceState {
  source: string;
  since: string;
  until: string;
  /** `deliveries-lost`: changes were found that nobody announced. `quiet`: there was nothing. `unknown`: nothing could be listed. */
  cause: 'deliveries-lost' | 'quiet' | 'unknown';
}

/** `90 s`, `12 min`, `5 h`, `2 days`: durations as people say them. */
export function describeDuration(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1_000);
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 120) return `${minutes} min`;
  const hours = Math.round(minutes / 60);
  return hours < 48 ? `${hours} h` : `${Math.round(hours / 24)} days`;
}
