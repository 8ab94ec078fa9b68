import type { DeadLetterEntry, DeadLetterRef, DeadLetterState, Decision } from './dead-letter.ts';

/** What a bulk action does with each dead letter. */
export const bulkKinds = ['replay', 'discard', 'investigate'] as const;
export type BulkKind = (typeof bulkKinds)[number];

/** Which open dead letters; all where nothing is said. */
export interface LetterFilter {
  source?: string;
  /** `customer.updated`, or `customer.*` for all that begin so. */
  type?: string;
  /** The code of the first error. */
  error?: string;
  /** Opened before it, ISO 8601. */
  openedBefore?: string;
  /** Opened at or after it, ISO 8601. */
  openedAfter?: string;
}

/**
 * How far one letter of a bulk action has come. `waiting`: for its turn. `asked`: it was told, and has not answered. `done`,
 * `failed`: its answer. `skipped`: closed meanwhile, or in another bulk action. `left`: the bulk action ended before its turn.
 */
export const bulkLetterStatuses = ['waiting', 'asked', 'done', 'failed', 'skipped', 'left'] as const;
export type BulkLetterStatus = (typeof bulkLetterStatuses)[number];

/** One dead letter of a bulk action. */
export interface BulkLetter extends DeadLetterRef {
  /** Its place in the order: see `Store.listBulkLetters`. */
  position: number;
  status: BulkLetterStatus;
  /** What came of it, as a sentence; null before that. */
  result: string | null;
  /** ISO 8601. */
  updatedAt: string;
}

/** A letter that failed, and how. */
export interface BulkFailure extends DeadLetterRef {
  result: string;
}

/** How many letters of a bulk action are how far. */
export type BulkCounts = Record<BulkLetterStatus, number>;

/** The input of the workflow `bulkAction`: what to do, with which letters, and how carefully. */
export interface BulkInput extends Decision {
  kind: BulkKind;
  filter: LetterFilter;
  /** Who looks into them; only, and always, with `investigate`. The reason is the note then. */
  owner?: string;
  /** So many letters at most; null: all. */
  atMost: number | null;
  /** So many are tried first; the others wait until these have succeeded. 0: none. */
  canary: number;
  /** Letters that are told in a minute, once the canary has succeeded. */
  perMinute: number;
  /** Whether those are treated too that are opened while it runs. */
  includeNew: boolean;
  /** Letters that are found at once. @default 500 */
  pageSize?: number;
  /** Set where a long one continues as a new run. */
  resume?: BulkProgress;
}

/** Who has paused or cancelled a bulk action, and why; `landfall` where its canary failed. */
export interface BulkPause {
  by: string;
  reason: string;
  /** ISO 8601. */
  at: string;
}

/** Where a bulk action is. `finding` its letters, trying the `canary`, going through the `rest`, or over. */
export type BulkPhase = 'finding' | 'canary' | 'rest' | 'ended';

/** How far a bulk action has come. Its letters are in the store, one row each. */
export interface BulkProgress {
  phase: BulkPhase;
  /** ISO 8601; letters that were opened later are new. */
  startedAt: string;
  /** Where its letters are looked for on; null: from the beginning. */
  cursor: string | null;
  /** How many may have been told by now. */
  allowed: number;
  counts: BulkCounts;
  paused: BulkPause | null;
  /** Who has cancelled it; what was told is waited for. */
  cancelled: BulkPause | null;
  /** The newest failures, a few. */
  failures: readonly BulkFailure[];
  /** When the next may be told at the pace, in milliseconds since the epoch. */
  nextAt: number;
  /** Its line in the audit log; null before that is written. */
  auditId: string | null;
}

/** What the query `state` of a bulk action answers, and its list shows. */
export interface BulkState extends BulkProgress {
  id: string;
  input: Omit<BulkInput, 'resume'>;
}

/** The result of the workflow `bulkAction`. */
export interface BulkReport extends BulkCounts {
  startedAt: string;
  finishedAt: string;
  cancelled: BulkPause | null;
}

/** The longest reason: what goes to each dead letter has the id of the bulk action behind it, within its own 2,000 characters. */
export const longestBulkReason = 1_500;
const longestName = 2_000;

/**
 * What is wrong with an input, as a sentence; null where nothing is. Somebody may have typed it into the Temporal UI, and dead letters
 * would refuse what names nobody without an answer.
 */
