import { sql } from 'drizzle-orm';
import {
  bigint,
  boolean,
  customType,
  index,
  integer,
  pgSchema,
  primaryKey,
  text,
  unique,
} from 'drizzle-orm/pg-core';
import type { DecisionOrigin, DecisionResult } from '../model/audit.ts';
import type { BulkLetterStatus } from '../model/bulk.ts';
import type { JsonValue } from '../model/json.ts';
import type { ReconciliationReport } from '../model/reconciliation.ts';
import type { PackedBody } from './pack-body.ts';
import type { ConflictingDelivery, InboxItem, KeptCopy, ProcessedOutcome, RejectionSample } from './store.ts';

/**
 * A column of type `json`, not `jsonb`: it keeps the text as it is, and so takes `\u0000` and lone surrogates,
 * which vendors do send and `jsonb` refuses. Content is compared in code (see apply.ts). JSON's null is SQL's null.
 */
export const json = customType<{ data: unknown; driverData: unknown }>({
  dataType: () => 'json',
  toDriver: (value) => JSON.stringify(value),
});

/** A `timestamptz` as ISO 8601 in UTC with milliseconds. */
export const instant = customType<{ data: string; driverData: string }>({
  dataType: () => 'timestamp(3) with time zone',
  fromDriver: (value) => new Date(value).toISOString(),
});

/** Written and read as base64 by `decode` and `encode` of the database: see bodies.ts. */
const bytea = customType<{ data: Buffer; driverData: never }>({ dataType: () => 'bytea' });

/** All tables live in a PostgreSQL schema of their own, so that a database can be shared. */
export const landfall = pgSchema('landfall');

