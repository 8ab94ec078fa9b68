import { lt, or, isNull, sql, type SQL } from 'drizzle-orm';
import type { Queries } from './database.ts';
import { inbox } from './schema.ts';
import type { ClaimedInboxItem } from './store.ts';

const isFree = or(isNull(inbox.claimedUntil), lt(inbox.claimedUntil, sql`clock_timestamp()`));

/**
 * Of one source, the oldest first. As a range and by both columns, though the source is one: of an equality, and by the id alone,
 * PostgreSQL makes a walk along the ids, which of a source with few events among millions passes all the others by.
 */
const oldestOf = (source: SQL) =>
  sql`where ${inbox.source} >= ${source} and ${inbox.source} <= ${source} and ${isFree} order by ${inbox.source}, ${inbox.id}`;

/**
 * Claims up to `limit` events, by one transaction: every source gets an equal share, and what the one does not need goes to the
 * others. Of each source the oldest come first. Fewer than `limit` where there are no more, or others are claiming them.
 */
export async function claimBySource(
  queries: Queries,
  limit: number,
  leaseMilliseconds: number,
): Promise<ClaimedInboxItem[]> {
  const claimed: ClaimedRow[] = [];
  let waiting = await findWaiting(queries);
  while (waiting.length > 0 && claimed.length < limit) {
    const room = limit - claimed.length;
    const share = Math.max(1, Math.floor(room / waiting.length));
    const asked = waiting.slice(0, room);
    const rows = await claimOldest(queries, { sources: asked, share, leaseMilliseconds });
    claimed.push(...rows);
    const gave = (source: string): number => rows.filter((row) => row.source === source).length;
    waiting = [...waiting.slice(room), ...asked.filter((source) => gave(source) === share)];
  }
  return claimed
    .sort((a, b) => (a.id < b.id ? -1 : 1))
    .map(({ id, item, acceptedAt }) => ({ id: id.toString(), item, acceptedAt }));
}

/**
 * The sources that something waits of, the longest waiting one first. It jumps from source to source in the index: a
 * `distinct` would read all that waits.
 * @see https://wiki.postgresql.org/wiki/Loose_indexscan
 */
async function findWaiting(queries: Queries): Promise<string[]> {
  const sources = sql`(
    with recursive sources as (
      (select source from ${inbox} order by source limit 1)
      union all
      select (select ${inbox.source} from ${inbox} where ${inbox.source} > sources.source order by ${inbox.source} limit 1)
      from sources where sources.source is not null
    )
    select sources.source, oldest.id from sources cross join lateral (
      select ${inbox.id} from ${inbox} ${oldestOf(sql`sources.source`)} limit 1
    ) as oldest
  ) as waiting`;
  const rows = await queries
    .select({ source: sql<string>`waiting.source` })
    .from(sources)
    .orderBy(sql`waiting.id`);
  return rows.map(({ source }) => source);
}

type ClaimedRow = Pick<typeof inbox.$inferSelect, 'id' | 'source' | 'item' | 'acceptedAt'>;

/** Claims the oldest `share` of each of these sources; rows that others are claiming are passed over. */
function claimOldest(
  queries: Queries,
  { sources, share, leaseMilliseconds }: { sources: string[]; share: number; leaseMilliseconds: number },
): Promise<ClaimedRow[]> {
  const oldest = sql`
    select oldest.id from unnest(${sql.param(sources)}::text[]) as wanted (source) cross join lateral (
      select ${inbox.id} from ${inbox} ${oldestOf(sql`wanted.source`)} limit ${share} for update skip locked
    ) as oldest`;
  return (
    queries
      .update(inbox)
      .set({ claimedUntil: sql`clock_timestamp() + ${leaseMilliseconds} * interval '1 millisecond'` })
      // An array is made once; a plan may run a subquery of `in` again, and claim more than the limit.
      .where(sql`${inbox.id} = any(array(${oldest}))`)
      .returning({ id: inbox.id, source: inbox.source, item: inbox.item, acceptedAt: inbox.acceptedAt })
  );
}
