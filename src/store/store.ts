import type { AuditEntry, AuditFilter, DecisionResult, NotedDecision } from '../model/audit.ts';
import type { BulkCounts, BulkLetter, BulkLetterStatus } from '../model/bulk.ts';
import type { DeadLetterRef, UnreadableDelivery } from '../model/dead-letter.ts';
import type { EntityRef, LandfallEvent } from '../model/event.ts';
import type { HoldKey } from '../model/hold.ts';
import type { JsonValue } from '../model/json.ts';
import type { ApplyResult, Outcome } from '../model/outcome.ts';
import type { Difference, ReconciliationReport } from '../model/reconciliation.ts';
import type { IncomingRecord, LocalRecord } from '../model/record.ts';
import type { PurgedTable } from '../model/retention.ts';
import type { Arrivals } from '../model/silence.ts';
import type { StoredBody } from '../model/stored-body.ts';
import type { RecordVersion } from '../model/version.ts';
import type { AlertStore } from './alert-store.ts';

/** Our copy of a vendor's record, as it stands in the table `records`. */
export interface StoredRecord extends LocalRecord {
  source: string;
  entity: EntityRef;
  /** null on a tombstone. */
  data: JsonValue;
  lastEventId: string;
}

/** How far an event has come, as it stands in the table `processed`. */
export type ProcessedOutcome = Outcome | 'dead-lettered' | 'discarded';

/** A row of the table `processed`. */
export interface ProcessedEvent {
  source: string;
  eventId: string;
  outcome: ProcessedOutcome;
  workflowId: string;
  runId: string;
  bodySha256: string;
  /** True once nothing is left to do: the record is written and every destination has it, or it was discarded. */
  complete: boolean;
  /** True while a dead letter is open for it. */
  deadLetterOpen: boolean;
}

/** A row of the table `processed`, for people who want to know what became of an event. */
export interface EventMark extends ProcessedEvent {
  /** When it was first seen, and when this row last changed, by the database's clock: ISO 8601. */
  firstAt: string;
  processedAt: string;
  /** The version in its idempotency keys; null where it was never handed on. */
  handedOnAs: string | null;
  /** The version that our copy had before it; null where there was none, or nothing was applied. */
  previous: RecordVersion | null;
}

/** One event by its source and id. */
export interface EventKey {
  source: string;
  eventId: string;
}

/** How a source's deliveries come in, by the database's clock and in slots of five minutes. */
export interface DeliveryRate {
  source: string;
  lastHour: number;
  lastDay: number;
  /** Of the newest within five weeks, ISO 8601; null where there was none. */
  lastAt: string | null;
}

/** Our copy of a record as it was at some time. */
export interface RecordCopy extends RecordVersion {
  /** null on a tombstone. */
  data: JsonValue;
  deleted: boolean;
}

/** What our copy was before an event: null where there was none. */
export interface KeptCopy {
  copy: RecordCopy | null;
}

/** What `apply` is asked to do. */
export interface ApplyInput {
  source: string;
  eventId: string;
  bodySha256: string;
  workflowId: string;
  runId: string;
  incoming: IncomingRecord;
  /** The names of the destinations that this event is for. */
  destinations: readonly string[];
  /** Those of them that are told what our copy was before: it is kept with the event until they have had it. @default none */
  toldPrevious?: readonly string[];
  /**
   * A time of the vendor's not after the event happened (ISO 8601), equal or earlier on each delivery: an event was never
   * processed before, so older months are left out of the search for it. null or left out: all are searched.
   */
  happenedAt?: string | null;
  /** True for a repair: it is applied though the same event id was processed before, because our copy proved wrong. */
  repair: boolean;
  /** True for the replay of a processed event: it is handed on again to all its destinations. @default false */
  again?: boolean;
}

/** One event in the table `inbox`: accepted, but not yet given to Temporal. */
export type InboxItem = (
  | { kind: 'event'; event: LandfallEvent }
  | { kind: 'unreadable'; source: string; eventId: string; delivery: UnreadableDelivery }
) & {
  /** The span that accepted it, where its delivery is traced: whoever relays it goes on below that. */
  traceparent?: string;
};

