import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { ConfigurationError, StoreUnavailableError } from '../../src/errors.ts';
import { journal } from '../../src/store/migrations/journal.ts';
import { openStore } from '../../src/store/open-store.ts';
import type { Store } from '../../src/store/store.ts';
import { storeContract } from '../contracts/store.contract.ts';
import { buildApply, buildInboxItem } from '../support/build-apply.ts';
import { createDatabase, query } from '../support/create-database.ts';
import { type PostgresServer, startPostgres } from '../support/postgres.ts';
import { recordStatements } from '../support/record-statements.ts';

const open = (databaseUrl: string) => openStore({ databaseUrl, dataDirectory: null });

describe('the store on PostgreSQL', () => {
  const writeDown = recordStatements();
  afterAll(writeDown);
  storeContract(async () => open(await createDatabase(inject('postgresUrl'))));
});

describe('a PostgreSQL server that goes away', () => {
  let server: PostgresServer;
  let store: Store;
  beforeAll(async () => {
    server = await startPostgres();
    store = await open(await server.createDatabase());
    await store.migrate();
  });
  afterAll(async () => {
    await store.close();
    await server.stop();
  });

  it('makes every call fail as unavailable, and is used again when it is back', async () => {
    await store.apply(buildApply());
    await Promise.all(Array.from({ length: 5 }, () => store.ping()));
    await server.halt();
    await expect(store.ping()).rejects.toThrow(StoreUnavailableError);
    await expect(store.apply(buildApply({ eventId: 'evt_2' }))).rejects.toThrow(StoreUnavailableError);
    await expect(store.addToInbox(buildInboxItem('evt_2'))).rejects.toThrow(/ECONNREFUSED/);
    await server.resume();
    expect(await store.apply(buildApply({ eventId: 'evt_2' }))).toMatchObject({ outcome: 'unchanged' });
    expect(await store.findEvent('shop', 'evt_1')).toMatchObject({ outcome: 'applied' });
  });

  it('loses or doubles nothing when it restarts in the middle of many events that are tried again', async () => {
    const restarts = { over: false };
    const restarting = (async () => {
      for (let round = 0; round < 4; round += 1) {
        await wait(Math.random() * 150);
        await server.restart();
      }
      restarts.over = true;
    })();
    const land = async (version: number): Promise<string[]> => {
      const ask = buildApply({
        source: 'busy',
        eventId: `evt_${version}`,
        incoming: { version: String(version), data: { version } },
      });
      for (;;) {
        try {
          const result = await store.apply(ask);
          return result.kind === 'done' ? [result.outcome] : [];
        } catch (error) {
          if (!(error instanceof StoreUnavailableError)) throw error;
          await wait(5);
        }
      }
    };
    const outcomes: string[] = [];
    let version = 0;
    while (!restarts.over) {
      const batch = Array.from({ length: 10 }, () => land((version += 1)));
      outcomes.push(...(await Promise.all(batch)).flat());
    }
    await restarting;
    expect(outcomes).toHaveLength(version);
    expect(outcomes).not.toContain('duplicate');
    const entity = { type: 'customer', id: 'cus_1' };
    const applied = outcomes.filter((outcome) => outcome === 'applied').length;
    expect(await store.findRecord('busy', entity)).toMatchObject({
      version: String(version),
      revision: applied,
    });
    const counts = (await store.countEvents()).filter(({ source }) => source === 'busy');
    expect(counts.find(({ outcome }) => outcome === 'applied')?.count).toBe(applied);
    expect(counts.reduce((sum, { count }) => sum + count, 0)).toBe(version);
  });

  it('may cut off idle connections, which ends no process', async () => {
    await Promise.all(Array.from({ length: 8 }, () => store.ping()));
    const others = `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'landfall'`;
    expect((await query(server.url, others)).length).toBeGreaterThan(0);
    await expect.poll(() => store.ping().then(() => 'up')).toBe('up');
  });

  it('is unavailable to a process that gets no connection', async () => {
    await query(server.url, 'create role limited login connection limit 1');
    const url = server.url.replace('postgres@', 'limited@');
    const crowded = await openStore({ databaseUrl: url, dataDirectory: null, poolSize: 3 });
    const results = await Promise.allSettled([crowded.ping(), crowded.ping(), crowded.ping()]);
    const reasons = results.flatMap((result) =>
      result.status === 'rejected' ? [String(result.reason)] : [],
    );
    expect(reasons.length).toBeGreaterThan(0);
    for (const reason of reasons) expect(reason).toMatch(/StoreUnavailableError.*53300.*max_connections/);
    await crowded.close();
  });
});

describe('an inbox of more than 100,000 events', () => {
  it('is counted by an estimate', async () => {
    const url = await createDatabase(inject('postgresUrl'));
    const store = await open(url);
    await store.migrate();
    await query(url, 'alter table landfall.inbox set (autovacuum_enabled = false)');
    const add = (first: number, last: number) =>
      query(
        url,
        `insert into landfall.inbox (source, event_id, body_sha256, item, accepted_at)
           select 'shop', 'evt_' || n, 'b', '{}', now() from generate_series(${first}, ${last}) as n`,
      );
    await add(1, 100_000);
    expect(await store.countInbox()).toBe(100_000);
    await add(100_001, 150_000);
    // Nobody has estimated yet.
    expect(await store.countInbox()).toBe(100_001);
    await query(url, 'analyze landfall.inbox');
    const estimate = await store.countInbox();
    expect(estimate).toBeGreaterThan(140_000);
    expect(estimate).toBeLessThan(160_000);
    await store.close();
  });
});

