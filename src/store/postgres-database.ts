import { drizzle } from 'drizzle-orm/node-postgres';
import pg from 'pg';
import { ConfigurationError, StoreUnavailableError } from '../errors.ts';
import type { Database } from './database.ts';
import { retryConflicts } from './retry-conflicts.ts';
import { toStoreError } from './store-error.ts';

const connectTimeoutMilliseconds = 10_000;
const queryTimeoutMilliseconds = 30_000;

/**
 * A pool of connections to PostgreSQL. Connects when it is first used, so that a process can start before its database.
 *
 * @param databaseUrl - `postgresql://user:password@host:5432/database?sslmode=require`
 * @throws ConfigurationError where the URL is none; without the URL in it, because of the password
 * @see https://node-postgres.com/apis/pool
 */
export function openPostgres(databaseUrl: string, poolSize: number): Database {
  const protocol = URL.canParse(databaseUrl) ? new URL(databaseUrl).protocol : null;
  if (protocol !== 'postgresql:' && protocol !== 'postgres:') {
    throw new ConfigurationError(
      'DATABASE_URL is not a PostgreSQL URL. Write it as postgresql://user:password@host:5432/database, with special characters in the password percent-encoded.',
    );
  }
  const connection = {
    connectionString: databaseUrl,
    application_name: 'landfall',
    connectionTimeoutMillis: connectTimeoutMilliseconds,
    keepAlive: true,
  };
  const pool = new pg.Pool({ ...connection, max: poolSize, query_timeout: queryTimeoutMilliseconds });
  // A connection that the server ends emits an error, which without a listener ends the process. Its query fails by itself.
  pool.on('error', () => undefined);
  pool.on('connect', (client) => client.on('error', () => undefined));
  const queries = drizzle({ client: pool });
  let closed: Promise<void> | null = null;

  return {
    engine: 'postgresql',
    async run(work) {
      try {
        return await work(queries);
      } catch (error) {
        throw toStoreError(error);
      }
    },
    transaction: (work) =>
      retryConflicts(async () => {
        const client = await pool.connect();
        let broken = false;
        try {
          return await drizzle({ client }).transaction(work, { isolationLevel: 'read committed' });
        } catch (error) {
          // A connection in doubt (a query that timed out may still run on it) is never handed to the next one.
          broken = toStoreError(error) instanceof StoreUnavailableError;
          throw error;
        } finally {
          client.release(broken);
        }
      }),
    longTransaction: (work) =>
      retryConflicts(async () => {
        const client = new pg.Client({ ...connection, query_timeout: 0 });
        client.on('error', () => undefined);
        try {
          await client.connect();
          return await drizzle({ client }).transaction(work, { isolationLevel: 'read committed' });
        } finally {
          await client.end();
        }
      }),
    connections: () => ({
      busy: pool.totalCount - pool.idleCount,
      idle: pool.idleCount,
      waiting: pool.waitingCount,
    }),
    close: () => (closed ??= pool.end()),
  };
}
