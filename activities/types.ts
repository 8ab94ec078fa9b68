import type { DecisionResult, NotedDecision } from '../src/model/audit.ts';
import type { BulkCounts, BulkFailure, BulkKind, LetterFilter } from '../src/model/bulk.ts';
import type { DeadLetterSubject, FailureReport } from '../src/model/dead-letter.ts';
import type { EntityRef, EventRef, LandfallEvent } from '../src/model/event.ts';
import type { AlertSilence, AlertsView } from '../src/model/incidents.ts';
import type { HoldAnswer, HoldInput, HoldKey, HoldReport, Release } from '../src/model/hold.ts';
import type { Replay } from '../src/model/process-event.ts';
import type {
  AppliedEvent,
  DeliverInput,
  Landed,
  LandingInput,
  LandingSteps,
} from '../src/model/land-event.ts';
import type { Difference, ReconcileMode, ReconciliationReport } from '../src/model/reconciliation.ts';
import type { ErasedRuns, EraseInput } from '../src/model/erasure.ts';
import type { EventSelection, ReplayMark, RunRef, SkipReason } from '../src/model/replay-events.ts';
import type { PurgedTable } from '../src/model/retention.ts';
import type { RetrySettings } from '../src/model/retry.ts';
import type { Rhythm, SilenceInput, SilenceReport } from '../src/model/silence.ts';

/** What each activity adds to its `ApplicationFailure`, as the first detail. */
export interface FailureDetail {
  attempt: number;
  /** Of an activity that does several. */
  step?: string;
  /** The vendor's Retry-After. The failure has it as `nextRetryDelay` too, which the SDK does not read back in workflows. */
  retryAfterMilliseconds?: number;
  /** How far it got before it failed. */
  applied?: AppliedEvent;
  /** True where our own store ended a hand-on before anybody was asked; see activities/not-begun.ts. */
  notBegun?: true;
}

/**
 * `tryEvent`: the event has landed, is applied and has been handed on to all that take no longer than a first attempt may, or was
 * left to the ordinary activities; `limited` where the vendor's calls wait in a queue of their own, `ordered` where the event has
 * to wait for its turn among those of its record.
 */
export type TryResult =
  | { kind: 'landed'; landed: Landed }
  | { kind: 'applied'; applied: AppliedEvent }
  | { kind: 'deferred'; limited?: boolean; ordered?: boolean };

/** `listChanges`: the next pages of the vendor's list, compared with our copies. */
export interface ComparedPages {
  /** Absent in the histories of when it was always one. */
  pages?: number;
  scanned: number;
  differences: Difference[];
  nextCursor: string | null;
}

/** `auditRecords`: the next of our copies, compared with the records themselves. */
export interface AuditedRecords {
  audited: number;
  /** Those whose answer made no sense: see the worker's log. */
  failed: number;
  differences: Difference[];
  /** Where the next call begins; null where all have been compared. */
  upTo: EntityRef | null;
}

/** `beginReplays`: one page of processed events, each begun again or skipped. */
export interface BegunReplays {
  found: number;
  /** In the order in which they were begun. */
  begun: RunRef[];
  skipped: Record<SkipReason, number>;
  nextCursor: string | null;
}

/** `awaitReplays`: how runs have ended. */
export interface AwaitedReplays {
  replayed: number;
  failed: number;
  underWay: RunRef[];
}

/** `findLetters`: a page of dead letters, put on the list of a bulk action. */
export interface FoundLetters {
  nextCursor: string | null;
  counts: BulkCounts;
}

/** `decideLetters`: how far the letters of a bulk action are, and the newest failures, a few. */
export interface DecidedLetters {
  counts: BulkCounts;
  failures: BulkFailure[];
}

/**
 * Every activity, as the workflows see it. This file stays free of Node's types, because workflow code is compiled without them.
 * Each throws `ApplicationFailure` with a code of src/errors.ts as its type.
 */
