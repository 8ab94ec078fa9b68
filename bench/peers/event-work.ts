import pg from 'pg';
import type { EventWork } from './peer.ts';
import { vendorRecordSchema } from './record-event.ts';

/** The tables of the effects, the same for all peers. `revision` counts the writes of a record. */
const tables = `
  create schema if not exists bench;
  create table if not exists bench.records (
    id text primary key, version bigint not null, data json not null, event_id text not null,
    revision bigint not null, updated_at timestamptz not null
  );
  create table if not exists bench.processed_events (
    event_id text primary key, record_id text not null, processed_at timestamptz not null
  );`;

const markProcessed = {
  name: 'mark-processed',
  text: `insert into bench.processed_events (event_id, record_id, processed_at) values ($1, $2, now())
    on conflict (event_id) do nothing`,
};
const writeRecord = {
  name: 'write-record',
  text: `insert into bench.records as r (id, version, data, event_id, revision, updated_at)
    values ($1, $2, $3, $4, 1, now())
    on conflict (id) do update set version = excluded.version, data = excluded.data,
      event_id = excluded.event_id, revision = r.revision + 1, updated_at = excluded.updated_at
    where r.version < excluded.version`,
};
const fetchTimeoutMilliseconds = 10_000;

/** Makes the tables of the effects where they are missing. */
export async function prepareEffects(databaseUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  await client.query(tables);
  await client.end();
}

/** The two calls of an event, on a pool of 10 connections: PostgreSQL has two cores here, more would only wait. */
export function createEventWork({
  vendorUrl,
  databaseUrl,
}: {
  vendorUrl: string;
  databaseUrl: string;
}): EventWork {
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 10, connectionTimeoutMillis: 10_000 });
  // A connection that the server ends says so twice: its query fails, and that counts.
  pool.on('error', () => undefined);

  return {
    async fetchRecord(event) {
      const signal = AbortSignal.timeout(fetchTimeoutMilliseconds);
      const answer = await fetch(`${vendorUrl}/records/${encodeURIComponent(event.data.id)}`, { signal });
      if (!answer.ok) throw new Error(`The vendor answered ${answer.status}.`);
      return vendorRecordSchema.parse(await answer.json());
    },
    async applyRecord(event, record) {
      const client = await pool.connect();
      let broken = false;
      try {
        await client.query('begin');
        const marked = await client.query({ ...markProcessed, values: [event.id, record.id] });
        if (marked.rowCount === 1) {
          const values = [record.id, record.version, JSON.stringify(record), event.id];
          await client.query({ ...writeRecord, values });
        }
        await client.query('commit');
      } catch (error) {
        broken = true;
        throw error;
      } finally {
        client.release(broken);
      }
    },
  };
}

/** Both calls, one after the other, for queues whose job is one function. */
export async function processEvent(
  work: EventWork,
  event: Parameters<EventWork['fetchRecord']>[0],
): Promise<void> {
  await work.applyRecord(event, await work.fetchRecord(event));
}
