import { DestinationRefusedError } from '../errors.ts';
import type { EntityRef } from '../model/event.ts';
import type { JsonObject, JsonValue } from '../model/json.ts';
import type { RetrySettings } from '../model/retry.ts';
import { readPointer } from '../sources/json-pointer.ts';
import { throwIfCancelled } from '../sources/vendor-error.ts';
import { withTimeout } from '../sources/with-timeout.ts';
import { toDatabaseError } from './database-error.ts';
import { inTransaction, openPool } from './database-pool.ts';
import { readShape } from './database-shape.ts';
import { removalStatement, upsertStatement } from './database-statements.ts';
import type { Destination, LatestRecord } from './define-destination.ts';

/** Where a column's value is: a JSON Pointer into the record, or what makes it of the record. */
export type ColumnSource<Data = JsonObject> =
  string | ((record: Data, about: { source: string; entity: EntityRef; eventId: string }) => unknown);

/** Which table `databaseDestination` writes to, and how. */
export interface DatabaseDestinationOptions<Data = JsonObject> {
  /** Unique within the source, and stable. */
  name: string;
  /** `postgresql://user:password@host:5432/database`; a function where the password may change. */
  connectionString: string | (() => string);
  /** `customers`, or with its schema `billing.customers`. A part with a dot in it goes between double quotes. */
  table: string;
  /** The types of records that go there: a table has room for one kind. */
  entity: string | readonly string[];
  /** The column that holds the vendor's id of the record: the primary key, or unique. @default id */
  key?: string | undefined;
  /** The other columns, each with what goes into it: `{ email: '/email', plan: '/subscription/plan' }`. */
  columns: Readonly<Record<string, ColumnSource<Data>>>;
  /** The column for the id of the event that wrote the row. @default landfall_event_id */
  eventId?: string | undefined;
  /** The column for the count of our copy's states, of which the row is one. @default landfall_revision */
  revision?: string | undefined;
  /** The column that says when the record was deleted, a `timestamptz`. @default the row is deleted */
  deletedAt?: string | undefined;
  /** Which event types it is for. @default all */
  accepts?: ((eventType: string) => boolean) | undefined;
  /** What is other than for the source's steps. @default the source's */
  retry?: Partial<RetrySettings> | undefined;
  /** For one write, from connecting to its commit. @default 15000 */
  timeoutMilliseconds?: number | undefined;
  /** Connections of one process. @default 5 */
  poolSize?: number | undefined;
}

/**
 * A destination that keeps a table of yours in PostgreSQL as the vendor's records are, with the event's id beside each row.
 *
 * A row is written as our copy is at that moment, below a lock of its own. So whatever is late, tried again or out of order, a
 * row never goes back to an older version, one that was deleted does not come back, and writing it again changes nothing.
 * The table is yours: it is never created or altered. docs/handlers-and-destinations.md has one to begin with.
 *
 * `Data` is your word for what the record is.
 *
 * @throws ConfigurationError where the URL, a name or a pointer is none, or two parts want one column
 */
export function databaseDestination<Data = JsonObject>(
  options: DatabaseDestinationOptions<Data>,
): Destination {
  const { name, retry, timeoutMilliseconds = 15_000, poolSize = 5 } = options;
  const shape = readShape(options);
  const entities = typeof options.entity === 'string' ? [options.entity] : options.entity;
  const pool = openPool(name, options.connectionString, { poolSize, timeoutMilliseconds });

  return {
    name,
    ...(retry === undefined ? {} : { retry }),
    accepts: (type, entity) => entities.includes(entity.type) && (options.accepts?.(type) ?? true),
    async deliver({ source, entity }, { signal, latest }) {
      const rowLock = JSON.stringify(['landfall', shape.table, entity.id]);
      try {
        await withTimeout(signal, timeoutMilliseconds, (inTime) =>
          inTransaction(pool.current(), inTime, async (query) => {
            await query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [rowLock]);
            // Read below the lock: whoever writes a newer one later waits for it.
            const copy = await latest();
            const { text, values } = copy.deleted
              ? removalStatement(shape, entity.id, copy)
              : upsertStatement(shape, entity.id, copy, valuesOf(options, { source, entity }, copy));
            await query(text, values);
          }),
        );
      } catch (error) {
        throwIfCancelled(signal);
        throw toDatabaseError(error, { name, shape });
      }
    },
    close: () => pool.close(),
  };
}

/** @throws DestinationRefusedError where a function of yours does: another try would give it the same record */
function valuesOf<Data>(
  { name, columns }: Pick<DatabaseDestinationOptions<Data>, 'name' | 'columns'>,
  about: { source: string; entity: EntityRef },
  { record, eventId }: LatestRecord,
): unknown[] {
  return Object.entries(columns).map(([column, from]) => {
    if (typeof from === 'string') return toParameter(readPointer(record, from));
    try {
      return from(record as unknown as Data, { ...about, eventId }) ?? null;
    } catch (error) {
      // Its message may repeat a value of the record.
      const kind = error instanceof Error ? error.name : 'something';
      throw new DestinationRefusedError(
        `The destination "${name}" refuses the write: the function of the column "${column}" threw ${kind}. Let it take records such as this one, deploy, replay.`,
      );
    }
  });
}

/** An object or an array as JSON text, which columns of `json`, `jsonb` and text take. */
function toParameter(value: JsonValue | undefined): unknown {
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : (value ?? null);
}
