import { type DecisionOrigin, readOrigin } from '../src/model/audit.ts';
import type {
  DeadLetterEntry,
  DeadLetterInput,
  DeadLetterState,
  Decision,
  FailureReport,
  Investigation,
} from '../src/model/dead-letter.ts';
import { isJsonObject } from '../src/model/json.ts';

/** What is kept of a case in memory and shown; its histories keep everything. */
const keptErrors = 20;
const keptEntries = 100;

/** A case that was just opened. */
export function openCase(input: DeadLetterInput, now: number): DeadLetterState {
  const at = new Date(now).toISOString();
  return {
    source: input.source,
    eventId: input.eventId,
    status: 'open',
    openedAt: at,
    owner: null,
    escalated: false,
    seen: 1,
    replays: 0,
    errors: [],
    audit: [],
    remindAt: new Date(now + input.timers.remindAfterMilliseconds).toISOString(),
  };
}

/** Adds a line to the audit record; of a very long one the first and the newest lines stay. */
export function record(
  state: DeadLetterState,
  now: number,
  what: DeadLetterEntry['what'],
  text: string,
): void {
  state.audit.push({ at: new Date(now).toISOString(), what, text });
  if (state.audit.length > keptEntries) state.audit.splice(1, 1);
}

/** Adds a failure once: the activity that reports it may report it twice. The first failure always stays. */
export function addFailure(state: DeadLetterState, now: number, failure: FailureReport): void {
  if (failure.runId !== null && state.errors.some((each) => each.runId === failure.runId)) return;
  state.errors.push(failure);
  if (state.errors.length > keptErrors) state.errors.splice(1, 1);
  const text = `${failure.step} failed with ${failure.type}: ${failure.message}`;
  record(state, now, state.errors.length === 1 && state.replays === 0 ? 'opened' : 'failed', text);
}

/** A decision as it came by signal, perhaps typed by hand into the Temporal UI; a sentence where it is not one. */
export function readDecision(value: unknown): Decision | string {
  if (!isJsonObject(value)) return 'needs {"by": "who you are", "reason": "why"}';
  const { by, reason } = value;
  if (!isText(by)) return 'needs "by": who decides';
  if (!isText(reason)) return 'needs "reason": why';
  return { by, reason };
}

/** Whether a replay keeps the idempotency keys of before: see `ReplayDecision`. */
export function keepsKeys(value: unknown): boolean {
  return isJsonObject(value) && value['sameKeys'] === true;
}

/** An investigation as it came by signal; a sentence where it is not one. */
export function readInvestigation(value: unknown): Investigation | string {
  if (!isJsonObject(value))
    return 'needs {"by": "who you are", "owner": "who looks into it", "note": "what is known"}';
  const { by, owner, note } = value;
  if (!isText(by)) return 'needs "by": who says so';
  if (!isText(owner)) return 'needs "owner": who looks into it';
  if (!isText(note)) return 'needs "note": what is known';
  return { by, owner, note };
}

/** From where a signal came, as it says itself. */
export function originOf(value: unknown): DecisionOrigin {
  return readOrigin(isJsonObject(value) ? value['via'] : undefined);
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.trim() !== '' && value.length <= 2_000;
}