/** An inbox row that this process has claimed for a while. */
export interface ClaimedInboxItem {
  id: string;
  item: InboxItem;
  acceptedAt: string;
}

/** Rejections of one source and reason, summed up by the receiver before they are written. */
export interface RejectionBatch {
  source: string;
  reason: string;
  count: number;
  /** A few examples: the detail, the redacted headers, the size and hash of the body; never the body. */
  samples: {
    at: string;
    detail: string;
    headers: Record<string, string>;
    bodyBytes: number;
    bodySha256: string;
  }[];
}

/** A row of the table `rejections`. */
export interface RejectionSample {
  source: string;
  reason: string;
  at: string;
  detail: string;
  headers: Record<string, string>;
  bodyBytes: number;
  bodySha256: string;
}

/** A later delivery whose body differs from the first under the same event id: kept, so that somebody can look. */
export interface ConflictingDelivery {
  source: string;
  eventId: string;
  firstSha256: string;
  bodySha256: string;
  body: string;
  bodyEncoding: 'utf8' | 'base64';
  /** The body, where it is large: `body` is empty then. It is not kept for longer than others are. */
  storedBody?: StoredBody;
  receivedAt: string;
}

/** The point up to which a source is known to be reconciled. */
export interface ReconciliationCursor {
  source: string;
  /** Every change before this time (ISO 8601, the vendor's) has been compared. */
  reconciledUntil: string;
}

/** The key of an entity, encrypted under a key of `LANDFALL_PAYLOAD_KEYS`: a row of the table `entity_keys`. */
export interface WrappedKey {
  id: string;
  source: string;
  entity: EntityRef;
  /** The name of the key that it is encrypted under. */
  wrappedBy: string;
  /** In base64. */
  wrapped: string;
}

/** How many rows were erased, by table. */
export type ErasedRows = Record<
  'records' | 'bodies' | 'processed' | 'deliveries' | 'bulk_letters' | 'inbox' | 'conflicts' | 'failures',
  number
>;

/** One listed change, judged for the diff. */
export interface ComparableChange extends RecordVersion {
  entity: EntityRef;
  deleted: boolean;
  event: { id: string; type: string } | null;
}

/** The migrations of a database, beside those of this version; by number and name. */
export interface MigrationState {
  /** How many it has. */
  applied: number;
  /** Those of this version that it lacks. */
  missing: string[];
  /** Those that this version does not know: a newer one has run on it. */
  unknown: string[];
  /** Those that are not what this version has under their number. */
  changed: string[];
}

/** What the pool of connections to PostgreSQL does. */
export interface PoolUse {
  busy: number;
  idle: number;
  /** Queries that wait for a connection. */
  waiting: number;
}

/**
 * Landfall's tables, on PostgreSQL or on the embedded PGlite. Both run test/contracts/store.contract.ts.
 * Every method throws StoreUnavailableError where the database cannot be reached or is out of a resource,
 * and StoreRefusedError where it refuses a value.
 */
export interface Store extends AlertStore {
  readonly engine: 'postgresql' | 'pglite';

  /** Applies the migrations that are missing, once across all processes. */
  migrate(): Promise<void>;
  /** Answers where the database does. */
  ping(): Promise<void>;
  /** The time by the database's clock, in milliseconds since the epoch. */
  readClock(): Promise<number>;
  /** Which migrations the database has, beside those of this version. Works without any. */
  readMigrations(): Promise<MigrationState>;
  /** What the pool of connections does at the moment; null with PGlite, which has none. */
  connections(): PoolUse | null;
  close(): Promise<void>;