/** Our copies of the vendors' records. A tombstone stays, with its version. */
export const records = landfall.table(
  'records',
  {
    source: text('source').notNull(),
    entityType: text('entity_type').notNull(),
    entityId: text('entity_id').notNull(),
    version: text('version'),
    sourceTime: instant('source_time'),
    deleted: boolean('deleted').notNull(),
    deletionAnnounced: boolean('deletion_announced').notNull(),
    revision: bigint('revision', { mode: 'number' }).notNull(),
    data: json('data').$type<JsonValue>(),
    lastEventId: text('last_event_id').notNull(),
    updatedAt: instant('updated_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.source, table.entityType, table.entityId] })],
);

/**
 * One row for each event that came past the guard or into a dead letter: what outlives Temporal's retention. Partitioned by
 * the month of `first_at` (see partitions.ts); an event id is unique within each partition, and by the event's lock in all.
 */
export const processedEvents = landfall.table(
  'processed',
  {
    source: text('source').notNull(),
    eventId: text('event_id').notNull(),
    outcome: text('outcome').$type<ProcessedOutcome>().notNull(),
    /** Whether there was a copy before; its version may be unknown in both parts. */
    hadPrevious: boolean('had_previous').notNull(),
    previousVersion: text('previous_version'),
    previousSourceTime: instant('previous_source_time'),
    workflowId: text('workflow_id').notNull(),
    runId: text('run_id').notNull(),
    bodySha256: text('body_sha256').notNull(),
    /** The version in the idempotency keys of the event; null where it was never handed on. */
    handedOnAs: text('handed_on_as'),
    complete: boolean('complete').notNull(),
    deadLetterOpen: boolean('dead_letter_open').notNull(),
    processedAt: instant('processed_at').notNull(),
    /** When the row was made, by the database's clock. It never changes, except where open work is kept past its month. */
    firstAt: instant('first_at')
      .notNull()
      .default(sql`now()`),
    /** What our copy was before the event wrote it, until the handlers that it is for have had it. */
    previousCopy: json('previous_copy').$type<KeptCopy>(),
  },
  (table) => [primaryKey({ columns: [table.source, table.eventId] })],
);

/** Which destinations have an event, under which idempotency key. */
export const deliveries = landfall.table(
  'deliveries',
  {
    source: text('source').notNull(),
    eventId: text('event_id').notNull(),
    destination: text('destination').notNull(),
    idempotencyKey: text('idempotency_key').notNull(),
    deliveredAt: instant('delivered_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.source, table.eventId, table.destination] })],
);

/** Events that were accepted while Temporal could not take them. */
export const inbox = landfall.table(
  'inbox',
  {
    id: bigint('id', { mode: 'bigint' }).generatedAlwaysAsIdentity().primaryKey(),
    source: text('source').notNull(),
    eventId: text('event_id').notNull(),
    bodySha256: text('body_sha256').notNull(),
    item: json('item').$type<InboxItem>().notNull(),
    acceptedAt: instant('accepted_at').notNull(),
    claimedUntil: instant('claimed_until'),
  },
  (table) => [unique().on(table.source, table.eventId), index('inbox_by_source').on(table.source, table.id)],
);

/** Bodies and records that are too large for a workflow's history, by their hash. */
export const bodies = landfall.table('bodies', {
  sha256: text('sha256').primaryKey(),
  /** Before it was packed. */
  bytes: integer('bytes').notNull(),
  encoding: text('encoding').$type<PackedBody['encoding']>().notNull(),
  /** When somebody last put it here or renewed it: what nobody has used for long is purged. */
  usedAt: instant('used_at').notNull(),
});

/** The bodies themselves, packed and in pieces. */
export const bodyPieces = landfall.table(
  'body_pieces',
  {
    sha256: text('sha256').notNull(),
    piece: integer('piece').notNull(),
    data: bytea('data').notNull(),
  },
  (table) => [primaryKey({ columns: [table.sha256, table.piece] })],
);

/** Whose data the bodies hold; of those that no event could be read from, nobody knows. */
export const bodyOwners = landfall.table(
  'body_owners',
  {
    source: text('source').notNull(),
    entityType: text('entity_type').notNull(),
    entityId: text('entity_id').notNull(),
    sha256: text('sha256').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.source, table.entityType, table.entityId, table.sha256] }),
    index('body_owners_by_body').on(table.sha256),
  ],
);

/** The newest rejected deliveries of each source, as examples. */
export const rejections = landfall.table('rejections', {
  id: bigint('id', { mode: 'bigint' }).generatedAlwaysAsIdentity().primaryKey(),
  source: text('source').notNull(),
  reason: text('reason').notNull(),
  at: instant('at').notNull(),
  sample: json('sample').$type<Omit<RejectionSample, 'source' | 'reason' | 'at'>>().notNull(),
});

/** Every rejection, counted by the minute. */
export const rejectionCounts = landfall.table(
  'rejection_counts',
  {
    source: text('source').notNull(),
    reason: text('reason').notNull(),
    minute: instant('minute').notNull(),
    count: integer('count').notNull(),
  },
  (table) => [primaryKey({ columns: [table.source, table.reason, table.minute] })],
);

/** Deliveries whose body differs from the first one under the same event id. */
export const conflicts = landfall.table(
  'conflicts',
  {
    id: bigint('id', { mode: 'bigint' }).generatedAlwaysAsIdentity().primaryKey(),
    source: text('source').notNull(),
    eventId: text('event_id').notNull(),
    bodySha256: text('body_sha256').notNull(),
    delivery: json('delivery')
      .$type<Omit<ConflictingDelivery, 'source' | 'eventId' | 'bodySha256'>>()
      .notNull(),
  },
  (table) => [unique().on(table.source, table.eventId, table.bodySha256)],
);

/** Up to when each source is reconciled. */
export const cursors = landfall.table('cursors', {
  source: text('source').primaryKey(),
  reconciledUntil: instant('reconciled_until').notNull(),
});

/** What each reconciliation found. */
export const reports = landfall.table(
  'reports',
  {
    id: bigint('id', { mode: 'bigint' }).generatedAlwaysAsIdentity().primaryKey(),
    source: text('source').notNull(),
    workflowId: text('workflow_id').notNull(),
    runId: text('run_id').notNull(),
    finishedAt: instant('finished_at').notNull(),
    report: json('report').$type<ReconciliationReport>().notNull(),
  },
  (table) => [unique().on(table.workflowId, table.runId)],
);

/** Events that failed of late in a way that may be an outage: how many records it hits, and whose dead letters came of it. */
export const failures = landfall.table(
  'failures',
  {
    source: text('source').notNull(),
    step: text('step').notNull(),
    error: text('error').notNull(),
    eventId: text('event_id').notNull(),
    entityType: text('entity_type').notNull(),
    entityId: text('entity_id').notNull(),
    at: instant('at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.source, table.step, table.error, table.eventId] })],
);

/** Verified deliveries, counted in slots of five minutes. */
export const arrivals = landfall.table(
  'arrivals',
  {
    source: text('source').notNull(),
    slot: instant('slot').notNull(),
    firstAt: instant('first_at').notNull(),
    lastAt: instant('last_at').notNull(),
    count: integer('count').notNull(),
  },
  (table) => [primaryKey({ columns: [table.source, table.slot] })],
);

/** The key that the histories of a record are encrypted under, itself encrypted; see docs/privacy.md. */
export const entityKeys = landfall.table(
  'entity_keys',
  {
    id: text('id').primaryKey(),
    source: text('source').notNull(),
    /** null in both once it is erased. */
    entityType: text('entity_type'),
    entityId: text('entity_id'),
    /** The name of the key that it is encrypted under; null in both once it is erased. */
    wrappedBy: text('wrapped_by'),
    wrapped: text('wrapped'),
    createdAt: instant('created_at').notNull(),
    erasedAt: instant('erased_at'),
  },
  (table) => [unique().on(table.source, table.entityType, table.entityId)],
);

/** The audit log: each decision before it was carried out, with what came of it after. */
export const audit = landfall.table('audit', {
  id: text('id').primaryKey(),
  at: instant('at').notNull(),
  by: text('decided_by').notNull(),
  via: text('via').$type<DecisionOrigin>().notNull(),
  action: text('action').notNull(),
  source: text('source'),
  target: text('target').notNull(),
  reason: text('reason').notNull(),
  /** null in all three while it is being carried out. */
  outcome: text('outcome').$type<DecisionResult['outcome']>(),
  result: text('result'),
  endedAt: instant('ended_at'),
});

/** The dead letters of each bulk action, in its order, with what came of each. */
export const bulkLetters = landfall.table(
  'bulk_letters',
  {
    bulkId: text('bulk_id').notNull(),
    source: text('source').notNull(),
    eventId: text('event_id').notNull(),
    position: bigint('position', { mode: 'number' }).generatedAlwaysAsIdentity(),
    status: text('status').$type<BulkLetterStatus>().notNull(),
    result: text('result'),
    updatedAt: instant('updated_at').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.bulkId, table.source, table.eventId] }),
    index('bulk_letters_in_order').on(table.bulkId, table.status, table.position),
  ],
);

/** Which migrations this database has, with the checksum that each had. */
export const migrations = landfall.table('migrations', {
  id: integer('id').primaryKey(),
  name: text('name').notNull(),
  checksum: text('checksum').notNull(),
  appliedAt: instant('applied_at').notNull(),
});
