import { readdirSync, readFileSync } from 'node:fs';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { StoreUnavailableError } from '../../src/errors.ts';
import { initial } from '../../src/store/migrations/0001-initial.ts';
import { checksum, journal } from '../../src/store/migrations/journal.ts';
import { openStore } from '../../src/store/open-store.ts';
import { createDatabase, query } from '../support/create-database.ts';
import { type RecordedStatement, statementsFolder } from '../support/record-statements.ts';

const releases = readdirSync(statementsFolder).filter((name) => name.endsWith('.json'));

/** `npm run record-statements` keeps what the store of a release sends: at an upgrade it goes on doing so on the newer tables. */
describe.each(releases)('What the store of %s sends', (file) => {
  const statements = JSON.parse(readFileSync(new URL(file, statementsFolder), 'utf8')) as RecordedStatement[];
  let client: pg.Client;
  beforeAll(async () => {
    const url = await createDatabase(inject('postgresUrl'));
    const store = await openStore({ databaseUrl: url, dataDirectory: null });
    await store.migrate();
    await store.close();
    client = new pg.Client({ connectionString: url });
    await client.connect();
  });
  afterAll(() => client.end());

  it('is understood and taken by the tables of now', async () => {
    expect(statements.length).toBeGreaterThan(40);
    const refused: string[] = [];
    for (const { text, values } of statements) {
      await client.query('begin');
      await client.query(text, values).catch((error: unknown) => refused.push(`${String(error)}: ${text}`));
      await client.query('rollback');
    }
    expect(refused).toEqual([]);
  });
});

describe('A table that somebody uses for long', () => {
  it('lets no one wait behind a migration: that is given up, and done when the table is free', async () => {
    const url = await createDatabase(inject('postgresUrl'));
    await query(url, 'create schema landfall');
    await query(
      url,
      `create table landfall.migrations (id integer primary key, name text not null, checksum text not null,
         applied_at timestamp(3) with time zone not null)`,
    );
    for (const statement of initial.statements) await query(url, statement);
    await query(url, `insert into landfall.migrations values (1, 'initial', '${checksum(initial)}', now())`);

    const somebody = new pg.Client({ connectionString: url });
    await somebody.connect();
    await somebody.query('begin');
    await somebody.query('select count(*) from landfall.processed_events');
    const store = await openStore({ databaseUrl: url, dataDirectory: null });
    await expect(store.migrate()).rejects.toThrow(StoreUnavailableError);
    await expect(store.migrate()).rejects.toThrow(/55P03.*tried again/);
    // Nobody waits behind it any more.
    await query(
      url,
      'insert into landfall.inbox (source, event_id, body_sha256, item, accepted_at) values ($$s$$, $$e$$, $$b$$, $${}$$, now())',
    );

    await somebody.query('rollback');
    await somebody.end();
    await store.migrate();
    expect(await query(url, 'select count(*)::int as done from landfall.migrations')).toEqual([
      { done: journal.length },
    ]);
    await store.close();
  });
});
