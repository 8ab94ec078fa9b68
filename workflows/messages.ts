import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { BulkState } from '../src/model/bulk.ts';
import type {
  DeadLetterState,
  DeadLetterSubject,
  Decision,
  FailureReport,
  Investigation,
  ReplayDecision,
} from '../src/model/dead-letter.ts';
import type { AlertsView } from '../src/model/incidents.ts';
import type { ReconcileProgress } from '../src/model/reconciliation.ts';
import type { ReplayView } from '../src/model/replay-events.ts';
import type { SilenceRequest, UnsilenceRequest } from '../src/model/silence-alert.ts';
import type { Ticket } from '../src/model/turns.ts';
import type { HoldState, ProbeAnswer, Release } from '../src/model/hold.ts';

/** Opens a dead letter, or adds a failure to the open one. Sent by the activity `openDeadLetter`, with signal-with-start. */
export const failureSignal = defineSignal<[FailureReport]>('failure');

/** `{ by, reason, sameKeys? }`: process the event again with what the vendor has today. Success resolves the dead letter. */
export const replaySignal = defineSignal<[ReplayDecision]>('replay');

/** `{ by, reason }`: close the dead letter without processing the event; remembered for good. */
export const discardSignal = defineSignal<[Decision]>('discard');

/** `{ by, owner, note }`: somebody looks into it; the dead letter stays open. */
export const investigateSignal = defineSignal<[Investigation]>('investigate');

/** The event was processed by another run, such as a reset one: the dead letter has nothing left to wait for. */
export const resolvedSignal = defineSignal<[{ outcome: string; runId: string }]>('resolved');

/** An event's run waits for its turn among those of its record. Sent by the activity `waitForTurn`, with signal-with-start. */
export const waitSignal = defineSignal<[Ticket]>('wait');

/** It is this event's turn. */
export const turnSignal = defineSignal('turn');

/** The event has had its turn, or does not want it any more. */
export const doneSignal = defineSignal<[{ runId: string }]>('done');

/** `{ by, reason }`: a reconciliation reads and repairs nothing more, a bulk action asks no other dead letter, until it is resumed. */
export const pauseSignal = defineSignal<[Decision]>('pause');

/** `{ by, reason }`: a paused reconciliation or bulk action goes on. */
export const resumeSignal = defineSignal<[decision?: Decision]>('resume');

/** `{ by, reason }`: a bulk action ends; the dead letters that it has not asked stay as they are. */
export const cancelSignal = defineSignal<[Decision]>('cancel');

/** How far a bulk action has come. */
export const bulkStateQuery = defineQuery<BulkState>('state');

/** How far a reconciliation has come; null before it has begun. */
export const progressQuery = defineQuery<ReconcileProgress | null>('progress');

/** The whole case: state, errors, audit record. */
export const stateQuery = defineQuery<DeadLetterState>('state');

/** What failed, with its headers (secrets redacted) and body. */
export const subjectQuery = defineQuery<DeadLetterSubject>('subject');

/** More records fail in the way that is held. Sent by the activity `judgeFailure`, with signal-with-start. */
export const failingSignal = defineSignal<[{ message: string }]>('failing');

/** `{ by, reason }`, to a hold: let its events try again now. */
export const releaseSignal = defineSignal<[Decision]>('release');

/** `{ by, reason }`, to a hold: make a dead letter of each event that waits. */
export const giveUpSignal = defineSignal<[Decision]>('give-up');

/** From an event that was the probe to its hold. */
export const probedSignal = defineSignal<[ProbeAnswer]>('probed');

/** From a hold to an event that waits. */
export const letGoSignal = defineSignal<[Release]>('let-go');

/** From an event that waits for the end of an outage to the reconciliation that repairs by it. */
export const heldSignal = defineSignal<[{ workflowId: string }]>('held');

/** A hold: since when, why, how many wait. */
export const holdStateQuery = defineQuery<HoldState>('state');

/** How far a replay of processed events has come. */
export const replayProgressQuery = defineQuery<ReplayView>('progress');

/** What is wrong now, what was, and what is silenced; null before the first look. */
export const alertsQuery = defineQuery<AlertsView | null>('alerts');

/** Tells nobody of an alert for a while. */
export const silenceAlertUpdate = defineUpdate<{ until: string }, [SilenceRequest]>('silence-alert');

/** Tells people of an alert again; `found: false` where it was not silenced. */
export const unsilenceAlertUpdate = defineUpdate<{ found: boolean }, [UnsilenceRequest]>('unsilence-alert');
