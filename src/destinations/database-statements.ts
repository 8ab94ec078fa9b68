import pg from 'pg';
import type { LatestRecord } from './define-destination.ts';

/** The table that a destination writes to, and the names of its columns. */
export interface TableShape {
  /** Quoted, with its schema where it has one. */
  table: string;
  key: string;
  columns: readonly string[];
  eventId: string;
  revision: string;
  /** null where rows are deleted. */
  deletedAt: string | null;
}

/** A statement with its parameters. */
export interface Statement {
  text: string;
  values: readonly unknown[];
}

const quote = (name: string): string => pg.escapeIdentifier(name);

/**
 * Inserts the row or brings it up to date; leaves one alone that is of this very state.
 *
 * @param values - of `shape.columns`, in their order
 */
export function upsertStatement(
  { table, key, columns, eventId, revision, deletedAt }: TableShape,
  id: string,
  copy: LatestRecord,
  values: readonly unknown[],
): Statement {
  const written = [...columns, eventId, revision].map(quote);
  const names = [quote(key), ...written];
  const sets = written.map((name) => `${name} = excluded.${name}`);
  if (deletedAt !== null) sets.push(`${quote(deletedAt)} = null`);
  const [event, count] = [quote(eventId), quote(revision)];
  const text = `insert into ${table} as kept (${names.join(', ')})
    values (${names.map((_, index) => `$${index + 1}`).join(', ')})
    on conflict (${quote(key)}) do update set ${sets.join(', ')}
    where (kept.${event}, kept.${count}) is distinct from (excluded.${event}, excluded.${count})`;
  return { text, values: [id, ...values, copy.eventId, copy.revision] };
}

/** Deletes the row, or marks it where the table has a column for that. */
export function removalStatement(
  { table, key, eventId, revision, deletedAt }: TableShape,
  id: string,
  copy: LatestRecord,
): Statement {
  if (deletedAt === null) return { text: `delete from ${table} where ${quote(key)} = $1`, values: [id] };
  const [event, count] = [quote(eventId), quote(revision)];
  const text = `update ${table} as kept
    set ${quote(deletedAt)} = coalesce($4::timestamptz, now()), ${event} = $2, ${count} = $3
    where ${quote(key)} = $1 and (kept.${event}, kept.${count}) is distinct from ($2, $3)`;
  return { text, values: [id, copy.eventId, copy.revision, copy.version.sourceTime] };
}
