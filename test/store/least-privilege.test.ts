import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { StoreUnavailableError } from '../../src/errors.ts';
import { openStore } from '../../src/store/open-store.ts';
import { storeContract } from '../contracts/store.contract.ts';
import { buildApply } from '../support/build-apply.ts';
import { createDatabase, query } from '../support/create-database.ts';

const rolesSql = readFileSync(new URL('../../docs/database-roles.sql', import.meta.url), 'utf8');
const day = 86_400_000;

const open = (databaseUrl: string) => openStore({ databaseUrl, dataDirectory: null });

/** The URL of the same database for one of the two roles. */
function as(role: 'landfall_owner' | 'landfall_app', url: string): string {
  const changed = new URL(url);
  changed.username = role;
  return changed.href;
}

async function migrate(url: string): Promise<void> {
  const store = await open(url);
  await store.migrate();
  await store.close();
}

/** A database with the roles of docs/database-roles.sql, migrated by its owner. */
async function prepare(): Promise<string> {
  const url = await createDatabase(inject('postgresUrl'));
  await query(url, rolesSql);
  await migrate(as('landfall_owner', url));
  return url;
}

describe('The store, as a role that reads and writes rows and nothing else', () => {
  storeContract(async () => open(as('landfall_app', await prepare())));
});

describe('The role of receivers and workers', () => {
  let url: string;
  beforeAll(async () => {
    url = await prepare();
  });
  const ask = (text: string) => query(as('landfall_app', url), text);

  it.each([
    'create table landfall.more (id integer)',
    'create table public.more (id integer)',
    'create schema more',
    'create role more',
    'drop table landfall.inbox',
    'truncate landfall.records',
    'alter table landfall.records add column more integer',
    'alter table landfall.processed detach partition landfall.processed_events',
    `copy landfall.records to program 'true'`,
    'set role landfall_owner',
  ])('may not: %s', async (statement) => {
    await expect(ask(statement)).rejects.toMatchObject({ code: '42501' });
  });

  it('makes months and drops those that are long over, by functions that do nothing else', async () => {
    // As after some years, in which the past was dropped.
    await query(url, 'alter table landfall.processed detach partition landfall.processed_events');
    await query(
      as('landfall_owner', url),
      `create table landfall.processed_2020_01 partition of landfall.processed (primary key (source, event_id))
         for values from ('2020-01-01 00:00+00') to ('2020-02-01 00:00+00')`,
    );
    const store = await open(as('landfall_app', url));
    const { made, dropped } = await store.keepPartitions(90 * day);
    expect(dropped).toEqual(['processed_2020_01']);
    expect(made).toHaveLength(3);
    await store.apply(buildApply());
    const [held] = await query(url, 'select tableoid::regclass::text as month from landfall.processed');
    expect(held).toEqual({ month: `landfall.${made[0] ?? ''}` });
    await store.close();

    expect(await ask(`select landfall.drop_processed_month('records') as dropped`)).toEqual([
      { dropped: false },
    ]);
    await expect(ask(`select landfall.drop_processed_month('${made[0] ?? ''}')`)).rejects.toThrow(/60 days/);
    await expect(ask(`select landfall.make_processed_month('2001-01-01')`)).rejects.toThrow(/present one on/);
    await expect(ask(`select landfall.make_processed_month('2999-01-01')`)).rejects.toThrow(/for a year/);
  });

  it('never drops a month in which something is open', async () => {
    await query(
      as('landfall_owner', url),
      `create table landfall.processed_2021_01 partition of landfall.processed (primary key (source, event_id))
         for values from ('2021-01-01 00:00+00') to ('2021-02-01 00:00+00')`,
    );
    await query(
      url,
      `insert into landfall.processed (source, event_id, outcome, had_previous, workflow_id, run_id, body_sha256, complete,
         dead_letter_open, processed_at, first_at)
       values ('shop', 'evt_open', 'dead-lettered', false, 'w', 'r', 'b', false, true, now(), '2021-01-05 00:00+00')`,
    );
    expect(await ask(`select landfall.drop_processed_month('processed_2021_01') as dropped`)).toEqual([
      { dropped: false },
    ]);
  });

  it('waits for the owner where the tables are to be changed', async () => {
    const empty = await createDatabase(inject('postgresUrl'));
    await query(empty, rolesSql);
    const store = await open(as('landfall_app', empty));
    await expect(store.migrate()).rejects.toThrow(StoreUnavailableError);
    await expect(store.migrate()).rejects.toThrow(/42501/);
    await migrate(as('landfall_owner', empty));
    await store.migrate();
    expect(await store.apply(buildApply())).toMatchObject({ outcome: 'applied' });
    await store.close();
  });
});

describe('A database that another role has made', () => {
  it('is taken over, at the second time as at the first', async () => {
    const url = await createDatabase(inject('postgresUrl'));
    await migrate(url);
    await query(url, rolesSql);
    await query(url, rolesSql);
    const owners = await query(
      url,
      `select distinct tableowner as owner from pg_tables where schemaname = 'landfall'
       union select distinct pg_get_userbyid(proowner) from pg_proc where pronamespace = 'landfall'::regnamespace`,
    );
    expect(owners).toEqual([{ owner: 'landfall_owner' }]);
    await migrate(as('landfall_owner', url));
    const store = await open(as('landfall_app', url));
    expect(await store.apply(buildApply())).toMatchObject({ outcome: 'applied' });
    expect((await store.keepPartitions(null)).dropped).toEqual([]);
    await store.close();
  });
});
