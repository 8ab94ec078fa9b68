import { Context } from '@temporalio/activity';
import { ConfigurationError, RecordTooLargeError, VendorBehindError } from '../src/errors.ts';
import { describeEntity, happenedAt, type EntityRef, type EventRef } from '../src/model/event.ts';
import type { IncomingRecord } from '../src/model/record.ts';
import {
  compareVersions,
  describeVersion,
  readRecordVersion,
  type RecordVersion,
} from '../src/model/version.ts';
import { largestBodyBytes } from '../src/sources/body-limit.ts';
import type { SourceRecord } from '../src/sources/define-source.ts';
import type { StoredRecord } from '../src/store/store.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { findSource } from './find-source.ts';
import { callOut } from './call-out.ts';
import type { Activities } from './types.ts';

const unversioned: RecordVersion = { version: null, sourceTime: null };

/** Reads the record fresh from the vendor, whole, after a look at what the store knows of the event and the record. */
export function createFetchRecord({
  sources,
  store,
  now,
  logger,
}: ActivityDependencies): Activities['fetchRecord'] {
  return async ({ event, entity }) => {
    const source = findSource(sources, event.source);
    const fetchRecord = source.fetchRecord?.bind(source);
    if (fetchRecord === undefined) {
      throw new ConfigurationError(
        `The source "${source.name}" fetches no records and its adapter gave no snapshot for ${event.type}: one of the two is needed.`,
      );
    }
    const known = await lookUp(event, entity);
    if (known.duplicate) return { kind: 'duplicate' };
    if (known.goesOnWith !== null) return { kind: 'record', incoming: ours(known.goesOnWith) };
    const record = await callOut((signal) => fetchRecord(entity, { signal }));
    const incoming =
      record === null
        ? gone(event, entity, known.revision)
        : read(event, entity, record, known.revision, now());
    const { version, sourceTime, deleted } = incoming;
    const { workflowId } = Context.current().info.workflowExecution ?? {};
    logger.debug(
      { source: source.name, eventId: event.id, workflowId, entity, version, sourceTime, deleted },
      'fetched',
    );
    return { kind: 'record', incoming };
  };

  /** An outage of the store holds up nothing here: the guard then asks for another fetch where it needs one. */
  async function lookUp(
    event: EventRef,
    entity: EntityRef,
  ): Promise<{ duplicate: boolean; revision: number | null; goesOnWith: StoredRecord | null }> {
    try {
      const happened = happenedAt(event);
      const { processed, revision, goesOnWith } = await store.lookUp(
        event.source,
        event.id,
        entity,
        happened,
      );
      const another = processed?.runId !== Context.current().info.workflowExecution?.runId;
      const done = processed !== null && processed.complete && !processed.deadLetterOpen && another;
      // A repair brings what our copy lacks, whatever another run of the event has left undone.
      const goesOn = event.foundBy !== 'reconciliation' || !another;
      return {
        duplicate: done && event.foundBy === 'webhook',
        revision,
        goesOnWith: goesOn ? goesOnWith : null,
      };
    } catch (error) {
      logger.warn(
        { err: error, source: event.source, eventId: event.id },
        'fetching without a look at the store',
      );
      return { duplicate: false, revision: null, goesOnWith: null };
    }
  }
}

/** Our own copy: see `Store.lookUp`. */
function ours(record: StoredRecord): IncomingRecord {
  const { entity, version, sourceTime, data, deleted, deletionAnnounced } = record;
  return {
    entity,
    version,
    sourceTime,
    data,
    deleted,
    deletionAnnounced,
    fetched: false,
    ours: true,
    basis: null,
  };
}

/** The vendor has no such record: a tombstone, under the version that the event announced. */
function gone(event: EventRef, entity: EntityRef, basis: number | null): IncomingRecord {
  return {
    ...(event.announced ?? unversioned),
    entity,
    data: null,
    deleted: true,
    deletionAnnounced: event.deletes,
    fetched: true,
    basis,
  };
}

function read(
  event: EventRef,
  entity: EntityRef,
  record: SourceRecord,
  basis: number | null,
  now: number,
): IncomingRecord {
  const deleted = record.deleted === true;
  const version = readRecordVersion(record, now);
  if (event.announced !== null && compareVersions(event.announced, version) === 'newer') {
    throw new VendorBehindError(
      `${event.source} announced ${describeEntity(entity)} as ${describeVersion(event.announced)}, but its API still shows ${describeVersion(version)}.`,
    );
  }
  const bytes = Buffer.byteLength(JSON.stringify(record.data));
  if (bytes > largestBodyBytes) {
    throw new RecordTooLargeError(
      `${describeEntity(entity)} of ${event.source} has ${bytes} bytes, more than the ${largestBodyBytes} that are kept. Let the adapter fetch fewer fields.`,
    );
  }
  return {
    ...version,
    entity,
    data: deleted ? null : record.data,
    deleted,
    deletionAnnounced: deleted,
    fetched: true,
    basis,
  };
}
