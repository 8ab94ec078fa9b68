/** One way to keep the processed events, tried against the others. Months are counted from 0, the oldest. */
export interface Layout {
  name: string;
  /** Before the rows are there. */
  create(months: number): string[];
  /** The table that the rows of a month are loaded into. */
  target(month: number): string;
  /** A table for each month, that can be emptied before it is loaded. */
  ownTables: boolean;
  /** After all rows are there: the indexes, and what joins the tables. */
  finish(months: number): string[];
  /** Inserts one event, in the order of `columns`, below the event's lock and after a look-up that found nothing. */
  insert: string;
  /** What takes the oldest month away, each statement timed by itself. */
  expire: string[];
}

export const firstMonth = new Date('2024-01-01T00:00:00Z');

/** The first moment of a month, as SQL reads it. */
export function startOfMonth(month: number): string {
  const start = new Date(firstMonth);
  start.setUTCMonth(start.getUTCMonth() + month);
  return start.toISOString();
}

/** The columns of landfall.processed_events, and when the event was first seen. */
const columns = `
  source text collate "C" not null,
  event_id text collate "C" not null,
  outcome text not null,
  had_previous boolean not null,
  previous_version text,
  previous_source_time timestamp(3) with time zone,
  workflow_id text not null,
  run_id text not null,
  body_sha256 text not null,
  complete boolean not null,
  dead_letter_open boolean not null,
  processed_at timestamp(3) with time zone not null,
  first_at timestamp(3) with time zone not null`;

const values = '($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)';
const insert = `insert into bench.processed values ${values}`;
const expired = `first_at < '${startOfMonth(1)}'`;
const remove = [`delete from bench.processed where ${expired}`, 'vacuum bench.processed'];
const hashParts = 32;
const numbers = (count: number) => Array.from({ length: count }, (_, index) => index);

/** One table with one unique index, as without partitions. */
const one: Layout = {
  name: 'one table',
  create: () => [`create table bench.processed (${columns})`],
  target: () => 'bench.processed',
  ownTables: false,
  finish: () => ['alter table bench.processed add primary key (source, event_id)'],
  insert: `${insert} on conflict (source, event_id) do update set outcome = excluded.outcome`,
  expire: remove,
};

/** A partition for each month in which events were first seen; an event id is unique within each. */
const monthly: Layout = {
  name: 'by month',
  create: (months) => numbers(months).map((month) => `create table bench.month_${month} (${columns})`),
  target: (month) => `bench.month_${month}`,
  ownTables: true,
  finish: (months) => [
    `create table bench.processed (${columns}) partition by range (first_at)`,
    ...numbers(months).flatMap((month) => [
      `alter table bench.month_${month} add primary key (source, event_id)`,
      `alter table bench.processed attach partition bench.month_${month}
         for values from ('${startOfMonth(month)}') to ('${startOfMonth(month + 1)}')`,
    ]),
  ],
  insert,
  expire: ['drop table bench.month_0'],
};

/** A partition for each part of the hashes of the keys: the unique index can be one of the whole table. */
const hashed: Layout = {
  name: 'by hash',
  create: () => [
    `create table bench.processed (${columns}) partition by hash (source, event_id)`,
    ...numbers(hashParts).map(
      (part) =>
        `create table bench.hash_${part} partition of bench.processed
           for values with (modulus ${hashParts}, remainder ${part})`,
    ),
  ],
  target: () => 'bench.processed',
  ownTables: false,
  finish: () => ['alter table bench.processed add primary key (source, event_id)'],
  insert: one.insert,
  expire: remove,
};

export const layouts: Readonly<Record<string, Layout>> = { one, monthly, hashed };
