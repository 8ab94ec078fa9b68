import fc from 'fast-check';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { databaseDestination, type DatabaseDestinationOptions } from '../../src/destinations/database.ts';
import type { Destination, LatestRecord } from '../../src/destinations/define-destination.ts';
import {
  DestinationDeniedError,
  DestinationRefusedError,
  DestinationUnavailableError,
} from '../../src/errors.ts';
import type { JsonValue } from '../../src/model/json.ts';
import { createDatabase, query } from '../support/create-database.ts';
import { startPostgres } from '../support/postgres.ts';

const signal = new AbortController().signal;
const entity = { type: 'customer', id: 'cus_1' };

let url: string;
let table: string;
let count = 0;
const made: Destination[] = [];

beforeAll(async () => {
  url = await createDatabase(inject('postgresUrl'));
});
beforeEach(async () => {
  count += 1;
  table = `customers_${count}`;
  await query(
    url,
    `create table ${table} (
       id text primary key,
       email text,
       plan text default 'free',
       tags jsonb,
       landfall_event_id text not null,
       landfall_revision bigint not null,
       deleted_at timestamptz
     )`,
  );
});
afterAll(async () => {
  for (const each of made) await each.close?.();
});

function destination(options: Partial<DatabaseDestinationOptions> = {}): Destination {
  const one = databaseDestination({
    ...{ name: 'tables', connectionString: url, table, entity: 'customer' },
    columns: { email: '/email', plan: '/subscription/plan' },
    ...options,
  });
  made.push(one);
  return one;
}

/** Our copy after so many writes. */
const copyOf = (revision: number, parts: Partial<LatestRecord> = {}): LatestRecord => ({
  record: { email: `${revision}@example.com`, subscription: { plan: `plan ${revision}` } },
  version: { version: String(revision), sourceTime: null },
  deleted: false,
  eventId: `evt_${revision}`,
  revision,
  ...parts,
});
const gone = (revision: number): LatestRecord =>
  copyOf(revision, {
    record: null,
    deleted: true,
    version: { version: null, sourceTime: '2026-01-02T03:04:05.000Z' },
  });

/** Hands an event on while our copy is as `latest` says. */
function deliver(to: Destination, latest: LatestRecord | (() => Promise<LatestRecord>), id = entity.id) {
  const read = typeof latest === 'function' ? latest : () => Promise.resolve(latest);
  return to.deliver(
    {
      ...{ source: 'shop', eventId: 'evt_of_the_write', eventType: 'customer.updated' },
      ...{ record: { email: 'of@the.write' }, version: { version: '1', sourceTime: null }, deleted: false },
      ...{ outcome: 'applied', idempotencyKey: 'key', entity: { type: 'customer', id } },
    },
    { signal, latest: read },
  );
}

const rows = () => query(url, `select * from ${table} order by id`);

