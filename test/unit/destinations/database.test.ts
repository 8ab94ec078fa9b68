import { describe, expect, it } from 'vitest';
import { databaseDestination, type DatabaseDestinationOptions } from '../../../src/destinations/database.ts';
import { toDatabaseError } from '../../../src/destinations/database-error.ts';
import {
  ConfigurationError,
  DestinationDeniedError,
  DestinationRefusedError,
  DestinationUnavailableError,
} from '../../../src/errors.ts';

const options: DatabaseDestinationOptions = {
  name: 'tables',
  connectionString: 'postgresql://landfall:hidden-value@127.0.0.1:1/shop',
  table: 'customers',
  entity: 'customer',
  columns: { email: '/email' },
};
const make = (change: Partial<DatabaseDestinationOptions>) => () =>
  databaseDestination({ ...options, ...change });

describe('A database destination', () => {
  it('is for the records of its table, and the events that it accepts', () => {
    const { accepts } = databaseDestination({ ...options, accepts: (type) => type !== 'customer.seen' });
    expect(accepts?.('customer.updated', { type: 'customer', id: '1' })).toBe(true);
    expect(accepts?.('customer.reconciled', { type: 'customer', id: '1' })).toBe(true);
    expect(accepts?.('customer.seen', { type: 'customer', id: '1' })).toBe(false);
    expect(accepts?.('customer.updated', { type: 'order', id: '1' })).toBe(false);
  });

  it.each<[string, Partial<DatabaseDestinationOptions>, RegExp]>([
    ['no URL', { connectionString: 'hidden-value' }, /needs a PostgreSQL URL/],
    ['another URL', { connectionString: () => 'mysql://root:hidden-value@db/x' }, /needs a PostgreSQL URL/],
    ['no pointer', { columns: { email: 'email' } }, /column "email".*JSON Pointer/],
    ['the key twice', { key: 'email' }, /"email" twice/],
    ['the event id twice', { eventId: 'id' }, /"id" twice/],
    ['the deletion twice', { deletedAt: 'landfall_revision' }, /"landfall_revision" twice/],
    ['no table', { table: '' }, /needs a table/],
    ['a table with too many parts', { table: 'a.b.c' }, /needs a table/],
    ['a table with half a quote', { table: 'a"b' }, /needs a table/],
    ['a column without a name', { columns: { '': '/email' } }, /columns with names/],
    ['a name that no database takes', { key: 'a\0b' }, /columns with names/],
  ])('with %s cannot be made, and does not repeat its password', (_what, change, message) => {
    expect(make(change)).toThrow(ConfigurationError);
    expect(make(change)).toThrow(message);
    expect(make(change)).not.toThrow(/hidden-value/);
  });

  it('whose server is not there is tried again', async () => {
    const destination = databaseDestination(options);
    const latest = () => Promise.reject(new Error('not reached'));
    const write = {
      ...{ source: 'shop', eventId: 'evt_1', eventType: 'customer.updated', record: {}, deleted: false },
      ...{ entity: { type: 'customer', id: '1' }, version: { version: '1', sourceTime: null } },
      outcome: 'applied',
      idempotencyKey: 'key',
    } as const;
    const delivery = destination.deliver(write, { signal: new AbortController().signal, latest });
    await expect(delivery).rejects.toThrow(DestinationUnavailableError);
    await expect(delivery).rejects.toThrow(/"tables" cannot be written to: .*ECONNREFUSED/);
    await destination.close?.();
  });
});

describe('An error of its database', () => {
  const shape = {
    ...{ table: '"customers"', key: 'id', columns: ['email', 'age'], deletedAt: null },
    ...{ eventId: 'landfall_event_id', revision: 'landfall_revision' },
  };
  const errorOf = (parts: object) =>
    toDatabaseError(Object.assign(new Error('said the server'), parts), { name: 'tables', shape });

  it.each([
    ['40001', /said the server \(40001\)/],
    ['40P01', /said the server/],
    ['53300', /said the server/],
    ['57P01', /said the server/],
    ['57014', /said the server/],
    ['08006', /said the server/],
    ['ECONNRESET', /said the server/],
  ])('that may pass is tried again: %s', (code, message) => {
    expect(errorOf({ code })).toBeInstanceOf(DestinationUnavailableError);
    expect(errorOf({ code })).toHaveProperty('message', expect.stringMatching(message));
  });

  it.each([
    ['28P01', /user or password is wrong/],
    ['3D000', /its database is not there/],
    ['42P10', /no unique constraint on "id"/],
    ['42601', /said the server/],
    ['23514', /breaks the constraint/],
    ['23505', /another row/],
    ['22001', /does not fit its type/],
  ])('that no other try can mend says what does: %s', (code, message) => {
    expect(errorOf({ code })).toBeInstanceOf(DestinationRefusedError);
    // What is about data is wrong with this record alone.
    expect(errorOf({ code }) instanceof DestinationDeniedError).toBe(!/^2[23]/.test(code));
    expect(errorOf({ code })).toHaveProperty('message', expect.stringMatching(message));
  });

  it('that is about data is passed on without the data', () => {
    const about = {
      code: '22P02',
      where: "unnamed portal parameter $3 = 'hidden-value'",
      detail: 'hidden-value',
    };
    const error = toDatabaseError(Object.assign(new Error('invalid input: "hidden-value"'), about), {
      name: 'tables',
      shape,
    });
    expect(error.message).toContain('what the record has for the column "age" does not fit its type');
    expect([error.message, error.stack, JSON.stringify(error.cause ?? null)].join()).not.toContain(
      'hidden-value',
    );
  });
});
