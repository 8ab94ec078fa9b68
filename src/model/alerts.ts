import type { RejectionFacts } from './judge-rejections.ts';

/** What can be wrong. docs/alerts.md has a runbook for each, deploy/prometheus/alerts.yml the same as a rule of Prometheus. */
export const alertKinds = [
  'all-rejected',
  'rejections',
  'dead-letters',
  'old-dead-letters',
  'silence',
  'held',
  'reconciliation-overdue',
  'reconciliation-incomplete',
  'reconciliation-misses',
  'lag',
  'inbox',
  'processing',
] as const;
export type AlertKind = (typeof alertKinds)[number];

/** `critical`: changes are lost, or will be, until somebody acts. `warning`: somebody has to look, within the day. */
export type Severity = 'critical' | 'warning';

const critical: ReadonlySet<AlertKind> = new Set([
  'all-rejected',
  'old-dead-letters',
  'silence',
  'inbox',
  'processing',
]);

export function severityOf(kind: AlertKind): Severity {
  return critical.has(kind) ? 'critical' : 'warning';
}

/** What one alert is about: a kind, and a source where it is about one. Of each there is one incident at a time. */
export interface AlertKey {
  kind: AlertKind;
  /** null: all of them together. */
  source: string | null;
}

/** `rejections:stripe`, or `inbox`: how people name it. */
export function alertId({ kind, source }: AlertKey): string {
  return source === null ? kind : `${kind}:${source}`;
}

/** From when on something counts as wrong. Durations in milliseconds; null: it is not judged. */
export interface AlertSettings {
  /** Between two looks. @default 1 minute */
  everyMilliseconds: number;
  /** How long all must be well before an incident is over: what comes and goes is one incident. @default 5 minutes */
  settleMilliseconds: number;
  /** The least refused deliveries of one reason in five minutes, where that is unusual for the source as well. @default 10 */
  rejections: number | null;
  /** Open dead letters of one source. @default 1 */
  deadLetters: number | null;
  /** How long the oldest one is open. @default 24 hours */
  deadLetterAgeMilliseconds: number | null;
  /** How long the oldest event has been in the inbox. @default 5 minutes */
  inboxMilliseconds: number | null;
  /** From the vendor's time of a change to its being applied. @default 10 minutes */
  lagMilliseconds: number | null;
}

/** What is open of one source at Temporal. Times in milliseconds since the epoch. */
export interface OpenWork {
  deadLetters: { count: number; oldestAt: number | null };
  holds: { error: string; since: number }[];
  /** Since when the watch for silence has an incident; null: it has none. */
  silentSince: number | null;
}

/** How changes of one source were applied of late, by how long that took from the vendor's own time. */
export interface Lag {
  count: number;
  /** Those that took longer than `AlertSettings.lagMilliseconds`. */
  late: number;
  worstMilliseconds: number;
}

/** How the reconciliations of a source are doing. */
export interface ReconciliationFacts {
  everyMilliseconds: number;
  /** When the last complete run began; null: there was none yet. */
  reconciledUntil: number | null;
  /** Of the newest run. */
  newest: { complete: boolean; missed: number; scanned: number; alert: string | null } | null;
}

/** What is known of one source. */
export interface SourceFacts {
  source: string;
  rejections: RejectionFacts;
  lag: Lag;
  /** null: it cannot list its changes. */
  reconciliation: ReconciliationFacts | null;
  /** null: Temporal was not asked, or did not answer. */
  open: OpenWork | null;
}

/** All that alerts are judged by. Times in milliseconds since the epoch. */
export interface AlertFacts {
  now: number;
  sources: readonly SourceFacts[];
  /** The events that wait for Temporal; `oldestAt` null: there is none. */
  inbox: { oldestAt: number | null; count: number };
  /** Since when no worker has judged; null: one is doing it. */
  unjudgedSince: number | null;
}

/** That something is wrong, for people. */
export interface Finding {
  /** What is wrong, in a few words. */
  title: string;
  /** With numbers, as a sentence or two. */
  text: string;
  /** What it is most likely to be, where that can be told: see docs/alerts.md. */
  cause: string | null;
}

/** What was found out about one alert. null: all is well. `unknown`: it could not be found out, so what was before holds. */
export interface Judgement extends AlertKey {
  finding: Finding | null | 'unknown';
}

/** `2026-11-28 12:03 UTC`: times as people read them in a message. */
export function describeTime(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
