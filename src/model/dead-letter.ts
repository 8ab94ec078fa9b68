import type { DecisionOrigin } from './audit.ts';
import { type LandfallEvent, storedOfEvent } from './event.ts';
import type { RetrySettings } from './retry.ts';
import type { StoredBody } from './stored-body.ts';

/** One failed try, as an engineer wants to read it. Messages have been through redaction. */
export interface FailureReport {
  /** Where it failed: `fetchRecord`, `applyRecord`, `deliver crm`, `readEvent`, or `workflow`. */
  step: string;
  /** The error code, `LANDFALL_…`; `Error` for what has none. */
  type: string;
  message: string;
  /** The chain of causes below it, outermost first. */
  causes: string[];
  /** What failed beside it: other destinations of the same event. */
  beside?: string[];
  /** How many attempts the step made; null where it is not known. */
  attempts: number | null;
  /** False where another attempt could not have helped. */
  retryable: boolean;
  /** ISO 8601. */
  at: string;
  /** The failed run, for its link in the Temporal UI; null where no run was started. */
  workflowId: string | null;
  runId: string | null;
}

/** A verified delivery that no event could be read from, kept byte for byte. */
export interface UnreadableDelivery {
  headers: Record<string, string>;
  /** The body as text where it is UTF-8, in base64 where not. */
  body: string;
  bodyEncoding: 'utf8' | 'base64';
  /** The body, where it is kept in the store: `body` is empty then. */
  storedBody?: StoredBody;
  bodySha256: string;
  receivedAt: string;
  /** Why no event could be read, as a sentence. */
  reason: string;
}

/** What a dead letter is about: an event that failed, or a delivery that could not even be read. */
export type DeadLetterSubject =
  { kind: 'event'; event: LandfallEvent } | { kind: 'unreadable'; delivery: UnreadableDelivery };

/** What of it is kept in the store. */
export function storedOf(subject: DeadLetterSubject): StoredBody[] {
  if (subject.kind === 'event') return storedOfEvent(subject.event);
  const { storedBody } = subject.delivery;
  return storedBody === undefined ? [] : [storedBody];
}

/** When an open dead letter speaks up, in milliseconds. */
export interface DeadLetterTimers {
  /** Until the first reminder, and between later ones. */
  remindAfterMilliseconds: number;
  /** Until it is marked as escalated. */
  escalateAfterMilliseconds: number;
}

/** The input of the workflow `deadLetter`. */
export interface DeadLetterInput {
  source: string;
  eventId: string;
  subject: DeadLetterSubject;
  retry: RetrySettings;
  timers: DeadLetterTimers;
  /** Set when the case continues as a new run. */
  resume?: DeadLetterState;
}

/** Who decided, and why. */
export interface Decision {
  /** A person or a system: `ada@example.com`. */
  by: string;
  reason: string;
  /** From where, for the audit log. @default temporal */
  via?: DecisionOrigin;
}

/** The signal `replay`. */
export interface ReplayDecision extends Decision {
  /**
   * Whether destinations see the idempotency keys of before, as they do of a retry. So it is where a hold replays what its outage's
   * first minutes left: a destination that was away may have made a write and lost the answer. @default false: keys of its own
   */
  sameKeys?: boolean;
}

/** The signal `investigate`: who looks into it, and what is known. */
export interface Investigation {
  by: string;
  owner: string;
  note: string;
  /** As in `Decision`. */
  via?: DecisionOrigin;
}

/** One dead letter, open or closed. */
export interface DeadLetterRef {
  source: string;
  eventId: string;
}

/** One line of a dead letter's audit record. */
export interface DeadLetterEntry {
  at: string;
  what:
    | 'opened'
    | 'failed'
    | 'replay'
    | 'discard'
    | 'investigate'
    | 'refused'
    | 'reminder'
    | 'escalated'
    | 'resolved'
    | 'seen-again';
  text: string;
}

/** A dead letter as its query `state` answers. */
export interface DeadLetterState {
  source: string;
  eventId: string;
  status: 'open' | 'replaying' | 'investigating' | 'resolved' | 'discarded';
  openedAt: string;
  owner: string | null;
  escalated: boolean;
  /** How often the same delivery came in again; for deliveries that could not be read. */
  seen: number;
  replays: number;
  errors: FailureReport[];
  audit: DeadLetterEntry[];
  /** When the next reminder is due, ISO 8601. */
  remindAt: string;
}

/** The result of the workflow `deadLetter`. */
export interface DeadLetterResult {
  resolution: 'replayed' | 'discarded' | 'resolved-elsewhere';
  by: string;
  reason: string;
}
