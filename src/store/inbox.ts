import { and, count, eq, inArray, or, sql } from 'drizzle-orm';
import { StoreRefusedError } from '../errors.ts';
import { claimBySource } from './claim-inbox.ts';
import type { Database, Queries } from './database.ts';
import { createGroupCommit } from './group-commit.ts';
import { inbox } from './schema.ts';
import type { InboxItem, Store } from './store.ts';

type Inbox = Pick<Store, 'addToInbox' | 'claimInbox' | 'removeFromInbox' | 'releaseInbox' | 'countInbox'>;

/** The table `inbox`. */
export function createInbox(database: Database): Inbox {
  const addToInbox = createGroupCommit<InboxItem, Added>(
    // A transaction is tried again where it lost against another: two groups may hold the same events in another order.
    (items) => database.transaction((queries) => addAll(queries, items)),
    { maxItems, isOfOneItem: (error) => error instanceof StoreRefusedError },
  );
  return {
    addToInbox,

    claimInbox: (limit, leaseMilliseconds) =>
      database.transaction((queries) => claimBySource(queries, limit, leaseMilliseconds)),

    removeFromInbox: (ids) =>
      database.run(async (queries) => {
        if (ids.length > 0) await queries.delete(inbox).where(inArray(inbox.id, ids.map(BigInt)));
      }),

    releaseInbox: (ids) =>
      database.run(async (queries) => {
        if (ids.length === 0) return;
        await queries
          .update(inbox)
          .set({ claimedUntil: null })
          .where(inArray(inbox.id, ids.map(BigInt)));
      }),

    countInbox: () =>
      database.run(async (queries) => {
        const some = queries
          .select({ id: inbox.id })
          .from(inbox)
          .limit(exactCount + 1)
          .as('some');
        const [counted] = await queries.select({ count: count() }).from(some);
        if (counted === undefined || counted.count <= exactCount) return counted?.count ?? 0;
        const [estimate] = await queries
          .select({ rows: sql<number>`greatest(reltuples, ${counted.count})::float8` })
          .from(sql`pg_class where oid = 'landfall.inbox'::regclass`);
        return estimate?.rows ?? counted.count;
      }),
  };
}

/** A count reads every row: of millions, again and again, it would slow the burst that brought them. */
const exactCount = 100_000;
/** Of one write: a burst's worth, and not too much with the largest bodies. */
const maxItems = 100;
type Added = Awaited<ReturnType<Store['addToInbox']>>;
type Row = Pick<typeof inbox.$inferInsert, 'source' | 'eventId' | 'bodySha256' | 'item'>;

function toRow(item: InboxItem): Row {
  return item.kind === 'event'
    ? { source: item.event.source, eventId: item.event.id, bodySha256: item.event.bodySha256, item }
    : { source: item.source, eventId: item.eventId, bodySha256: item.delivery.bodySha256, item };
}

const keyOf = ({ source, eventId }: Pick<Row, 'source' | 'eventId'>): string => `${source}:${eventId}`;

/** Adds many by one statement, in their order; of those with one key, the first. */
async function addAll(queries: Queries, items: readonly InboxItem[]): Promise<Added[]> {
  const rows = items.map(toRow);
  const added = new Set<string>();
  const bodies = new Map<string, string>();
  for (let missing = rows; missing.length > 0;) {
    for (const each of await insertAll(queries, missing)) added.add(keyOf(each));
    const present = missing.filter((row) => !added.has(keyOf(row)));
    for (const each of await findAll(queries, present)) bodies.set(keyOf(each), each.bodySha256);
    // Without a first one, the relay has taken it away just now: then this one is added after all.
    missing = present.filter((row) => !bodies.has(keyOf(row)));
  }
  return rows.map((row) => {
    const key = keyOf(row);
    const first = bodies.get(key);
    if (first !== undefined) return { added: false, bodySha256: first };
    bodies.set(key, row.bodySha256);
    return { added: true };
  });
}

async function insertAll(queries: Queries, rows: readonly Row[]): Promise<Pick<Row, 'source' | 'eventId'>[]> {
  return queries
    .insert(inbox)
    .values(rows.map((row) => ({ ...row, acceptedAt: sql`clock_timestamp()` })))
    .onConflictDoNothing({ target: [inbox.source, inbox.eventId] })
    .returning({ source: inbox.source, eventId: inbox.eventId });
}

async function findAll(
  queries: Queries,
  rows: readonly Row[],
): Promise<Pick<Row, 'source' | 'eventId' | 'bodySha256'>[]> {
  if (rows.length === 0) return [];
  return queries
    .select({ source: inbox.source, eventId: inbox.eventId, bodySha256: inbox.bodySha256 })
    .from(inbox)
    .where(
      or(...rows.map(({ source, eventId }) => and(eq(inbox.source, source), eq(inbox.eventId, eventId)))),
    );
}
