import { and, eq, lt, or, sql } from 'drizzle-orm';
import type { Database, Queries } from './database.ts';
import { ofEvent } from './events.ts';
import { eventLock, lock } from './lock.ts';
import { processedEvents } from './schema.ts';
import type { Store } from './store.ts';

interface Partition {
  name: string;
  /** null: without a beginning. */
  from: Date | null;
  until: Date;
}

const one = sql`(select 1) as one`;

/** Months that are made ahead, beside the present one: a worker that is down for so long misses nothing. */
const monthsAhead = 2;

/** The partitions of the table `processed`: one for each month in which events were first seen, by UTC. */
export function createPartitions(database: Database): Pick<Store, 'keepPartitions'> {
  return {
    async keepPartitions(keepMilliseconds) {
      const made = await changing(database, makeMissing);
      const dropped: string[] = [];
      if (keepMilliseconds === null) return { made, dropped };
      const { present, partitions } = await database.run(list);
      const limit = new Date(present.getTime() - keepMilliseconds);
      for (const partition of partitions.filter(({ until }) => until <= limit)) {
        await keepOpenWork(database, partition);
        if (await changing(database, (queries) => drop(queries, partition))) dropped.push(partition.name);
      }
      return { made, dropped };
    },
  };
}

/** One process at a time; gives up where others hold the table for long, so that nobody queues behind a lock that is waited for. */
function changing<T>(database: Database, work: (queries: Queries) => Promise<T>): Promise<T> {
  return database.longTransaction(async (queries) => {
    await queries.execute(sql`set local lock_timeout = '5s'`);
    await lock(queries, [['partitions']]);
    return work(queries);
  });
}

async function list(queries: Queries): Promise<{ present: Date; partitions: Partition[] }> {
  const bounds = sql`pg_get_expr(c.relpartbound, c.oid)`;
  const rows = await queries
    .select({
      present: sql`now()`.mapWith(toDate),
      name: sql<string | null>`c.relname`,
      from: sql`substring(${bounds} from $$FROM \\('([^']+)'\\)$$)::timestamptz`.mapWith(toDate),
      until: sql`substring(${bounds} from $$TO \\('([^']+)'\\)$$)::timestamptz`.mapWith(toDate),
    })
    .from(
      sql`${one} left join (pg_inherits i join pg_class c on c.oid = i.inhrelid)
        on i.inhparent = 'landfall.processed'::regclass`,
    );
  const partitions = rows.flatMap(({ name, from, until }) =>
    name === null || (until as Date | null) === null ? [] : [{ name, from, until }],
  );
  return { present: rows[0]?.present ?? new Date(), partitions };
}

async function makeMissing(queries: Queries): Promise<string[]> {
  const { present, partitions } = await list(queries);
  const made: string[] = [];
  for (let ahead = 0; ahead <= monthsAhead; ahead += 1) {
    const from = startOfMonth(present, ahead);
    if (partitions.some((each) => from < each.until && (each.from === null || each.from <= from))) continue;
    made.push(await make(queries, from));
  }
  return made;
}

/** By a function of the database, since only the owner of the table may: see migration 9. */
async function make(queries: Queries, month: Date): Promise<string> {
  const [made] = await queries
    .select({ name: sql<string>`landfall.make_processed_month(${month.toISOString()})` })
    .from(one);
  return made?.name ?? '';
}

/** Moves what somebody may still come back to into the present month, each below its event's lock. */
async function keepOpenWork(database: Database, { name, until }: Partition): Promise<void> {
  const open = or(eq(processedEvents.deadLetterOpen, true), eq(processedEvents.complete, false));
  for (;;) {
    const moved = await database.longTransaction(async (queries) => {
      const events = await queries
        .select({ source: sql<string>`source`, eventId: sql<string>`event_id` })
        .from(sql`${sql.identifier('landfall')}.${sql.identifier(name)}`)
        .where(sql`dead_letter_open or not complete`)
        .limit(100);
      if (events.length === 0) return 0;
      await lock(
        queries,
        events.map(({ source, eventId }) => eventLock(source, eventId)),
      );
      for (const { source, eventId } of events) {
        await queries
          .update(processedEvents)
          .set({ firstAt: sql`now()` })
          .where(
            and(
              ofEvent(processedEvents, source, eventId),
              lt(processedEvents.firstAt, until.toISOString()),
              open,
            ),
          );
      }
      return events.length;
    });
    if (moved === 0) return;
  }
}

/** False where it is gone already, or something in it was opened again. */
async function drop(queries: Queries, { name }: Partition): Promise<boolean> {
  const [answer] = await queries
    .select({ dropped: sql<boolean>`landfall.drop_processed_month(${name})` })
    .from(one);
  return answer?.dropped === true;
}

function startOfMonth(of: Date, ahead: number): Date {
  return new Date(Date.UTC(of.getUTCFullYear(), of.getUTCMonth() + ahead));
}

function toDate(value: unknown): Date {
  return value instanceof Date ? value : new Date(String(value));
}
