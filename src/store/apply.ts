import { and, eq, sql } from 'drizzle-orm';
import { keyVersion } from '../model/ids.ts';
import { guard, type GuardDecision, type IncomingRecord } from '../model/record.ts';
import { compareVersions, type RecordVersion } from '../model/version.ts';
import type { Database, Queries } from './database.ts';
import { eventLock, lock, recordLock } from './lock.ts';
import { handedOnBefore, ofEvent } from './events.ts';
import { ofEntity, readEventAndRecord, toStoredRecord } from './records.ts';
import { sameContent } from './same-content.ts';
import { deliveries, processedEvents, records } from './schema.ts';
import type { ApplyResult } from '../model/outcome.ts';
import type { ApplyInput, KeptCopy, Store, StoredRecord } from './store.ts';

type Answer = Pick<Extract<ApplyResult, { kind: 'done' }>, 'outcome' | 'previous'>;
type EventRow = typeof processedEvents.$inferSelect;

/**
 * The guarded write: see `Store.apply`. Where that leaves a choice:
 *
 * - The outcome is `deleted` where a tombstone is written, also for a record that was never known; `unchanged` where our
 *   copy was one already. Both are handed on to destinations that have not had the event.
 * - `stale` leaves nothing to hand on: whichever event wrote the newer copy does that.
 * - An incomplete event that was applied before goes on with our copy, whoever wrote it since, under the idempotency keys of
 *   its first time: a destination may have had it, though its answer was lost. It writes nothing: a newer record that only
 *   this event had would not be handed on under those keys.
 * - What our copy was before is kept from an event's first write to the time when all handlers have had it, however often it
 *   is written between: nobody has been told yet of what the first one changed.
 */
export function createApply(database: Database): Pick<Store, 'apply'> {
  return { apply: (input) => database.transaction((queries) => applyOnce(queries, input)) };
}

async function applyOnce(queries: Queries, input: ApplyInput): Promise<ApplyResult> {
  const { source, eventId, incoming } = input;
  await lock(queries, [eventLock(source, eventId), recordLock(source, incoming.entity)]);
  const { happenedAt = null } = input;
  const found = await readEventAndRecord(queries, source, eventId, incoming.entity, happenedAt);
  const { event, record } = found;
  const local = record === null ? null : toStoredRecord(record);
  const deadLetterOpen = event?.deadLetterOpen ?? false;

  const before = event === null ? null : answerBefore(event, input.runId);
  const begins = input.again === true && beginsAnew(event, input.runId);
  if (event?.complete === true && !begins) {
    if (before !== null) {
      return { kind: 'done', ...before, pending: [], deadLetterOpen, handedOnAs: event.handedOnAs };
    }
    if (!input.repair) {
      return { kind: 'done', outcome: 'duplicate', previous: versionOf(local), pending: [], deadLetterOpen };
    }
  }

  const judged = guard(local, incoming, local !== null && isUnchanged(local, incoming));
  const decision = input.again === true ? onlyNewer(judged, local, incoming) : judged;
  // A repair brings what our copy lacks, whatever another run of the event has left undone.
  const since =
    event === null || (input.repair && event.runId !== input.runId) ? null : handedOnBefore(event);
  const goesOn = since !== null && (incoming.fetched || incoming.ours === true);
  if (decision.kind === 'refetch' || (goesOn && decision.kind !== 'unchanged')) {
    return { kind: 'refetch', revision: local?.revision ?? 0 };
  }
  if (decision.kind === 'write') {
    await write(queries, input, decision.version, (local?.revision ?? 0) + 1);
    // What destinations had of this event before is not what the record is now.
    if (event !== null) await queries.delete(deliveries).where(ofEvent(deliveries, source, eventId));
  } else if (decision.kind === 'unchanged' && decision.confirms) {
    const revision = sql`${records.revision} + 1`;
    await queries.update(records).set({ revision }).where(ofEntity(source, incoming.entity));
  }
  if (begins && decision.kind === 'unchanged') {
    await queries.delete(deliveries).where(ofEvent(deliveries, source, eventId));
  }
  const written = incoming.deleted ? 'deleted' : 'applied';
  const outcome = decision.kind === 'write' ? written : decision.kind;
  const fresh: Answer = { outcome, previous: versionOf(local) };
  // The record was written by an earlier attempt of this run, whose answer was lost.
  const answer = decision.kind === 'unchanged' && before !== null ? before : fresh;
  const pending = decision.kind === 'stale' ? [] : await findPending(queries, input);
  const handedOnAs = decision.kind === 'stale' ? null : (since ?? keyVersion(incoming));
  const isTold = input.toldPrevious?.some((name) => pending.includes(name)) ?? false;
  const previousCopy = isTold ? (keptBefore(event) ?? { copy: copyOf(local) }) : null;
  const complete = pending.length === 0;
  await remember(queries, input, event, { ...answer, handedOnAs, complete, previousCopy });
  return { kind: 'done', ...answer, pending, deadLetterOpen, handedOnAs };
}