describe('a table that a destination keeps', () => {
  it('has a row of what our copy is, with the event beside it that wrote it', async () => {
    const to = destination();
    await deliver(to, copyOf(1));
    expect(await rows()).toEqual([
      {
        ...{ id: 'cus_1', email: '1@example.com', plan: 'plan 1', tags: null, deleted_at: null },
        ...{ landfall_event_id: 'evt_1', landfall_revision: '1' },
      },
    ]);
    await deliver(to, copyOf(2));
    await deliver(to, copyOf(2, { eventId: 'evt_other' }), 'cus_2');
    expect(await rows()).toMatchObject([
      { id: 'cus_1', email: '2@example.com', landfall_event_id: 'evt_2' },
      { id: 'cus_2', landfall_event_id: 'evt_other' },
    ]);
  });

  it('is not written a second time by a retry or a duplicate', async () => {
    const to = destination();
    await deliver(to, copyOf(1));
    const mark = () => query(url, `select xmin::text from ${table}`);
    const before = await mark();
    await Promise.all([deliver(to, copyOf(1)), deliver(to, copyOf(1))]);
    expect(await mark()).toEqual(before);
    await deliver(to, copyOf(2));
    expect(await mark()).not.toEqual(before);
  });

  it('has nothing where the record has none, also over what was there', async () => {
    const to = destination();
    await deliver(to, copyOf(1));
    await deliver(to, copyOf(2, { record: { email: null } }));
    expect(await rows()).toMatchObject([{ email: null, plan: null }]);
  });

  it('loses the row of a record that is gone, whichever of two late events comes last', async () => {
    const to = destination();
    await deliver(to, copyOf(1));
    await deliver(to, gone(2));
    expect(await rows()).toEqual([]);
    // The update that was on its way before is handed on now: as our copy is, which is gone.
    await deliver(to, gone(2));
    expect(await rows()).toEqual([]);
    await deliver(to, copyOf(3));
    expect(await rows()).toMatchObject([{ landfall_event_id: 'evt_3' }]);
  });

  it('keeps the row with a mark where it has a column for that, and takes the mark away again', async () => {
    const to = destination({ deletedAt: 'deleted_at' });
    await deliver(to, gone(1));
    expect(await rows()).toEqual([]);
    await deliver(to, copyOf(2));
    await deliver(to, gone(3));
    await deliver(to, gone(3));
    expect(await rows()).toMatchObject([
      {
        ...{ email: '2@example.com', landfall_event_id: 'evt_3', landfall_revision: '3' },
        deleted_at: new Date('2026-01-02T03:04:05.000Z'),
      },
    ]);
    await deliver(to, { ...gone(4), version: { version: null, sourceTime: null } });
    await deliver(to, copyOf(5));
    expect(await rows()).toMatchObject([{ deleted_at: null, landfall_event_id: 'evt_5' }]);
  });

  it('ends as our copy is, however many events bring it at once and in whatever order', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.boolean(), { minLength: 2, maxLength: 8 }),
        fc.boolean(),
        fc.infiniteStream(fc.nat(3)),
        async (deletions, marks, pauses) => {
          const to = destination(marks ? { deletedAt: 'deleted_at' } : {});
          const id = `cus_${Math.random()}`;
          // Our copy goes on while the events are on their way, each of which reads it below its row's lock.
          const copy = { revision: 0, deleted: false };
          const pause = async () => {
            for (let left = pauses.next().value; left > 0; left -= 1) await query(url, 'select 1');
          };
          const read = async (): Promise<LatestRecord> => {
            const seen = { ...copy };
            await pause();
            return seen.deleted ? gone(seen.revision) : copyOf(seen.revision);
          };
          const events: Promise<void>[] = [];
          for (const [index, deleted] of deletions.entries()) {
            Object.assign(copy, { revision: index + 1, deleted });
            events.push(deliver(to, read, id));
            await pause();
          }
          await Promise.all(events);
          const kept = await query(url, `select * from ${table} where id = '${id}' and deleted_at is null`);
          expect(kept).toMatchObject(copy.deleted ? [] : [{ landfall_revision: String(copy.revision) }]);
          await to.close?.();
        },
      ),
      { numRuns: 10 },
    );
  });

  it.each<[string, JsonValue]>([
    ['a text', 'it’s; drop table customers; --'],
    ['a number', 1.5],
    ['a truth', true],
    ['nothing', null],
    ['an object', { a: [1, null], "it's": '"' }],
    ['a list', ['a', 'b', { c: 1 }]],
  ])('takes %s as it is', async (_what, value) => {
    const to = destination({ columns: { email: '/value', tags: '/json' } });
    await deliver(to, copyOf(1, { record: { value, json: { value } } }));
    const text = typeof value === 'object' && value !== null ? JSON.stringify(value) : value;
    expect(await rows()).toMatchObject([{ email: text === null ? null : String(text), tags: { value } }]);
  });

  it('takes what a function makes of the record', async () => {
    await query(url, `alter table ${table} add column created timestamptz, add column names text[]`);
    const to = destination({
      columns: {
        created: () => new Date('2026-01-01T00:00:00Z'),
        names: ({ email }) => [email],
        email: (_record, about) => `${about.source}/${about.entity.id}/${about.eventId}`,
        plan: () => undefined,
      },
    });
    await deliver(to, copyOf(1));
    expect(await rows()).toMatchObject([
      {
        ...{ created: new Date('2026-01-01T00:00:00Z'), names: ['1@example.com'], plan: null },
        email: 'shop/cus_1/evt_1',
      },
    ]);
  });

  it('may have any name, and so may its columns', async () => {
    await query(url, `create schema "od""d"`);
    await query(
      url,
      `create table "od""d"."cus.to""mers" ("select" text primary key, "a""b" text, "event; --" text, "$1" bigint)`,
    );
    const to = destination({
      ...{ table: '"od""d"."cus.to""mers"', key: 'select', eventId: 'event; --', revision: '$1' },
      columns: { 'a"b': '/email' },
    });
    await deliver(to, copyOf(7));
    expect(await query(url, `select * from "od""d"."cus.to""mers"`)).toEqual([
      { select: 'cus_1', 'a"b': '7@example.com', 'event; --': 'evt_7', $1: '7' },
    ]);
  });
});