  /**
   * The processed mark of an event and the revision of our copy of its entity (0: none), in one read. `goesOnWith` is that
   * copy where the event was applied before and not handed on to all its destinations; see `apply`.
   */
  lookUp(
    source: string,
    eventId: string,
    entity: EntityRef,
    happenedAt?: string | null,
  ): Promise<{ processed: ProcessedEvent | null; revision: number; goesOnWith: StoredRecord | null }>;
  /**
   * The guard, the processed mark and the record's change in one transaction, serialised per record and per event.
   *
   * - A complete event of the same run answers what it answered before (an activity retried after its commit).
   * - A complete event of another run is a `duplicate`, unless this is a repair, or a replay of what nobody has discarded.
   * - A replay of a complete event makes all its destinations pending again; a payload that is not known to be newer than our
   *   copy is `stale` then, where it differs.
   * - An incomplete one (its deliveries failed) goes on with our copy, under the version of its first time (`handedOnAs`);
   *   destinations that are known to have had it are not pending. A fresh read that differs is answered with `refetch`.
   */
  apply(input: ApplyInput): Promise<ApplyResult>;
  /** Remembers that a destination has had the event; the event is complete when all `destinations` have. Idempotent. */
  markDelivered(delivery: {
    source: string;
    eventId: string;
    destination: string;
    destinations: readonly string[];
    idempotencyKey: string;
    /** See `ApplyInput.happenedAt`. */
    happenedAt?: string | null;
  }): Promise<void>;
  /**
   * For one hand-on: what our copy was before the event's first write that was not handed on to all (null where that was not
   * kept, see `ApplyInput.toldPrevious`), and under which key the destination has had the event (null: not yet).
   */
  lookUpHandOn(
    source: string,
    eventId: string,
    destination: string,
    happenedAt?: string | null,
  ): Promise<{ previous: KeptCopy | null; deliveredAs: string | null }>;
  /** Whether a destination has had any of these events. */
  wasDelivered(source: string, destination: string, eventIds: readonly string[]): Promise<boolean>;
  /** Marks the event as having an open dead letter; creates its row where it has none. A complete event stays complete. */
  markDeadLettered(
    event: Pick<ProcessedEvent, 'source' | 'eventId' | 'workflowId' | 'runId' | 'bodySha256'>,
  ): Promise<void>;
  /** The dead letter is closed: `discarded` completes the event for good, `resolved` only takes the mark away. Idempotent. */
  closeDeadLetter(source: string, eventId: string, resolution: 'resolved' | 'discarded'): Promise<void>;
  findEvent(source: string, eventId: string): Promise<ProcessedEvent | null>;
  /**
   * Makes the partitions of the coming months and, where `keepMilliseconds` is given, drops those whose events were all first
   * seen longer ago. What is still open or incomplete in them is kept. Answers the names of what was made and dropped.
   * Safe at any time, in many processes at once; where it fails, events go to the partition `processed_default`.
   */
  keepPartitions(keepMilliseconds: number | null): Promise<{ made: string[]; dropped: string[] }>;
  /** The number of processed events by source and outcome. Reads all of them. */
  countEvents(): Promise<{ source: string; outcome: ProcessedOutcome; count: number }[]>;

  findRecord(source: string, entity: EntityRef): Promise<StoredRecord | null>;
  /** Records of one source in the order of type and id, after the given one; tombstones included. */
  listRecords(source: string, after: EntityRef | null, limit: number): Promise<StoredRecord[]>;
  /** Those records of a source whose copy has this text in it, as it stands in its JSON. Reads all of them. */
  findMentions(source: string, text: string, limit: number): Promise<EntityRef[]>;
  /**
   * Those of `changes` that our copies do not have: no copy of a record that exists, or an older one. A change with an
   * event of the vendor's whose versions cannot be compared differs while that event is not processed. One query for all.
   * An event with an open dead letter is no difference: it is somebody's case already; nor is a discarded one.
   * What counts where versions leave it open: see `judgeChange`.
   */
  findDifferences(
    source: string,
    changes: readonly ComparableChange[],
  ): Promise<(Omit<Difference, 'eventId' | 'eventType'> & { index: number })[]>;

