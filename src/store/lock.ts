import { createHash } from 'node:crypto';
import { sql } from 'drizzle-orm';
import type { EntityRef } from '../model/event.ts';
import type { Queries } from './database.ts';

/** What a transaction can be alone with. */
export type LockName = readonly [
  kind: 'event' | 'record' | 'table' | 'migrations' | 'partitions',
  ...parts: string[],
];

export const eventLock = (source: string, eventId: string): LockName => ['event', source, eventId];
export const recordLock = (source: string, { type, id }: EntityRef): LockName => ['record', source, type, id];

/**
 * Waits until no other transaction holds one of these, and holds them to the end of this one. Always taken in the order of
 * their keys, so that two transactions can never wait for each other. Unlike row locks, they hold what has no row yet.
 * @see https://www.postgresql.org/docs/current/explicit-locking.html#ADVISORY-LOCKS
 */
export async function lock(queries: Queries, names: readonly LockName[]): Promise<void> {
  const keys = [...new Set(names.map(keyOf))].sort((a, b) => (a < b ? -1 : 1));
  const inOrder = sql.join(
    keys.map((key) => sql`${key.toString()}::bigint`),
    sql`, `,
  );
  await queries.execute(sql`select pg_advisory_xact_lock(key) from unnest(array[${inOrder}]) as key`);
}

function keyOf(name: LockName): bigint {
  return createHash('sha256')
    .update(JSON.stringify(['landfall', ...name]))
    .digest()
    .readBigInt64BE();
}
