import { asc, count, eq, inArray, and, isNull, lt, or, sql } from 'drizzle-orm';
import type { Database, Queries } from './database.ts';
import { inbox } from './schema.ts';
import type { InboxItem, Store } from './store.ts';

type Inbox = Pick<Store, 'addToInbox' | 'claimInbox' | 'removeFromInbox' | 'releaseInbox' | 'countInbox'>;

/** The table `inbox`. */
export function createInbox(database: Database): Inbox {
  return {
    addToInbox: (item) => database.run((queries) => add(queries, item)),

    claimInbox: (limit, leaseMilliseconds) =>
      database.run(async (queries) => {
        const free = queries
          .select({ id: inbox.id })
          .from(inbox)
          .where(or(isNull(inbox.claimedUntil), lt(inbox.claimedUntil, sql`clock_timestamp()`)))
          .orderBy(asc(inbox.id))
          .limit(limit)
          .for('update', { skipLocked: true });
        const rows = await queries
          .update(inbox)
          .set({ claimedUntil: sql`clock_timestamp() + ${leaseMilliseconds} * interval '1 millisecond'` })
          // An array is made once; a plan may run a subquery of `in` again, and claim more than the limit.
          .where(sql`${inbox.id} = any(array(${free}))`)
          .returning({ id: inbox.id, item: inbox.item, acceptedAt: inbox.acceptedAt });
        return rows
          .sort((a, b) => (a.id < b.id ? -1 : 1))
          .map(({ id, item, acceptedAt }) => ({ id: id.toString(), item, acceptedAt }));
      }),

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
        const [row] = await queries.select({ count: count() }).from(inbox);
        return row?.count ?? 0;
      }),
  };
}

async function add(queries: Queries, item: InboxItem): ReturnType<Inbox['addToInbox']> {
  const row =
    item.kind === 'event'
      ? { source: item.event.source, eventId: item.event.id, bodySha256: item.event.bodySha256 }
      : { source: item.source, eventId: item.eventId, bodySha256: item.delivery.bodySha256 };
  for (;;) {
    const added = await queries
      .insert(inbox)
      .values({ ...row, item, acceptedAt: sql`clock_timestamp()` })
      .onConflictDoNothing({ target: [inbox.source, inbox.eventId] })
      .returning({ id: inbox.id });
    if (added.length > 0) return { added: true };
    const [first] = await queries
      .select({ bodySha256: inbox.bodySha256 })
      .from(inbox)
      .where(and(eq(inbox.source, row.source), eq(inbox.eventId, row.eventId)));
    // Without a first one, the relay has taken it away just now: then this one is added after all.
    if (first !== undefined) return { added: false, bodySha256: first.bodySha256 };
  }
}
