import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { drizzle } from 'drizzle-orm/pglite';
import { StoreUnavailableError } from '../errors.ts';
import type { Database, Queries } from './database.ts';
import { lockDataDirectory } from './pglite-lock.ts';
import { retryConflicts } from './retry-conflicts.ts';
import { toStoreError } from './store-error.ts';

/**
 * PostgreSQL inside this process. It runs one transaction at a time, and one process at a time can have its files.
 *
 * @param dataDirectory - where it keeps them, made where it is missing; null: in memory, gone at the end
 * @throws ConfigurationError where another process has them
 * @see https://pglite.dev/docs/
 */
export async function openPglite(dataDirectory: string | null): Promise<Database> {
  if (dataDirectory === null)
    return wrap(await PGlite.create(), { lost: () => false, release: async () => {} });
  await mkdir(dataDirectory, { recursive: true });
  const lock = await lockDataDirectory(dataDirectory);
  try {
    return wrap(await PGlite.create({ dataDir: join(dataDirectory, 'store') }), lock);
  } catch (error) {
    await lock.release();
    throw toStoreError(error);
  }
}

function wrap(client: PGlite, lock: { lost(): boolean; release(): Promise<void> }): Database {
  const queries = drizzle({ client });
  let closed: Promise<void> | null = null;

  return {
    engine: 'pglite',
    async run(work) {
      try {
        assertHeld();
        return await work(queries);
      } catch (error) {
        throw toStoreError(error);
      }
    },
    transaction,
    longTransaction: transaction,
    connections: () => null,
    close: () => (closed ??= close()),
  };

  function transaction<T>(work: (queries: Queries) => Promise<T>): Promise<T> {
    return retryConflicts(() => {
      assertHeld();
      return queries.transaction(work, { isolationLevel: 'read committed' });
    });
  }

  function assertHeld(): void {
    if (lock.lost()) {
      throw new StoreUnavailableError(
        'Another process has taken over the data directory of the embedded store. End one of the two, or set DATABASE_URL to share a database.',
      );
    }
  }

  async function close(): Promise<void> {
    try {
      if (!lock.lost()) await client.close();
    } finally {
      await lock.release();
    }
  }
}