describe('what its database says', () => {
  const failing = async (options: Partial<DatabaseDestinationOptions>, record: JsonValue = {}) =>
    deliver(destination(options), copyOf(1, { record })).then(
      () => null,
      (error: unknown) => error as Error,
    );

  it.each<[string, string | null, Partial<DatabaseDestinationOptions>, RegExp]>([
    ['that there is no table', null, { table: 'nowhere' }, /no table "nowhere"\. Create it.*42P01/],
    ['that there is no column', null, { columns: { naem: '/name' } }, /column "naem".*Add the column.*42703/],
    ['that the key is not unique', null, { key: 'email', columns: {} }, /no unique constraint on "email"/],
    ['that nothing is there', 'alter column plan set not null', {}, /column "plan" of .* may not be null/],
    ['that a value does not fit', 'alter column email type int using 5', {}, /column "email" does not fit/],
    ['that one is too long', 'alter column email type varchar(3)', {}, /does not fit its type.*22001/],
    ['that one is twice', `add constraint one_each unique (plan)`, {}, /constraint "one_each"/],
    ['that a rule is broken', `add constraint rule check (email <> '4242 4242')`, {}, /constraint "rule"/],
  ])('%s is refused with what to do, and without the value', async (_what, alter, options, message) => {
    if (alter !== null) await query(url, `alter table ${table} ${alter}`);
    const record = {
      email: '4242 4242',
      subscription: { plan: alter?.includes('set not null') === true ? null : 'x' },
    };
    if (alter?.includes('one_each') === true) await deliver(destination(), copyOf(1, { record }), 'cus_0');
    const error = await failing(options, record);
    expect(error).toBeInstanceOf(DestinationRefusedError);
    expect(error?.message).toMatch(message);
    expect(everything(error)).not.toContain('4242');
  });

  it('that a function for a column throws is refused, without what it says', async () => {
    const plan = (): never => {
      throw new RangeError('no plan for 4242 4242');
    };
    const error = await failing({ columns: { email: '/email', plan } }, { email: 'ada@example.com' });
    expect(error).toBeInstanceOf(DestinationRefusedError);
    expect(error).not.toBeInstanceOf(DestinationDeniedError);
    expect(error?.message).toMatch(/the function of the column "plan" threw RangeError/);
    expect(everything(error)).not.toContain('4242');
    expect(await rows()).toEqual([]);
  });

  it('that a right is missing, or that its user is not known, is refused', async () => {
    const role = `reader_${count}`;
    await query(url, `create role ${role} login`);
    const as = (user: string) => url.replace('postgres@', `${user}@`);
    expect((await failing({ connectionString: as(role) }))?.message).toMatch(
      /permission denied.*Grant its user/,
    );
    expect((await failing({ connectionString: as('nobody_at_all') }))?.message).toMatch(
      /user or password is wrong/,
    );
    const nowhere = new URL(url);
    nowhere.pathname = '/nowhere';
    expect((await failing({ connectionString: nowhere.href }))?.message).toMatch(/its database is not there/);
  });

  it('is waited for no longer than its time, and what it had done is taken back', async () => {
    const other = new pg.Client({ connectionString: url });
    await other.connect();
    await other.query(`begin; lock table ${table} in access exclusive mode`);
    const error = await failing({ timeoutMilliseconds: 300 });
    expect(error).toBeInstanceOf(DestinationUnavailableError);
    await other.query('rollback');
    await other.end();
    expect(await rows()).toEqual([]);
  });

  it('ends with the call, which is no failure of it', async () => {
    const controller = new AbortController();
    const reason = new Error('the worker stops');
    const write = destination().deliver(
      {
        ...{ source: 'shop', eventId: 'evt_1', eventType: 'customer.updated', entity, record: {} },
        ...{
          version: { version: '1', sourceTime: null },
          deleted: false,
          outcome: 'applied',
          idempotencyKey: 'k',
        },
      },
      {
        signal: controller.signal,
        latest: () => {
          controller.abort(reason);
          return Promise.resolve(copyOf(1));
        },
      },
    );
    await expect(write).rejects.toBe(reason);
    expect(await rows()).toEqual([]);
  });

  it('while it restarts is tried again, and then taken', async () => {
    const server = await startPostgres();
    try {
      const own = await server.createDatabase();
      await query(
        own,
        'create table t (id text primary key, landfall_event_id text, landfall_revision bigint)',
      );
      const to = destination({ connectionString: own, table: 't', columns: {} });
      await deliver(to, copyOf(1));
      await server.halt();
      await expect(deliver(to, copyOf(2))).rejects.toBeInstanceOf(DestinationUnavailableError);
      await server.resume();
      await expect.poll(() => deliver(to, copyOf(2)).then(() => 'taken')).toBe('taken');
      expect(await query(own, 'select landfall_event_id from t')).toEqual([{ landfall_event_id: 'evt_2' }]);
    } finally {
      await server.stop();
    }
  });

  it('is asked with the newest password, without a restart', async () => {
    const current = { url: url.replace('postgres@', 'nobody_at_all@') };
    const to = destination({ connectionString: () => current.url });
    await expect(deliver(to, copyOf(1))).rejects.toBeInstanceOf(DestinationRefusedError);
    current.url = url;
    await deliver(to, copyOf(1));
    expect(await rows()).toHaveLength(1);
  });
});

/** What a careless log would show of an error. */
function everything(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const own = Object.getOwnPropertyNames(error).map((name) => String(Reflect.get(error, name)));
  return [error.stack ?? '', ...own, error.cause === undefined ? '' : everything(error.cause)].join('\n');
}
