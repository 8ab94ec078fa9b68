import { sql } from 'drizzle-orm';
import { createAlertMessages } from './alert-messages.ts';
import { createApply } from './apply.ts';
import { createArrivals } from './arrivals.ts';
import { createAudit } from './audit.ts';
import { createBulkLetters } from './bulk-letters.ts';
import { createBodies } from './bodies.ts';
import { createConflicts } from './conflicts.ts';
import { createCursorsAndReports } from './cursors-and-reports.ts';
import { createEntityKeys } from './entity-keys.ts';
import { createErase } from './erase-entity.ts';
import { createEvents } from './events.ts';
import { createFailures } from './failures.ts';
import { createFindDifferences } from './find-differences.ts';
import { createInbox } from './inbox.ts';
import { createIncidents } from './incidents.ts';
import { createLags } from './lags.ts';
import { createInspection } from './inspection.ts';
import { migrate } from './migrate.ts';
import { readMigrations } from './migration-state.ts';
import { createObservations } from './observations.ts';
import { createPartitions } from './partitions.ts';
import { openPglite } from './pglite-database.ts';
import { openPostgres } from './postgres-database.ts';
import { createPurge } from './purge.ts';
import { createRecords } from './records.ts';
import { createRejections } from './rejections.ts';
import { createReview } from './review.ts';
import type { Store } from './store.ts';

/** Where the store keeps its tables. */
export interface StoreSettings {
  /** `postgresql://user:password@host:5432/database`; null: the embedded PGlite. */
  databaseUrl: string | null;
  /** Where PGlite keeps its files; null: in memory, gone when the process ends. Unused with a `databaseUrl`. */
  dataDirectory: string | null;
  /** The most connections that this process opens to PostgreSQL. Unused with PGlite, which has one. @default 10 */
  poolSize?: number;
}

/**
 * Opens the store. Its tables are there after `migrate`. PostgreSQL is connected to when it is first used.
 *
 * @throws ConfigurationError where the URL is none of PostgreSQL's, or another process has the data directory
 */
export async function openStore({
  databaseUrl,
  dataDirectory,
  poolSize = 10,
}: StoreSettings): Promise<Store> {
  const database =
    databaseUrl === null ? await openPglite(dataDirectory) : openPostgres(databaseUrl, poolSize);
  return {
    engine: database.engine,
    migrate: () => migrate(database),
    ping: () =>
      database.run(async (queries) => {
        await queries.execute(sql`select 1`);
      }),
    readClock: () =>
      database.run(async (queries) => {
        const [row] = await queries
          .select({ now: sql<number>`extract(epoch from clock_timestamp()) * 1000`.mapWith(Number) })
          .from(sql`(select 1) as one`);
        return row?.now ?? Number.NaN;
      }),
    readMigrations: () => readMigrations(database),
    connections: () => database.connections(),
    close: () => database.close(),
    ...createApply(database),
    ...createEvents(database),
    ...createPartitions(database),
    ...createRecords(database),
    ...createFindDifferences(database),
    ...createInbox(database),
    ...createBodies(database),
    ...createRejections(database),
    ...createConflicts(database),
    ...createCursorsAndReports(database),
    ...createFailures(database),
    ...createArrivals(database),
    ...createAudit(database),
    ...createBulkLetters(database),
    ...createEntityKeys(database),
    ...createErase(database),
    ...createPurge(database),
    ...createLags(database),
    ...createObservations(database),
    ...createReview(database),
    ...createIncidents(database),
    ...createAlertMessages(database),
    ...createInspection(database),
  };
}
