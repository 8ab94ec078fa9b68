import type { Logger } from 'pino';
import type { EntityRef, LandfallEvent } from '../src/model/event.ts';
import type { Channel } from '../src/alerting/channel.ts';
import type { AlertSettings, OpenWork } from '../src/model/alerts.ts';
import type { Room } from '../src/bodies/room.ts';
import type { ProcessEventInput } from '../src/model/process-event.ts';
import type { EventSelection, ReplayMark, RunRef } from '../src/model/replay-events.ts';
import type { EntityTurnsInput, Ticket } from '../src/model/turns.ts';
import type { BulkKind, LetterFilter } from '../src/model/bulk.ts';
import type {
  DeadLetterInput,
  DeadLetterRef,
  DeadLetterState,
  DeadLetterTimers,
  Decision,
  FailureReport,
  ReplayDecision,
} from '../src/model/dead-letter.ts';
import type { HoldInput, HoldKey, HoldSettings, Release } from '../src/model/hold.ts';
import type { Retention } from '../src/model/retention.ts';
import type { WatchSettings } from '../src/model/silence.ts';
import type { LagNotes } from '../src/monitoring/lag-notes.ts';
import type { Metrics } from '../src/monitoring/metrics.ts';
import type { KeyRing } from '../src/privacy/key-ring.ts';
import type { Source } from '../src/sources/define-source.ts';
import type { Store } from '../src/store/store.ts';

/** What activities ask of Temporal itself. */
export interface TemporalPort {
  /** Opens the dead letter, or adds the failure to the open one. */
  openDeadLetter(input: DeadLetterInput, failure: FailureReport): Promise<void>;
  /** The status of a run, or of the latest one: `RUNNING`, `COMPLETED`, `FAILED`, …, or `NOT_FOUND`. */
  describeRun(workflowId: string, runId?: string): Promise<string>;
  /** Lets an event wait for its turn among those of its record. */
  waitForTurn(input: EntityTurnsInput, ticket: Ticket): Promise<void>;
  /** Replays an open dead letter; false where there is none. */
  replayDeadLetter(source: string, eventId: string, decision: ReplayDecision): Promise<boolean>;
  /** Whether a class of failure is held; false while the hold lets its events go. */
  isHeld(key: HoldKey): Promise<boolean>;
  /** Begins a hold, or tells the running one that more fail. */
  beginHold(input: HoldInput): Promise<void>;
  countHeld(key: HoldKey): Promise<number>;
  /** The ids of events that wait, the newest first. Visibility is eventually consistent: one that has just begun may be missing. */
  listHeld(
    key: HoldKey,
    page: { cursor: string | null; limit: number },
  ): Promise<{ workflowIds: string[]; nextCursor: string | null }>;
  /** Workflow ids of events of a source that were processed to the end since then, the newest first. As `listHeld`, a little late. */
  listProcessed(source: string, since: string, limit: number): Promise<string[]>;
  /** Tells an event that waits; false where it does not run any more. */
  tellHeld(workflowId: string, release: Release): Promise<boolean>;
  /** What is open now, by source: dead letters, holds, silences. Those of other deployments in the namespace are among it. */
  listOpenWork(): Promise<ReadonlyMap<string, OpenWork>>;
}

/** The runs of `processEvent`, for replays of processed events. Each throws TemporalUnavailableError | TemporalRefusedError. */
export interface EventRuns {
  /** A page of the closed runs of a selection, the newest end first. `ignored` ones are left out. */
  find(
    selection: EventSelection,
    page: { cursor: string | null; size: number },
  ): Promise<{ runs: RunRef[]; nextCursor: string | null }>;
  /** The latest run of an id; null where Temporal has none any more. */
  latest(workflowId: string): Promise<{ runId: string; running: boolean; mark: ReplayMark | null } | null>;
  /** The event that a run was begun with; null where Temporal has it no more. */
  readEvent(run: RunRef): Promise<LandfallEvent | null>;
  /** Begins `processEvent` again under the event's id; null where a run of it is under way. */
  begin(input: ProcessEventInput, mark: ReplayMark): Promise<RunRef | null>;
  /** Waits so long for the end of a run; `running` where it has not come. */
  waitFor(run: RunRef, milliseconds: number): Promise<'completed' | 'failed' | 'running'>;
}

/** The open cases of dead letters, for bulk actions. Each throws TemporalUnavailableError | TemporalRefusedError. */
export interface DeadLetterCases {
  /** A page of those that are open. Visibility is eventually consistent: one that was just opened or closed may be there or not. */
  find(
    filter: LetterFilter,
    page: { cursor: string | null; size: number },
  ): Promise<{ letters: DeadLetterRef[]; nextCursor: string | null }>;
  /**
   * Sends a decision. A case that is closed is left as it is.
   *
   * @param requestId - the same again is sent once: Temporal remembers it with the run
   */
  decide(
    letter: DeadLetterRef,
    kind: BulkKind,
    decision: Decision & { owner?: string },
    requestId: string,
  ): Promise<void>;
  /** The case, open or closed; null where Temporal has it no more. A worker must be running to answer. */
  read(letter: DeadLetterRef): Promise<DeadLetterState | null>;
}

/** The runs that are about one entity, for its erasure. Each throws TemporalUnavailableError | TemporalRefusedError. */
export interface EntityRuns {
  /** Those that visibility knows by now, open or closed. `eventId`: null of a run that gives an entity's events their turns. */
  find(source: string, entity: EntityRef): Promise<(RunRef & { eventId: string | null })[]>;
  /**
   * When the run began, in milliseconds since the epoch, and the name of the key that its input is encrypted under (null: none);
   * null where it is gone.
   */
  look(run: RunRef): Promise<{ startedAt: number; keyId: string | null } | null>;
  /** Ends the run; false where it has ended. */
  end(run: RunRef, reason: string): Promise<boolean>;
  /** Has the run deleted, with its history; false where Temporal does not let us. */
  delete(run: RunRef): Promise<boolean>;
}

/** What activities are made of. */
export interface ActivityDependencies {
  sources: ReadonlyMap<string, Source>;
  store: Store;
  temporal: TemporalPort;
  runs: EventRuns;
  cases: DeadLetterCases;
  entityRuns: EntityRuns;
  metrics: Metrics;
  logger: Logger;
  timers: DeadLetterTimers;
  /** For sources that say nothing of it; null: they are never held. */
  hold: HoldSettings | null;
  /** For sources that say nothing of it; null: they are not watched. */
  watch: WatchSettings | null;
  /** How long the rows of each table are kept. */
  retention: Retention;
  /** Of what is written to Temporal. */
  payloadKeys: KeyRing;
  /** null: nothing is judged, and nobody told. */
  alerts: AlertSettings | null;
  /** How people are told of alerts. */
  channels: readonly Channel[];
  lags: Pick<LagNotes, 'note'>;
  /** Larger bodies and records are kept in the store, and stand in histories by reference. */
  inlineBodyBytes: number;
  /** For large records that come back from there. */
  room: Room;
  /** Milliseconds since the epoch; decides only what is plausible and where a reconciliation begins, never which version wins. */
  now: () => number;
  /** Takes the configured secrets out of a text. */
  redact: (text: string) => string;
}