export interface Activities {
  /**
   * The whole way of an event at the first attempt: fetch, apply, deliver. `deferred` where this worker has enough first
   * attempts of the source under way, or other events of the record are, or the vendor's rate is limited: nothing is wrong then.
   * A failure names its step.
   */
  tryEvent(input: LandingInput): Promise<TryResult>;
  /** Tells the workflow `entityTurns` of the record that this run waits for its turn. Idempotent. */
  waitForTurn(input: { event: EventRef; entity: EntityRef; runId: string }): Promise<void>;
  /** The record as the vendor has it now. */
  fetchRecord: LandingSteps['fetchRecord'];
  /** The version guard, the processed mark and the write, in one transaction. */
  applyRecord: LandingSteps['applyRecord'];
  /** The same for a record that stands in the history by reference: workers of before would take it for an empty one. */
  applyStored: LandingSteps['applyRecord'];
  /** Hands the record to one destination or handler, under an idempotency key. Heartbeats where that may take long. */
  deliver(input: DeliverInput): Promise<void>;
  /** The same for a record that stands in the history by reference. */
  deliverStored(input: DeliverInput): Promise<void>;
  /** Notes that a destination has had the record, where `deliver` could not: the store was away. */
  markDelivered(input: DeliverInput): Promise<void>;
  /** Ends when our own store answers. */
  awaitStore(): Promise<void>;
  /** Opens the event's dead letter, or adds the failure to the open one, and marks the event in the store. */
  openDeadLetter(input: {
    source: string;
    eventId: string;
    subject: DeadLetterSubject;
    failure: FailureReport;
    retry: RetrySettings;
  }): Promise<void>;
  /** Notes in the store that the dead letter is closed. */
  closeDeadLetter(input: {
    source: string;
    eventId: string;
    resolution: 'resolved' | 'discarded';
  }): Promise<void>;
  /** Tells the people on call that a dead letter waits. */
  remindDeadLetter(input: {
    source: string;
    eventId: string;
    openForMilliseconds: number;
    escalated: boolean;
    lastError: string;
    /** The hashes of what it refers to in the store: it stays in use. Absent in the histories of before there was such. */
    stored?: string[];
  }): Promise<void>;
  /** Reads an event out of a delivery that could not be read before: an adapter may have been mended meanwhile. */
  readDelivery(input: {
    source: string;
    subject: Extract<DeadLetterSubject, { kind: 'unreadable' }>;
  }): Promise<LandfallEvent>;
  /** The status of a run, or of a workflow's latest one: `RUNNING`, `COMPLETED`, `FAILED`, … or `NOT_FOUND`. */
  describeRun(input: { workflowId: string; runId?: string }): Promise<{ status: string }>;
  /** Where a reconciliation begins: the cursor less the overlap, or the given time; null: everything. */
  beginReconciliation(input: { source: string; since: string | null; mode?: ReconcileMode }): Promise<{
    since: string | null;
    /**
     * The time up to which the source will be reconciled where this run completes; null where the run leaves a gap after
     * the last complete one, so that the cursor must stay.
     */
    until: string | null;
    /** True where there was no complete run yet. */
    isFirst: boolean;
    /** False where there is nothing but an audit that can be made of it. */
    lists: boolean;
    /** True where the vendor can be asked to send again what it could not deliver. */
    redelivers: boolean;
    /** True where the vendor's calls wait for their turn in a queue of their own. */
    limited: boolean;
    alertShare: number;
    retry: RetrySettings;
  }>;
  /** Lists the next page of changes, and more while nothing differs, and compares them with our copies. Heartbeats. */
  listChanges(input: { source: string; since: string | null; cursor: string | null }): Promise<ComparedPages>;
  /** Those of the differences that are still there: what was young has had the time that its webhook may take. */
  compareAgain(input: { source: string; differences: readonly Difference[] }): Promise<Difference[]>;
  /** Compares our next copies with the records themselves, each fetched from the vendor. Heartbeats. */
  auditRecords(input: { source: string; after: EntityRef | null }): Promise<AuditedRecords>;
  /**
   * Finds a page of processed events and begins each again, at the pace that is given. Heartbeats. Carried out once more after
   * a crash, it knows by `mark` which it had begun, and begins none of them twice.
   */
  beginReplays(input: {
    selection: EventSelection;
    cursor: string | null;
    pageSize: number;
    atMost: number;
    perSecond: number;
    replay: Replay;
    mark: ReplayMark;
  }): Promise<BegunReplays>;
  /** Waits until all these runs have ended, or for so long. Heartbeats. */
  awaitReplays(input: { runs: readonly RunRef[]; waitMilliseconds: number }): Promise<AwaitedReplays>;
  /** Keeps the report and moves the cursor where the run is complete; tells the people on call of an alert. */
  /**
   * Has the vendor send again what it could not deliver; 0 of both where the source cannot ask for that. Heartbeats. What was asked
   * for comes as webhooks, whenever the vendor sends it.
   */
  redeliverMissed(input: {
    source: string;
    since: string | null;
  }): Promise<{ looked: number; asked: number }>;
  finishReconciliation(input: { report: ReconciliationReport; until: string | null }): Promise<void>;
  /** Whether a class of failure is held now. */
  findHold(input: HoldKey): Promise<HoldAnswer>;
  /** Whether an event that failed for good waits for the end of an outage; begins the hold where its failure shows that there is one. */
  judgeFailure(
    input: HoldKey & { eventId: string; entity: EntityRef; message: string; holds: number; replay: boolean },
  ): Promise<HoldAnswer>;
  /** Tells the people on call that a hold has begun. */
  announceHold(input: HoldInput): Promise<void>;
  /**
   * One of the events that wait, to try with, and how many there are; null where there is none. `othersPass`: others have got past
   * the step since `lookedAt`.
   */
  pickHeld(input: HoldKey & { since: string; lookedAt?: string }): Promise<{
    workflowId: string | null;
    waiting: number;
    /** Absent in results of before it was looked at. */
    othersPass?: boolean;
  }>;
  /** Tells the next of those that wait what to do, no more of them a second than is set. */
  letGo(
    input: HoldKey & { release: Release; cursor: string | null; perSecond: number },
  ): Promise<{ told: number; nextCursor: string | null }>;
  /** Replays the dead letters that were opened before the hold began, where it is said by whom, and forgets the failures. */
  settleFailures(input: HoldKey & { replay: { by: string; reason: string } | null }): Promise<number>;
  /** Tells how a hold has ended. */
  reportHold(input: HoldReport): Promise<void>;
  /** Writes a decision into the audit log, once however often it is tried; answers the id of its line. */
  noteDecision(input: Omit<NotedDecision, 'id'>): Promise<string>;
  /** Says in the audit log what came of a decision. */
  endDecision(input: DecisionResult & { id: string }): Promise<void>;
  /**
   * Puts a page of open dead letters on the list of a bulk action, until it has `atMost` (null: all there are). At its first page,
   * frees what bulk actions hold that were ended from outside. Heartbeats. Carried out once more after a crash, it adds none twice.
   */
  findLetters(input: {
    bulkId: string;
    filter: LetterFilter;
    cursor: string | null;
    pageSize: number;
    atMost: number | null;
  }): Promise<FoundLetters>;
  /**
   * Tells letters of a bulk action what to do until so many have been told in all, then waits for the answers of all that have
   * not answered, for so long. Heartbeats. Carried out once more after a crash, it tells none of them twice.
   */
  decideLetters(input: {
    bulkId: string;
    kind: BulkKind;
    decision: { by: string; reason: string; owner?: string };
    upTo: number;
    waitMilliseconds: number;
  }): Promise<DecidedLetters>;
  /** Leaves the letters of a bulk action that wait, and answers how many are how far. */
  leaveLetters(input: { bulkId: string; asked: boolean }): Promise<BulkCounts>;
  /** What the source's deliveries say about whether it is silent; null where it is not watched (any more). */
  readRhythm(input: { source: string }): Promise<{ rhythm: Rhythm; everyMilliseconds: number } | null>;
  /** Tells the people on call that a source is silent; answers whether its changes can be listed. */
  announceSilence(input: SilenceInput): Promise<{ lists: boolean }>;
  /** Tells what the reconciliations of the silent window have found, while it lasts and when it has ended. */
  reportSilence(input: SilenceReport & { ended: boolean }): Promise<void>;
  /**
   * Ends and deletes the runs of an entity's events, of their dead letters and turns, that began before the given time (milliseconds
   * since the epoch), or under one of these keys. Heartbeats.
   */
  eraseRuns(input: {
    source: string;
    entity: EntityRef;
    startedBefore: number;
    droppedKeys: readonly string[];
  }): Promise<ErasedRuns>;
  /** Erases the key that an entity's histories are encrypted under; answers its id, or none. */
  dropEntityKey(input: { source: string; entity: EntityRef }): Promise<string[]>;
  /** Erases an entity's rows in the store, and those of these events; answers how many, by table. */
  eraseRows(
    input: Omit<EraseInput, 'forgetMilliseconds' | 'via'> & { eventIds: readonly string[] },
  ): Promise<Record<string, number>>;
  /** Takes away what of a table has been kept for as long as it is to be; answers how many rows. Heartbeats. */
  purgeTable(input: { table: PurgedTable }): Promise<number>;
  /** Encrypts the keys of records under the newest key of the deployment, where another has encrypted them. Heartbeats. */
  rewrapEntityKeys(): Promise<number>;
  /** Looks once whether something is wrong, and begins and ends incidents; null where alerts are off. */
  judgeAlerts(): Promise<AlertsView | null>;
  /** Tells people what they are to hear of incidents; answers how many messages still wait: they are due again later, and no failure. */
  sendAlerts(): Promise<number>;
  /** Tells nobody of an alert until some time; answers all that is silenced then. */
  silenceAlert(input: AlertSilence): Promise<AlertSilence[]>;
  /** Ends a silence early; `found: false` where there was none. */
  unsilenceAlert(
    input: Pick<AlertSilence, 'kind' | 'source' | 'by' | 'reason'>,
  ): Promise<{ found: boolean; silences: AlertSilence[] }>;
}
