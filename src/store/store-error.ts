import { LandfallError, StoreRefusedError, StoreUnavailableError } from '../errors.ts';

/**
 * What every error of the database becomes. Data that the database refuses is refused for good; all else (no connection,
 * no disk, no migration, no permission, no time) is an outage, which somebody mends and no event is lost for.
 *
 * The query and its parameters, where drizzle puts the record itself, stay out, and so does the detail of a refusal.
 * @see https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
export function toStoreError(error: unknown): LandfallError {
  if (error instanceof LandfallError) return error;
  const cause = rootCause(error);
  const code = codeOf(cause);
  const message = cause instanceof Error && cause.message !== '' ? cause.message : 'no reason was given';
  const what = code === null ? message : `${message} (${code})`;
  if (isRefusal(cause, code)) return new StoreRefusedError(`The store refused a value: ${what}.`);
  return new StoreUnavailableError(`The store cannot be used: ${what}.${advice(code)}`, { cause });
}

/** True for a deadlock or a serialization failure: the same transaction, tried again, can succeed. */
export function isConflict(error: unknown): boolean {
  const code = codeOf(rootCause(error));
  return code === '40P01' || code === '40001';
}

/** Missing tables and permissions (class 42) are somebody's mistake at an upgrade, not the value's. */
const mendable = new Set(['42P01', '42703', '42501', '42883']);

function isRefusal(cause: unknown, code: string | null): boolean {
  if (code === null) return cause instanceof TypeError || cause instanceof RangeError;
  return /^(0A|22|23|42|54)/.test(code) && isSqlState(code) && !mendable.has(code);
}

function advice(code: string | null): string {
  if (code === '42P01' || code === '42703' || code === '3F000') {
    return ' Its tables are not those of this version: let a worker or receiver of this version start, which migrates them.';
  }
  if (code === '42501') return ' The database user needs the rights on the schema "landfall".';
  if (code === '55P03') return ' Another transaction has locked the table for long; this is tried again.';
  if (code === '53100') return ' The database has no disk space left.';
  if (code === '53300')
    return ' Raise max_connections of the database, or lower the pool size of the processes.';
  if (code?.startsWith('28') === true) return ' Check the user and the password in DATABASE_URL.';
  if (code === '3D000') return ' Check the database name in DATABASE_URL.';
  return '';
}

function rootCause(error: unknown): unknown {
  let cause = error;
  while (cause instanceof Error && cause.cause instanceof Error) cause = cause.cause;
  // Node joins the failures of IPv4 and IPv6 into one error without a message.
  return cause instanceof AggregateError && cause.errors[0] instanceof Error ? cause.errors[0] : cause;
}

function codeOf(error: unknown): string | null {
  if (typeof error !== 'object' || error === null || !('code' in error)) return null;
  return typeof error.code === 'string' ? error.code : null;
}

/** Five digits and capitals, as PostgreSQL has them; Node's codes (ECONNREFUSED) are longer or contain an underscore. */
function isSqlState(code: string): boolean {
  return /^[0-9A-Z]{5}$/.test(code);
}
