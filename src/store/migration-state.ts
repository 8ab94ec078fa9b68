import { asc, sql } from 'drizzle-orm';
import type { Database } from './database.ts';
import { checksum, journal } from './migrations/journal.ts';
import { migrations } from './schema.ts';
import type { MigrationState } from './store.ts';

/** Compares the migrations of a database with those of this version, and changes nothing. */
export function readMigrations(database: Database): Promise<MigrationState> {
  return database.run(async (queries) => {
    const [found] = await queries
      .select({ journal: sql<string | null>`to_regclass('landfall.migrations')::text` })
      .from(sql`(select 1) as one`);
    const applied =
      found?.journal == null ? [] : await queries.select().from(migrations).orderBy(asc(migrations.id));
    const names = (all: readonly { id: number; name: string }[]) =>
      all.map(({ id, name }) => `${id} ${name}`);
    return {
      applied: applied.length,
      missing: names(journal.slice(applied.length)),
      unknown: names(applied.slice(journal.length)),
      changed: names(
        applied.filter((each, index) => {
          const ours = journal[index];
          return ours !== undefined && (ours.id !== each.id || checksum(ours) !== each.checksum);
        }),
      ),
    };
  });
}
