import { asc, sql } from 'drizzle-orm';
import { ConfigurationError } from '../errors.ts';
import type { Database, Queries } from './database.ts';
import { lock } from './lock.ts';
import { checksum, journal } from './migrations/journal.ts';
import { migrations } from './schema.ts';

/** How the name of a migration begins that earlier versions cannot work beside. */
const breaking = 'breaking-';

/**
 * Applies the migrations that are missing, each in a transaction of its own, which one process at a time can be in: a long one
 * that locks little holds no lock of the short one before it. What a newer version has added is left alone: a process of the
 * version before that starts again during an upgrade, or after one that was taken back, works on the newer tables.
 *
 * @throws StoreUnavailableError where a table is in use for long: it is given up soon, and can be tried again
 * @throws ConfigurationError where the database is of a version that this code cannot work beside, or has another history
 */
export async function migrate(database: Database): Promise<void> {
  for (let more = true; more;) more = await database.longTransaction(applyNext);
}

/**
 * How long a step waits for a table. Whoever comes after it waits behind it, so a long query of somebody's must not become an
 * outage of all.
 */
const lockTimeout = '3s';

/** Answers whether another one is missing. */
async function applyNext(queries: Queries): Promise<boolean> {
  await lock(queries, [['migrations']]);
  await createJournal(queries);
  const applied = await queries.select().from(migrations).orderBy(asc(migrations.id));
  applied.forEach(({ id, name, checksum: known }, index) => {
    const ours = journal[index];
    if (ours === undefined) {
      if (!name.startsWith(breaking)) return;
      throw new ConfigurationError(
        `The database has migration ${id} (${name}), which this version of Landfall does not know: a newer version has run on it. Install that version or a later one.`,
      );
    }
    if (ours.id !== id || checksum(ours) !== known) {
      throw new ConfigurationError(
        `Migration ${id} (${name}) of the database is not the one of this version of Landfall. Use a database of its own, or the version that made this one.`,
      );
    }
  });
  const migration = journal[applied.length];
  if (migration === undefined) return false;
  // Not for the lock before: another process may be at a long step, and is waited for.
  await queries.execute(sql.raw(`set local lock_timeout = '${lockTimeout}'`));
  for (const statement of migration.statements) await queries.execute(sql.raw(statement));
  await queries.insert(migrations).values({
    id: migration.id,
    name: migration.name,
    checksum: checksum(migration),
    appliedAt: sql`now()`,
  });
  return applied.length + 1 < journal.length;
}

/** Looks before it creates: `create schema if not exists` needs the right to create even where there is nothing to do. */
async function createJournal(queries: Queries): Promise<void> {
  const [found] = await queries
    .select({
      schema: sql<string | null>`to_regnamespace('landfall')::text`,
      journal: sql<string | null>`to_regclass('landfall.migrations')::text`,
    })
    .from(sql`(select 1) as one`);
  if (found?.journal != null) return;
  if (found?.schema == null) await queries.execute(sql`create schema landfall`);
  await queries.execute(sql`create table landfall.migrations (
    id integer primary key,
    name text not null,
    checksum text not null,
    applied_at timestamp(3) with time zone not null
  )`);
}
