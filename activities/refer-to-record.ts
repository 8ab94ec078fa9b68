import { keepClaims } from '../src/bodies/keep-claims.ts';
import { readStored } from '../src/bodies/read-stored.ts';
import type { Room } from '../src/bodies/room.ts';
import { RecordTooLargeError, StoreUnavailableError } from '../src/errors.ts';
import { describeEntity } from '../src/model/event.ts';
import type { JsonValue } from '../src/model/json.ts';
import type { IncomingRecord } from '../src/model/record.ts';
import { jsonType } from '../src/model/stored-body.ts';
import type { Store } from '../src/store/store.ts';
import { sha256Hex } from '../src/verification/digest.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { hideInError, redactingOf } from './redacting.ts';

/** Temporal's limit is 2 MiB a payload; the record passes with the event's own data around it. */
const maxHistoryBytes = 1_500_000;

/**
 * What a record takes in memory while it is read back, written and handed on, against its size: as the database sent it, as text, as
 * JSON, and as it is sent again.
 */
const copies = 4;

/** The record as it leaves an activity, and so stands in a history. */
export type ReferToRecord = (
  source: string,
  record: IncomingRecord,
  /** See `LandingInput`. */
  options: { byReference: boolean },
) => Promise<IncomingRecord>;

/**
 * Makes what keeps large records in the store, so that only a reference passes through histories: of one that is fetched, applied
 * and handed on by ordinary activities, it would stand there once for each of them.
 *
 * While the store is away a record passes whole, where Temporal takes it so.
 *
 * @throws StoreUnavailableError where it can do neither
 * @throws RecordTooLargeError where the run may not refer to it, and it is too large to pass whole
 */
export function createReferToRecord({
  store,
  metrics,
  inlineBodyBytes,
}: Pick<ActivityDependencies, 'store' | 'metrics' | 'inlineBodyBytes'>): ReferToRecord {
  return async (source, record, { byReference }) => {
    if (record.data === null) return record;
    const body = Buffer.from(JSON.stringify(record.data));
    if (body.length <= inlineBodyBytes) return record;
    const passes = body.length <= maxHistoryBytes;
    if (!byReference) {
      if (passes) return record;
      throw new RecordTooLargeError(
        `${describeEntity(record.entity)} of ${source} has ${body.length} bytes, more than the ${maxHistoryBytes} that fit through a run that an earlier version began. Replay it.`,
      );
    }
    const stored = { sha256: sha256Hex(body), bytes: body.length, contentType: jsonType };
    try {
      await keepClaims({ store, metrics }, source, [{ stored, body, entity: record.entity }]);
    } catch (error) {
      if (passes && error instanceof StoreUnavailableError) return record;
      throw error;
    }
    return { ...record, data: null, storedData: stored };
  };
}

/** What holding a record takes. */
export type HoldDependencies = Pick<ActivityDependencies, 'store' | 'room' | 'sources' | 'redact'>;

/**
 * Works with the record itself, wherever it is: a large one waits for room among those that this worker has in memory.
 *
 * What the work fails with leaves without the values that nobody gets to see: whoever refuses a record may quote it, and further out
 * only the reference is known.
 *
 * @param options.read - wraps the reading of the record
 * @throws StoreUnavailableError | BodyGoneError, and what the work throws
 */
export async function withRecord<Result>(
  dependencies: HoldDependencies,
  { source, given }: { source: string; given: IncomingRecord },
  work: (incoming: IncomingRecord) => Promise<Result>,
  { read = plainly }: { read?: typeof plainly } = {},
): Promise<Result> {
  const { incoming, leave } = await read(() => holdRecord(dependencies, given));
  try {
    return await work(incoming);
  } catch (error) {
    throw hideInError(error, redactingOf(dependencies, { source, documents: [incoming.data] }));
  } finally {
    leave();
  }
}

function plainly<Value>(reading: () => Promise<Value>): Promise<Value> {
  return reading();
}

/**
 * The record itself, and `leave` to be called when it is needed no more: see `withRecord`.
 * @throws StoreUnavailableError | BodyGoneError
 */
export async function holdRecord(
  { store, room }: { store: Pick<Store, 'readBody'>; room: Room },
  { storedData, ...record }: IncomingRecord,
): Promise<{ incoming: IncomingRecord; leave: () => void }> {
  if (storedData === undefined) return { incoming: record, leave: () => undefined };
  const leave = await room.take(storedData.bytes * copies);
  if (leave === null) {
    throw new StoreUnavailableError(
      'As many large records as LANDFALL_HELD_BODY_BYTES allows are under way in this worker: tried again.',
    );
  }
  try {
    const body = await readStored(store, storedData);
    // Written by us as JSON, under its hash.
    return { incoming: { ...record, data: JSON.parse(body.toString('utf8')) as JsonValue }, leave };
  } catch (error) {
    leave();
    throw error;
  }
}