/** Whether a replay comes by for the first time: the event was processed to its end, or so long ago that its row is gone. */
function beginsAnew(event: EventRow | null, runId: string): boolean {
  if (event === null) return true;
  return event.complete && event.outcome !== 'discarded' && event.runId !== runId;
}

/** What a payload said long ago may not replace what our copy has become, where nothing says which of them is newer. */
function onlyNewer(
  judged: GuardDecision,
  local: StoredRecord | null,
  incoming: IncomingRecord,
): GuardDecision {
  const read = incoming.fetched || incoming.ours === true;
  if (judged.kind !== 'write' || local === null || read) return judged;
  return compareVersions(incoming, local) === 'newer' ? judged : { kind: 'stale' };
}

/** What this run was answered before; null where the event was last seen by another one. */
function answerBefore(event: EventRow, runId: string): Answer | null {
  const { outcome } = event;
  if (
    event.runId !== runId ||
    outcome === 'dead-lettered' ||
    outcome === 'discarded' ||
    outcome === 'ignored'
  ) {
    return null;
  }
  const known = event.hadPrevious;
  return {
    outcome,
    previous: known ? { version: event.previousVersion, sourceTime: event.previousSourceTime } : null,
  };
}

function keptBefore(event: EventRow | null): KeptCopy | null {
  return event === null || event.complete ? null : event.previousCopy;
}

function copyOf(local: StoredRecord | null): KeptCopy['copy'] {
  if (local === null) return null;
  const { data, version, sourceTime, deleted } = local;
  return { data, version, sourceTime, deleted };
}

function isUnchanged(local: StoredRecord, incoming: IncomingRecord): boolean {
  if (local.deleted || incoming.deleted) return local.deleted === incoming.deleted;
  return sameContent(local.data, incoming.data);
}

function versionOf(local: StoredRecord | null): RecordVersion | null {
  return local === null ? null : { version: local.version, sourceTime: local.sourceTime };
}

async function write(
  queries: Queries,
  { source, eventId, incoming }: ApplyInput,
  version: RecordVersion,
  revision: number,
): Promise<void> {
  const row = {
    ...version,
    deleted: incoming.deleted,
    deletionAnnounced: incoming.deleted && incoming.deletionAnnounced,
    revision,
    data: incoming.deleted ? null : incoming.data,
    lastEventId: eventId,
    updatedAt: sql`now()`,
  };
  await queries
    .insert(records)
    .values({ source, entityType: incoming.entity.type, entityId: incoming.entity.id, ...row })
    .onConflictDoUpdate({ target: [records.source, records.entityType, records.entityId], set: row });
}

async function findPending(
  queries: Queries,
  { source, eventId, destinations }: ApplyInput,
): Promise<string[]> {
  if (destinations.length === 0) return [];
  const had = await queries
    .select({ destination: deliveries.destination })
    .from(deliveries)
    .where(and(eq(deliveries.source, source), eq(deliveries.eventId, eventId)));
  const names = new Set(had.map(({ destination }) => destination));
  return destinations.filter((name) => !names.has(name));
}

async function remember(
  queries: Queries,
  { source, eventId, workflowId, runId, bodySha256 }: ApplyInput,
  known: EventRow | null,
  {
    outcome,
    previous,
    previousCopy,
    ...handing
  }: Answer & { handedOnAs: string | null; complete: boolean; previousCopy: KeptCopy | null },
): Promise<void> {
  const row = {
    outcome,
    hadPrevious: previous !== null,
    previousVersion: previous?.version ?? null,
    previousSourceTime: previous?.sourceTime ?? null,
    workflowId,
    runId,
    ...handing,
    processedAt: sql`now()`,
  };
  const event = ofEvent(processedEvents, source, eventId);
  if (known !== null) {
    const itsMonth = eq(processedEvents.firstAt, known.firstAt);
    await queries
      .update(processedEvents)
      .set({ ...row, previousCopy })
      .where(and(event, itsMonth));
    return;
  }
  // No constraint holds over all partitions: the event's lock, and having looked for its row, keep it the only one.
  const made = await queries
    .insert(processedEvents)
    .values({
      source,
      eventId,
      bodySha256,
      deadLetterOpen: false,
      ...row,
      ...(previousCopy === null ? {} : { previousCopy }),
    })
    .onConflictDoNothing()
    .returning({ eventId: processedEvents.eventId });
  // Its row is older than the event claims to be.
  if (made.length === 0) {
    await queries
      .update(processedEvents)
      .set({ ...row, previousCopy })
      .where(event);
  }
}
