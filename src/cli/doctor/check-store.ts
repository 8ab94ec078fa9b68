import type { Config } from '../../config/load.ts';
import { openStore } from '../../store/open-store.ts';
import type { Store } from '../../store/store.ts';
import { checkDeliveries } from './check-deliveries.ts';
import { attempt, type Finding, failure, ok, warning } from './finding.ts';
import { judgeClock } from './judge-clock.ts';

/** Whether the database answers, has the tables of this version, and goes by the same time; and what it says of deliveries. */
export async function checkStore({ databaseUrl, sources }: Config): Promise<readonly Finding[]> {
  if (databaseUrl === null) {
    return [
      warning(
        'store',
        'DATABASE_URL is not set: only "landfall dev" runs without it',
        'set it to the PostgreSQL of your receivers and workers',
      ),
    ];
  }
  const unreachable = 'start the database, or set DATABASE_URL to where it is, with a user that may use it';
  return attempt('store', unreachable, async () => {
    const store = await openStore({ databaseUrl, dataDirectory: null, poolSize: 1 });
    try {
      await store.ping();
      const clock = await checkClock(store);
      const migrations = await checkMigrations(store);
      if (migrations.level === 'failure') return [ok('store', 'the database answers'), clock, migrations];
      const waiting = await store.countInbox();
      return [
        ok('store', `the database answers; ${waiting} events wait in the inbox`),
        clock,
        migrations,
        ...(await checkDeliveries(store, sources, Date.now())),
      ];
    } finally {
      await store.close();
    }
  });
}

async function checkClock(store: Store): Promise<Finding> {
  const askedAt = Date.now();
  const databaseAt = await store.readClock();
  return judgeClock({ askedAt, databaseAt, answeredAt: Date.now() });
}

async function checkMigrations(store: Store): Promise<Finding> {
  const { applied, missing, changed, unknown } = await store.readMigrations();
  const check = 'migrations';
  if (changed.length > 0) {
    return failure(
      check,
      `the database has other migrations under the names of ours: ${changed.join(', ')}`,
      'use a database of its own, or the version of Landfall that made this one',
    );
  }
  if (missing.length > 0) {
    return failure(
      check,
      `the database lacks ${missing.length} migrations: ${missing.join(', ')}`,
      'let a worker or receiver of this version start, which migrates it',
    );
  }
  if (unknown.length > 0) {
    return warning(
      check,
      `a newer version of Landfall has migrated the database: ${unknown.join(', ')}`,
      'use the version that your receivers and workers have',
    );
  }
  return ok(check, `the database has all ${applied} migrations`);
}