export function findMistake(input: Omit<BulkInput, 'resume'>): string | null {
  const { kind, by, reason, owner, canary, perMinute, atMost } = input;
  if (!bulkKinds.includes(kind)) return `"kind" must be one of ${bulkKinds.join(', ')}.`;
  if (!isText(by, longestName)) return 'It needs "by": who decides.';
  if (!isText(reason, longestBulkReason)) {
    return `It needs "reason": why, in ${longestBulkReason} characters at most.`;
  }
  if (kind === 'investigate' ? !isText(owner, longestName) : owner !== undefined) {
    return 'It needs "owner", who looks into them, to investigate; and only then.';
  }
  if (!isWhole(canary, 0)) return '"canary" must be a whole number, 0 or more.';
  if (!(perMinute > 0)) return '"perMinute" must be more than 0.';
  if (atMost !== null && !isWhole(atMost, 1)) return '"atMost" must be a whole number, 1 or more, or null.';
  return null;
}

function isText(value: unknown, longest: number): boolean {
  return typeof value === 'string' && value.trim() !== '' && value.length <= longest;
}

function isWhole(value: number, least: number): boolean {
  return Number.isSafeInteger(value) && value >= least;
}

/** No letter yet. */
export function noLetters(): BulkCounts {
  return { waiting: 0, asked: 0, done: 0, failed: 0, skipped: 0, left: 0 };
}

/** All letters of a bulk action. */
export function totalOf(counts: BulkCounts): number {
  return bulkLetterStatuses.reduce((sum, status) => sum + counts[status], 0);
}

/** Letters that are its own: without those that another bulk action had, or that were closed meanwhile. */
export function takenBy(counts: BulkCounts): number {
  return totalOf(counts) - counts.skipped;
}

/** Letters that were told, whatever came of it. */
export function toldOf({ asked, done, failed }: BulkCounts): number {
  return asked + done + failed;
}

/** `3 done, 1 failed, 2 skipped, 4 wait`. */
export function describeCounts({ waiting, asked, done, failed, skipped, left }: BulkCounts): string {
  return [
    `${done} done`,
    `${failed} failed`,
    ...(skipped === 0 ? [] : [`${skipped} skipped`]),
    ...(left === 0 ? [] : [`${left} left alone`]),
    ...(asked === 0 ? [] : [`${asked} under way`]),
    ...(waiting === 0 ? [] : [`${waiting} wait`]),
  ].join(', ');
}

/** The filter for people, and for the audit log: `source stripe, error LANDFALL_VENDOR_UNAVAILABLE`. */
export function describeFilter({ source, type, error, openedBefore, openedAfter }: LetterFilter): string {
  const parts = [
    ...(source === undefined ? [] : [`source ${source}`]),
    ...(type === undefined ? [] : [`type ${type}`]),
    ...(error === undefined ? [] : [`error ${error}`]),
    ...(openedAfter === undefined ? [] : [`opened after ${openedAfter}`]),
    ...(openedBefore === undefined ? [] : [`opened before ${openedBefore}`]),
  ];
  return parts.length === 0 ? 'all open dead letters' : parts.join(', ');
}

/** How many are told at once, and how long that lasts at the pace: ten seconds of it, and 50 letters at most. */
export function paceOf(perMinute: number): { batch: number; milliseconds: number } {
  const batch = Math.min(Math.max(Math.floor(perMinute / 6), 1), 50);
  return { batch, milliseconds: Math.ceil((batch * 60_000) / perMinute) };
}

/** What stands in the reasons of a bulk action's decisions, so that its letters' answers are known as answers to it. */
export function bulkMark(bulkId: string): string {
  return `(${bulkId})`;
}

/**
 * What a dead letter has answered to a bulk action; null while it has not. A signal carries no answer: it is in the record of
 * the case, behind the line that repeats the decision.
 */
export function readAnswer(
  { status, audit }: Pick<DeadLetterState, 'status' | 'audit'>,
  kind: BulkKind,
  bulkId: string,
): { status: 'done' | 'failed' | 'skipped'; result: string } | null {
  const mark = bulkMark(bulkId);
  const asked = audit.findIndex(({ what, text }) => what === kind && text.includes(mark));
  if (asked < 0) {
    if (status !== 'resolved' && status !== 'discarded') return null;
    return { status: 'skipped', result: `closed before its turn: ${audit.at(-1)?.text ?? status}` };
  }
  const answers = kind === 'investigate' ? audit.slice(asked, asked + 1) : audit.slice(asked + 1);
  const answer = answers.find(({ what }) => what === kind || isAnswer(what));
  if (answer === undefined) return null;
  const failed = answer.what === 'failed' || answer.what === 'refused';
  return { status: failed ? 'failed' : 'done', result: answer.text };
}

function isAnswer(what: DeadLetterEntry['what']): boolean {
  return what === 'failed' || what === 'refused' || what === 'resolved';
}

/** The value of `LandfallOutcome` on a bulk action. */
export function bulkOutcome({ phase, paused, cancelled, counts }: BulkProgress): string {
  if (phase === 'ended') return cancelled !== null ? 'cancelled' : counts.failed > 0 ? 'failed' : 'done';
  return paused === null ? phase : 'paused';
}
