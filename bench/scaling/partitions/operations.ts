import type pg from 'pg';
import { firstMonth, type Layout } from './layouts.ts';
import { freshKey, freshRow, keyOf } from './rows.ts';

/** How far back in time an event is looked for; a layout without partitions in time has nothing to leave out. */
export type Reach = 'everything' | 'a year' | 'since it happened';

/** One thing that is done over and over, each time with another event. */
export type Operation = (client: pg.PoolClient) => Promise<void>;

interface Situation {
  layout: Layout;
  reach: Reach;
  /** Rows that were loaded, over so many months. */
  rows: number;
  months: number;
  /** Named statements are planned once for each connection, others each time. */
  named: boolean;
}

const day = 86_400_000;
/** How long before its first processing an event may say that it happened: the margin for clocks and late deliveries. */
const margin = 31 * day;

/** A single look-up of an event that was never seen. */
export function missOf(situation: Situation): Operation {
  return async (client) => {
    await lookUp(client, situation, freshKey(), sinceNow(situation));
  };
}

/** A single look-up of an event that is there: one of the last three days of a vendor's retries, or any. */
export function duplicateOf(situation: Situation, age: 'recent' | 'any'): Operation {
  const { rows, months } = situation;
  const perMonth = Math.floor(rows / months);
  return async (client) => {
    const all = perMonth * months;
    const number = age === 'any' ? random(all) : all - 1 - random(Math.floor(perMonth / 10));
    const happened = new Date(firstMonth.getTime() + (number / all) * months * 30.4 * day);
    const since =
      situation.reach === 'since it happened' ? new Date(happened.getTime() - margin) : sinceNow(situation);
    await lookUp(client, situation, keyOf(number), since);
  };
}

/** The whole transaction of a new event, as `Store.apply` makes it: lock, look-up, insert, commit. Without the record. */
export function freshOf(situation: Situation): Operation {
  const text = situation.layout.insert;
  return async (client) => {
    const row = freshRow(endOf(situation));
    await client.query('begin');
    await client.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [row[1]]);
    await lookUp(client, situation, [String(row[0]), String(row[1])], sinceNow(situation));
    await client.query({ ...(situation.named ? { name: 'insert' } : {}), text, values: row });
    await client.query('commit');
  };
}

async function lookUp(
  client: pg.PoolClient,
  { reach, named }: Situation,
  key: readonly [string, string],
  since: Date,
): Promise<void> {
  const text = 'select * from bench.processed where source = $1 and event_id = $2';
  const bound = reach === 'everything' ? '' : ' and first_at >= $3';
  const values = reach === 'everything' ? [...key] : [...key, since];
  await client.query({ ...(named ? { name: `look up ${reach}` } : {}), text: text + bound, values });
}

/** From when on an event that happens now is looked for. */
function sinceNow(situation: Situation): Date {
  const back = situation.reach === 'a year' ? 334 * day : margin;
  return new Date(endOf(situation).getTime() - back);
}

/** The moment of the measurement in the time of the rows: late in the newest month. */
function endOf({ months }: Situation): Date {
  const end = new Date(firstMonth);
  end.setUTCMonth(end.getUTCMonth() + months);
  return new Date(end.getTime() - day);
}

function random(below: number): number {
  return Math.floor(Math.random() * below);
}