describe('migrating a PostgreSQL database', () => {
  it('happens once when many processes start together', async () => {
    const url = await createDatabase(inject('postgresUrl'));
    const stores = await Promise.all(Array.from({ length: 6 }, () => open(url)));
    await Promise.all(stores.map((store) => store.migrate()));
    expect(await query(url, 'select id from landfall.migrations')).toEqual(journal.map(({ id }) => ({ id })));
    await Promise.all(stores.map((store) => store.close()));
  });

  it('goes on where a newer version has run, unless that says that nobody can work beside it', async () => {
    const url = await createDatabase(inject('postgresUrl'));
    const store = await open(url);
    await store.migrate();
    const insert = (id: number, name: string) =>
      query(url, `insert into landfall.migrations values (${id}, '${name}', 'x', now())`);
    await insert(1_000, 'from-the-future');
    await store.migrate();
    expect(await store.apply(buildApply())).toMatchObject({ outcome: 'applied' });
    await insert(1_001, 'breaking-from-the-future');
    await expect(store.migrate()).rejects.toThrow(ConfigurationError);
    await expect(store.migrate()).rejects.toThrow(/migration 1001 \(breaking-.*newer version/);
    await store.close();
  });

  it('is refused where a migration of the database is another one', async () => {
    const url = await createDatabase(inject('postgresUrl'));
    const store = await open(url);
    await store.migrate();
    await query(url, `update landfall.migrations set checksum = 'edited'`);
    await expect(store.migrate()).rejects.toThrow(/Migration 1 \(initial\)/);
    await store.close();
  });

  it('is looked at without changing anything: what is missing, unknown or another one', async () => {
    const url = await createDatabase(inject('postgresUrl'));
    const store = await open(url);
    const all = journal.map(({ id, name }) => `${id} ${name}`);
    const none = { applied: 0, missing: all, unknown: [], changed: [] };
    expect(await store.readMigrations()).toEqual(none);
    expect(await query(url, `select to_regnamespace('landfall')::text as schema`)).toEqual([
      { schema: null },
    ]);
    await store.migrate();
    await query(url, `update landfall.migrations set checksum = 'edited' where id = 2`);
    await query(url, `insert into landfall.migrations values (1000, 'from-the-future', 'x', now())`);
    expect(await store.readMigrations()).toEqual({
      ...{ applied: all.length + 1, missing: [], unknown: ['1000 from-the-future'], changed: [all[1]] },
    });
    await store.close();
  });

  it('left out makes the store unavailable, not the events bad', async () => {
    const store = await open(await createDatabase(inject('postgresUrl')));
    await expect(store.apply(buildApply())).rejects.toThrow(StoreUnavailableError);
    await expect(store.apply(buildApply())).rejects.toThrow(/migrates/);
    await store.close();
  });

  it('needs no right to create where the tables are there', async () => {
    const url = await createDatabase(inject('postgresUrl'));
    const owner = await open(url);
    await owner.migrate();
    await owner.close();
    const role = `reader_${Math.random().toString(36).slice(2)}`;
    await query(url, `create role ${role} login`);
    await query(url, `grant usage on schema landfall to ${role}`);
    await query(url, `grant select, insert, update, delete on all tables in schema landfall to ${role}`);
    const limited = await open(url.replace('postgres@', `${role}@`));
    await limited.migrate();
    expect(await limited.apply(buildApply())).toMatchObject({ outcome: 'applied' });
    await limited.close();
  });
});

describe('a wrong DATABASE_URL', () => {
  const password = 'hunter2-hunter2';

  it.each([`mysql://landfall:${password}@127.0.0.1/x`, `postgresql://landfall:${password}@[::/x`, password])(
    'that is not one of PostgreSQL is refused without telling the password: %#',
    async (url) => {
      const error: unknown = await open(url).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(ConfigurationError);
      expect(everything(error)).not.toContain(password);
    },
  );

  it('of a database that is not there is told as it is used, without the password', async () => {
    const url = new URL(inject('postgresUrl'));
    url.password = password;
    url.pathname = '/nowhere';
    const store = await open(url.href);
    const error: unknown = await store.ping().catch((reason: unknown) => reason);
    await store.close();
    expect(error).toBeInstanceOf(StoreUnavailableError);
    expect(everything(error)).toMatch(/nowhere.*Check the database name/s);
    expect(everything(error)).not.toContain(password);
  });
});

describe('a refused value', () => {
  it('is refused for good, and the message tells what, but not the record', async () => {
    const store = await open(await createDatabase(inject('postgresUrl')));
    await store.migrate();
    const incoming = { entity: { type: 'customer', id: 'cus\u00001' }, data: { card: '4242424242424242' } };
    const error: unknown = await store.apply(buildApply({ incoming })).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'LANDFALL_STORE_REFUSED', retryable: false });
    expect(everything(error)).toContain('22021');
    expect(everything(error)).not.toContain('4242');
    await store.close();
  });
});

/** What a careless log would show of an error. */
function everything(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const own = Object.getOwnPropertyNames(error).map((name) => String(Reflect.get(error, name)));
  return [error.stack ?? '', ...own, error.cause === undefined ? '' : everything(error.cause)].join('\n');
}
