import type { PgDatabase, PgQueryResultHKT } from 'drizzle-orm/pg-core';
import type { PoolUse, Store } from './store.ts';

/** What queries are made with: a connection, or a transaction on it. */
export type Queries = PgDatabase<PgQueryResultHKT>;

/** A database that can be queried; PostgreSQL or PGlite. What it throws is a StoreUnavailableError or a StoreRefusedError. */
export interface Database {
  readonly engine: Store['engine'];
  /** Runs a query that needs no transaction. */
  run<T>(work: (queries: Queries) => Promise<T>): Promise<T>;
  /**
   * Runs `work` in one transaction at READ COMMITTED, where each statement sees what was committed before it: after a lock
   * was waited for, the next statement reads what the other wrote. Tried again a few times on a deadlock, so `work` must
   * have no effect outside of the database.
   */
  transaction<T>(work: (queries: Queries) => Promise<T>): Promise<T>;
  /** As `transaction`, on a connection of its own without a limit of time: for what reads or changes whole tables. */
  longTransaction<T>(work: (queries: Queries) => Promise<T>): Promise<T>;
  /** See `Store.connections`. */
  connections(): PoolUse | null;
  close(): Promise<void>;
}
