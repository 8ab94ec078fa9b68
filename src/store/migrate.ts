import { asc, sql } from 'drizzle-orm';
import { ConfigurationError } from '../errors.ts';
import type { Database, Queries } from './database.ts';
import { lock } from './lock.ts';
import { checksum, journal } from './migrations/journal.ts';
import { migrations } from './schema.ts';

/**
 * Applies the migrations that are missing, in one transaction that one process at a time can be in.
 *
 * @throws ConfigurationError where the database is newer than this code, or has another history
 */
export function migrate(database: Database): Promise<void> {
  return database.transaction(async (queries) => {
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
    for (const migration of journal.slice(applied.length)) {
      for (const statement of migration.statements) await queries.execute(sql.raw(statement));
      await queries.insert(migrations).values({
        id: migration.id,
        name: migration.name,
        checksum: checksum(migration),
        appliedAt: sql`now()`,
      });
    }
  });
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