  /** Accepts an event. `added: false` where the same event waits already; then with the hash of the first body. */
  addToInbox(item: InboxItem): Promise<{ added: true } | { added: false; bodySha256: string }>;
  /**
   * Takes up to `limit` for `leaseMilliseconds`; others get them only after that. All sources that something waits of get the
   * same number, as far as they have so many, and of each the oldest.
   */
  claimInbox(limit: number, leaseMilliseconds: number): Promise<ClaimedInboxItem[]>;
  removeFromInbox(ids: readonly string[]): Promise<void>;
  /** Gives claimed items back at once. */
  releaseInbox(ids: readonly string[]): Promise<void>;
  /** Exact up to 100,000; beyond it PostgreSQL's own estimate, which autovacuum keeps, and never less than 100,001. */
  countInbox(): Promise<number>;

  /**
   * Keeps a large body under its hash, once however often it comes. It stays for as long as somebody uses it: see `purgeBodies`.
   *
   * @param sha256 - of the body, in hex
   * @param owner - whose data it is, so that it goes when that is erased; null where nobody knows
   * @returns `known` where it was there already; it counts as used now
   */
  keepBody(
    body: Uint8Array,
    sha256: string,
    owner: { source: string; entity: EntityRef } | null,
  ): Promise<'new' | 'known'>;
  /**
   * The exact bytes; null where there are none (any more).
   * @throws StoreRefusedError where they are damaged
   */
  readBody(sha256: string): Promise<Buffer | null>;
  /** These bodies are in use now; those that are not there are passed over. */
  renewBodies(sha256s: readonly string[]): Promise<void>;
  /** Drops what nobody has kept or renewed for so long, by the database's clock; answers how many. Safe in many processes at once. */
  purgeBodies(unusedMilliseconds: number): Promise<number>;

  /** Adds to the counts and keeps the newest `keepPerSource` samples of each source. */
  recordRejections(batches: readonly RejectionBatch[], keepPerSource: number): Promise<void>;
  listRejections(source: string | null, limit: number): Promise<RejectionSample[]>;
  /** Rejections since `since` (ISO 8601), by source and reason. Counted by the minute. */
  countRejections(since: string): Promise<{ source: string; reason: string; count: number }[]>;

  /** Keeps a conflicting delivery; of one source, the newest `keepPerSource`. The same body again changes nothing. */
  addConflict(conflict: ConflictingDelivery, keepPerSource: number): Promise<void>;
  listConflicts(source: string | null, limit: number): Promise<ConflictingDelivery[]>;

  /**
   * Notes that an event failed for good, and answers how many different records failed in the same way within the window, this
   * one included. Counted by the database's clock, by one process at a time.
   *
   * @param keepOlder - whether what is older than the window is kept: while a hold lasts, its first failures are still needed
   */
  noteFailure(
    failure: HoldKey & { eventId: string; entity: EntityRef },
    options: { withinMilliseconds: number; keepOlder: boolean },
  ): Promise<number>;
  /** The events of noted failures, in the order of their ids. */
  listFailures(key: HoldKey, limit: number): Promise<string[]>;
  forgetFailures(key: HoldKey, eventIds: readonly string[]): Promise<void>;

  /** Adds verified deliveries to the slots that they began in; forgets what is older than five weeks. */
  recordArrivals(batches: readonly (Arrivals & { source: string })[]): Promise<void>;
  /** The arrivals since `since` (milliseconds since the epoch), in the order of time. */
  listArrivals(source: string, since: number): Promise<Arrivals[]>;

  /** Writes a decision into the audit log, before it is carried out. Idempotent by its id. */
  noteDecision(decision: NotedDecision): Promise<void>;
  /** What came of it; the first answer stays. */
  endDecision(id: string, result: DecisionResult): Promise<void>;
  /** The audit log, the newest first. */
  listAudit(filter: AuditFilter, limit: number): Promise<AuditEntry[]>;

