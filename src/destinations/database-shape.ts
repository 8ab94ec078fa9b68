import pg from 'pg';
import { ConfigurationError } from '../errors.ts';
import { isJsonPointer } from '../sources/json-pointer.ts';
import type { DatabaseDestinationOptions } from './database.ts';
import type { TableShape } from './database-statements.ts';

/**
 * The table and its columns, as a destination's options say.
 * @throws ConfigurationError where a name or a pointer is none, or two parts want one column
 */
export function readShape<Data>({
  name,
  table,
  columns,
  key = 'id',
  eventId = 'landfall_event_id',
  revision = 'landfall_revision',
  deletedAt,
}: DatabaseDestinationOptions<Data>): TableShape {
  const given = Object.keys(columns);
  const all = [key, ...given, eventId, revision, ...(deletedAt === undefined ? [] : [deletedAt])];
  const twice = all.find((column, index) => all.indexOf(column) !== index);
  if (twice !== undefined) {
    throw new ConfigurationError(
      `The destination "${name}" writes the column "${twice}" twice: the key, the columns, the event's id, the revision and the deletion each need their own.`,
    );
  }
  const wrong = Object.entries(columns).find(([, from]) => typeof from === 'string' && !isJsonPointer(from));
  if (wrong !== undefined) {
    throw new ConfigurationError(
      `The column "${wrong[0]}" of the destination "${name}" must be a JSON Pointer such as "/email", or a function.`,
    );
  }
  const parts = splitName(table);
  if (parts.length > 2 || [...parts, ...all].some((each) => each === '' || each.includes('\0'))) {
    throw new ConfigurationError(
      `The destination "${name}" needs a table ("customers" or "billing.customers") and columns with names that PostgreSQL can have.`,
    );
  }
  return {
    table: parts.map((part) => pg.escapeIdentifier(part)).join('.'),
    key,
    columns: given,
    eventId,
    revision,
    deletedAt: deletedAt ?? null,
  };
}

/** `billing.customers` in its parts; one between double quotes may hold a dot. An empty part where it is no such name. */
function splitName(text: string): string[] {
  const parts = text.match(/"(?:[^"]|"")*"|[^."]+/g) ?? [];
  if (parts.length === 0 || parts.join('.') !== text) return [''];
  return parts.map((part) => (part.startsWith('"') ? part.slice(1, -1).replaceAll('""', '"') : part));
}
