import { and, asc, eq, gt, isNotNull, ne, or, sql } from 'drizzle-orm';
import { StoreRefusedError } from '../errors.ts';
import type { EntityRef } from '../model/event.ts';
import type { Database, Queries } from './database.ts';
import { createGroupCommit } from './group-commit.ts';
import { entityKeys } from './schema.ts';
import type { Store, WrappedKey } from './store.ts';

type EntityKeys = Pick<
  Store,
  'obtainEntityKey' | 'findEntityKey' | 'dropEntityKey' | 'listKeysToRewrap' | 'rewrapEntityKey'
>;

/** Of one statement: a burst's worth. */
const maxItems = 100;

/** The table `entity_keys`. */
export function createEntityKeys(database: Database): EntityKeys {
  return {
    // A burst of events of records that are new here waits for the disk once.
    obtainEntityKey: createGroupCommit<WrappedKey, WrappedKey>(
      (fresh) => database.run((queries) => obtainAll(queries, fresh)),
      { maxItems, isOfOneItem: (error) => error instanceof StoreRefusedError },
    ),

    findEntityKey: (id) =>
      database.run(async (queries) => {
        const [row] = await queries.select().from(entityKeys).where(eq(entityKeys.id, id));
        return row === undefined ? null : (toWrappedKey(row) ?? 'erased');
      }),

    dropEntityKey: (source, entity) =>
      database.run(async (queries) => {
        const dropped = await queries
          .update(entityKeys)
          .set({ entityType: null, entityId: null, wrappedBy: null, wrapped: null, erasedAt: sql`now()` })
          .where(ofEntity({ source, entity }))
          .returning({ id: entityKeys.id });
        return dropped.map(({ id }) => id);
      }),

    listKeysToRewrap: (wrappedBy, { after, limit }) =>
      database.run(async (queries) => {
        const rows = await queries
          .select()
          .from(entityKeys)
          .where(
            and(
              isNotNull(entityKeys.wrapped),
              ne(entityKeys.wrappedBy, wrappedBy),
              after === null ? undefined : gt(entityKeys.id, after),
            ),
          )
          .orderBy(asc(entityKeys.id))
          .limit(limit);
        return rows.flatMap((row) => toWrappedKey(row) ?? []);
      }),

    rewrapEntityKey: ({ id, wrappedBy, wrapped }) =>
      database.run(async (queries) => {
        await queries
          .update(entityKeys)
          .set({ wrappedBy, wrapped })
          .where(and(eq(entityKeys.id, id), isNotNull(entityKeys.wrapped)));
      }),
  };
}

const keyOf = ({ source, entity }: Pick<WrappedKey, 'source' | 'entity'>): string =>
  JSON.stringify([source, entity.type, entity.id]);

/** For each the key that its entity has, or has from now on. Most have one: they are looked for first. */
async function obtainAll(queries: Queries, fresh: readonly WrappedKey[]): Promise<WrappedKey[]> {
  const known = new Map<string, WrappedKey>();
  for (;;) {
    const wanted = fresh.filter((each) => !known.has(keyOf(each)));
    if (wanted.length === 0) return fresh.flatMap((each) => known.get(keyOf(each)) ?? []);
    const rows = await queries
      .select()
      .from(entityKeys)
      .where(or(...wanted.map(ofEntity)));
    for (const row of rows) {
      const key = toWrappedKey(row);
      if (key !== null) known.set(keyOf(key), key);
    }
    // In one order, so that two groups never wait for each other. Those that others have added meanwhile are found next time round.
    const missing = wanted.filter((each) => !known.has(keyOf(each))).sort(byKey);
    if (missing.length === 0) continue;
    const added = await queries
      .insert(entityKeys)
      .values(
        missing.map(({ id, source, entity, wrappedBy, wrapped }) => ({
          ...{ id, source, wrappedBy, wrapped },
          ...{ entityType: entity.type, entityId: entity.id, createdAt: sql`now()` },
        })),
      )
      .onConflictDoNothing()
      .returning();
    for (const row of added) {
      const key = toWrappedKey(row);
      if (key !== null) known.set(keyOf(key), key);
    }
  }
}

function byKey(one: WrappedKey, other: WrappedKey): number {
  return keyOf(one) < keyOf(other) ? -1 : 1;
}

function ofEntity({ source, entity }: { source: string; entity: EntityRef }) {
  return and(
    eq(entityKeys.source, source),
    eq(entityKeys.entityType, entity.type),
    eq(entityKeys.entityId, entity.id),
  );
}

/** null where it was erased. */
function toWrappedKey(row: typeof entityKeys.$inferSelect): WrappedKey | null {
  const { id, source, entityType, entityId, wrappedBy, wrapped } = row;
  if (entityType === null || entityId === null || wrappedBy === null || wrapped === null) return null;
  return { id, source, entity: { type: entityType, id: entityId }, wrappedBy, wrapped };
}