  /**
   * Puts dead letters on the list of a bulk action. One that waits in another bulk action is `skipped`; one that is on this list
   * already stays as it is. Letters of bulk actions that ended more than 90 days ago are forgotten.
   *
   * @returns how many were put on it
   */
  addBulkLetters(bulkId: string, letters: readonly DeadLetterRef[]): Promise<number>;
  /** Letters of a bulk action in its order, after the given position; or those first that were marked last. */
  listBulkLetters(
    bulkId: string,
    page: { statuses?: readonly BulkLetterStatus[]; after?: number; newestFirst?: boolean; limit: number },
  ): Promise<BulkLetter[]>;
  /** How far letters have come. One that is settled stays so. */
  markBulkLetters(
    bulkId: string,
    letters: readonly (DeadLetterRef & { status: BulkLetterStatus; result: string | null })[],
  ): Promise<void>;
  countBulkLetters(bulkId: string): Promise<BulkCounts>;
  /** Leaves what waits, or was asked, as it is: other bulk actions may take it. */
  leaveBulkLetters(bulkId: string, statuses: readonly ('waiting' | 'asked')[]): Promise<void>;
  /** The bulk actions that have letters which are not settled. */
  listOpenBulks(): Promise<string[]>;

  findCursor(source: string): Promise<ReconciliationCursor | null>;
  /** Keeps the report and, where it is complete, moves the cursor to `reconciledUntil`, in one transaction; never backwards. Idempotent by run. */
  saveReport(report: ReconciliationReport, reconciledUntil: string | null): Promise<void>;
  /** Newest first. */
  listReports(source: string | null, limit: number): Promise<ReconciliationReport[]>;

  /** The key of the entity: its own, or else this new one, which is the entity's from now on. */
  obtainEntityKey(fresh: WrappedKey): Promise<WrappedKey>;
  /** `erased` where the key was there and its entity has been erased; null where there was none. */
  findEntityKey(id: string): Promise<WrappedKey | 'erased' | null>;
  /** Erases the key of an entity, and that it was its. Answers the ids of what was erased. */
  dropEntityKey(source: string, entity: EntityRef): Promise<string[]>;
  /** Keys that are encrypted under another key than this one, in the order of their ids, after the given one. */
  listKeysToRewrap(wrappedBy: string, page: { after: string | null; limit: number }): Promise<WrappedKey[]>;
  /** Keeps the same key in its new wrapping, unless it was erased meanwhile. */
  rewrapEntityKey(key: Pick<WrappedKey, 'id' | 'wrappedBy' | 'wrapped'>): Promise<void>;

  /**
   * Erases what the tables hold of an entity: its copy, events that wait in the inbox for it, its failures, the marks of its repairs
   * and of these events, and what was kept of their deliveries. Not its key.
   */
  eraseEntity(source: string, entity: EntityRef, eventIds: readonly string[]): Promise<ErasedRows>;
  /** Takes up to `limit` rows away that are older; answers how many. What somebody has yet to decide on stays. */
  purge(table: Exclude<PurgedTable, 'bodies'>, olderThanMilliseconds: number, limit: number): Promise<number>;
  /** What became of events, in no order; those that were never processed are not among them. One query for all. */
  findEvents(keys: readonly EventKey[]): Promise<EventMark[]>;
  /** Those of the events that wait in the inbox, since when (ISO 8601). */
  findInInbox(keys: readonly EventKey[]): Promise<(EventKey & { acceptedAt: string })[]>;
  /** Which destinations have had an event, the first one first. */
  listDeliveries(
    source: string,
    eventId: string,
  ): Promise<{ destination: string; idempotencyKey: string; deliveredAt: string }[]>;
  /** The other bodies that came in under the id of an event. */
  listConflictsOf(source: string, eventId: string): Promise<ConflictingDelivery[]>;
  /** The records of this id in these sources, of whatever type. */
  findEntities(sources: readonly string[], id: string): Promise<{ source: string; entity: EntityRef }[]>;
  /** The types of the records that each of these sources has, without reading them all. */
  listEntityTypes(sources: readonly string[]): Promise<{ source: string; type: string }[]>;
  /** How the deliveries of each of these sources come in. */
  measureDeliveries(sources: readonly string[]): Promise<DeliveryRate[]>;
  /** Rejections of a source since `since` (ISO 8601) by hour and reason, in the order of time. */
  countRejectionsByHour(
    source: string,
    since: string,
  ): Promise<{ hour: string; reason: string; count: number }[]>;
  /** The newest report of each of these sources; none for those that were never reconciled. */
  findLatestReports(sources: readonly string[]): Promise<ReconciliationReport[]>;
}
