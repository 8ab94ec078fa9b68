import { asc, sql } from 'drizzle-orm';
import { ConfigurationError } from '../errors.ts';
import type { Database, Queries } from './database.ts';
import { lock } from './lock.ts';
import { checksum, journal } from './migrations/journal.ts';
import { migrations } from './schema.ts';

/**
 * Applies the migrations that are missing, each in a transaction of its own, which one process at a time can be in: a long one
 * that locks little holds no lock of the short one before it.
 *
 * @throws ConfigurationError where the database is newer than this code, or has another history
 */
export async function migrate(database: Database): Promise<void> {
  for (let more = true; more;) more = await database.longTransaction(applyNext);
}

/** Answers whether another one is missing. */
async function applyNext(queries: Queries): Promise<boolean> {
  await lock(queries, [['migrations']]);
  await createJournal(queries);
  const applied = await queries.select().from(migrations).orderBy(asc(migrations.id));
  applied.forEach(({ id, name, checksum: known }, index) => {
    const ours = journal[index];
    if (ours === undefined) {
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
