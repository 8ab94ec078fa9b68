import {
  DestinationDeniedError,
  DestinationRefusedError,
  DestinationUnavailableError,
  LandfallError,
} from '../errors.ts';
import type { TableShape } from './database-statements.ts';

/** What of an error of PostgreSQL is looked at. */
interface DatabaseProblem {
  /** SQLSTATE, or Node's code; empty where there is none. */
  code: string;
  message: string;
  column: string | null;
  constraint: string | null;
  /** Which parameter of the statement it is about, from 1. */
  parameter: number | null;
}

/**
 * What every error of a user's database becomes. What another try may mend (no connection, no room, a deadlock, a
 * restart) is unavailable; what is wrong with every record (no such table or column, no permission) is denied, and what is
 * wrong with this one (a value that does not fit) is refused, both with what to do.
 *
 * No value of a record gets out: PostgreSQL repeats values in its messages about data, so those are not passed on.
 * @see https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
export function toDatabaseError(
  error: unknown,
  { name, shape }: { name: string; shape: TableShape },
): LandfallError {
  if (error instanceof LandfallError) return error;
  const problem = readProblem(error);
  const what = `The destination "${name}"`;
  const refusal = problem === null ? null : refusalOf(problem, shape);
  if (refusal !== null && problem !== null) {
    const Refusal = concernsAll.test(problem.code) ? DestinationDeniedError : DestinationRefusedError;
    return new Refusal(`${what} refuses the write: ${refusal} (${problem.code}).`);
  }
  const reason =
    problem === null
      ? 'it did not answer in time'
      : `${problem.message}${problem.code === '' ? '' : ` (${problem.code})`}`;
  return new DestinationUnavailableError(`${what} cannot be written to: ${reason}.`, null, { cause: error });
}

/** About the user, the database, the table or the statement: no record gets in. */
const concernsAll = /^(0A|28|3D|42)...$/;

function refusalOf(
  { code, message, column, constraint, parameter }: DatabaseProblem,
  shape: TableShape,
): string | null {
  const { table } = shape;
  const about = column === null ? columnOf(shape, parameter) : `the column "${column}"`;
  switch (code) {
    case '42P01':
      return `there is no table ${table}. Create it, or name the one that is there`;
    case '42703':
      return `${message}. Add the column to ${table}, or take it out of the destination`;
    case '42P10':
      return `${table} has no unique constraint on "${shape.key}". Make it the primary key, or unique`;
    case '42501':
      return `${message}. Grant its user select, insert, update and delete on ${table}`;
    case '23502':
      return `${about} of ${table} may not be null, and the record has nothing there. Let it be null, or name another place in the record`;
    case '23505':
      return `another row of ${table} has the same value under the constraint "${constraint ?? ''}". Only "${shape.key}" may have to be unique, or the records are not`;
    case '28P01':
    case '28000':
      return 'its user or password is wrong. Mend the connection string';
    case '3D000':
      return 'its database is not there. Mend the connection string';
    default:
      break;
  }
  if (/^23...$/.test(code)) {
    return `the row breaks the constraint "${constraint ?? ''}" of ${table}. Mend the constraint or the record`;
  }
  if (/^22...$/.test(code)) {
    return `what the record has for ${about} does not fit its type. Change the type, or make the value with a function`;
  }
  // Names of columns and types, never a value.
  return /^(0A|42)...$/.test(code)
    ? `${message}. Look at ${table} and at the columns of the destination`
    : null;
}

function columnOf({ key, columns, eventId, revision }: TableShape, parameter: number | null): string {
  const name = parameter === null ? undefined : [key, ...columns, eventId, revision][parameter - 1];
  return name === undefined ? `a column of ${[key, ...columns].join(', ')}` : `the column "${name}"`;
}

function readProblem(error: unknown): DatabaseProblem | null {
  // Node joins the failures of IPv4 and IPv6 into one error without a message.
  const first: unknown = error instanceof AggregateError ? error.errors[0] : error;
  if (!(first instanceof Error) || first.name === 'TimeoutError') return null;
  const text = (name: string): string | null => {
    const value: unknown = Reflect.get(first, name);
    return typeof value === 'string' ? value : null;
  };
  const [, parameter] = /parameter \$(\d+)/.exec(text('where') ?? '') ?? [];
  return {
    code: text('code') ?? '',
    message: first.message,
    column: text('column'),
    constraint: text('constraint'),
    parameter: parameter === undefined ? null : Number(parameter),
  };
}
