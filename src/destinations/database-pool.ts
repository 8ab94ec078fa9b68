import pg from 'pg';
import { ConfigurationError } from '../errors.ts';

/** Runs a statement. */
export type Query = (text: string, values?: readonly unknown[]) => Promise<void>;

const longestConnect = 5_000;

/**
 * Connections to somebody's PostgreSQL, opened when they are first used; others once the connection string has changed.
 *
 * @throws ConfigurationError where it is no URL of PostgreSQL's; without the URL in it, because of the password
 */
export function openPool(
  destination: string,
  connectionString: string | (() => string),
  { poolSize, timeoutMilliseconds }: { poolSize: number; timeoutMilliseconds: number },
): { current(): pg.Pool; close(): Promise<void> } {
  const read = typeof connectionString === 'string' ? () => connectionString : connectionString;
  const open = (url: string): pg.Pool => {
    const protocol = URL.canParse(url) ? new URL(url).protocol : null;
    if (protocol !== 'postgresql:' && protocol !== 'postgres:') {
      throw new ConfigurationError(
        `The destination "${destination}" needs a PostgreSQL URL: postgresql://user:password@host:5432/database, with special characters in the password percent-encoded.`,
      );
    }
    const pool = new pg.Pool({
      connectionString: url,
      application_name: 'landfall',
      max: poolSize,
      connectionTimeoutMillis: Math.min(timeoutMilliseconds, longestConnect),
      query_timeout: timeoutMilliseconds,
      keepAlive: true,
      allowExitOnIdle: true,
    });
    // A connection that the server ends emits an error, which without a listener ends the process. Its query fails by itself.
    pool.on('error', () => undefined);
    pool.on('connect', (client) => client.on('error', () => undefined));
    return pool;
  };
  let known = read();
  let pool = open(known);
  let closed: Promise<void> | null = null;
  return {
    current() {
      const url = read();
      if (url !== known) {
        const before = pool;
        [known, pool] = [url, open(url)];
        void before.end();
      }
      return pool;
    },
    close: () => (closed ??= pool.end()),
  };
}

/**
 * Runs `work` in one transaction at READ COMMITTED, where each statement sees what was committed before it. When the signal
 * aborts, its connection is closed, which ends the query under way, and the server takes back what it had done.
 *
 * @throws what `work` or the driver throws; the signal's reason
 */
export async function inTransaction(
  pool: pg.Pool,
  signal: AbortSignal,
  work: (query: Query) => Promise<void>,
): Promise<void> {
  const client = await pool.connect();
  const state = { released: false };
  const release = (broken: boolean): void => {
    if (!state.released) client.release(broken);
    state.released = true;
  };
  const abort = (): void => {
    release(true);
  };
  signal.addEventListener('abort', abort, { once: true });
  const query: Query = async (text, values = []) => {
    signal.throwIfAborted();
    await client.query(text, [...values]);
  };
  try {
    await query('begin isolation level read committed');
    await work(query);
    await query('commit');
    release(false);
  } catch (error) {
    release(true);
    throw signal.aborted ? signal.reason : error;
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
