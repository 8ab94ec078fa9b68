import { DrizzleQueryError } from 'drizzle-orm';
import { expect, it } from 'vitest';
import { ConfigurationError } from '../../../src/errors.ts';
import { isConflict, toStoreError } from '../../../src/store/store-error.ts';

const failure = (code: string | null, message = 'it failed') =>
  new DrizzleQueryError(
    'insert …',
    ['4242424242424242'],
    Object.assign(new Error(message), code === null ? {} : { code, detail: 'Failing row contains (4242).' }),
  );

it.each([
  ['the server is shut down', '57P01'],
  ['there are too many connections', '53300'],
  ['the disk is full', '53100'],
  ['the connection broke', '08006'],
  ['the connection is refused', 'ECONNREFUSED'],
  ['the connection is broken off', 'EPIPE'],
  ['the name is not known', 'ENOTFOUND'],
  ['the password is wrong', '28P01'],
  ['the server only reads', '25006'],
  ['a table is missing', '42P01'],
  ['a right is missing', '42501'],
  ['a deadlock stays one', '40P01'],
  ['a file of the server is damaged', 'XX001'],
  ['no code is given', null],
])('an event waits while %s', (_, code) => {
  expect(toStoreError(failure(code))).toMatchObject({ code: 'LANDFALL_STORE_UNAVAILABLE', retryable: true });
});

it.each([
  ['is no text of PostgreSQL', '22021'],
  ['is no number', '22P02'],
  ['breaks a constraint', '23502'],
  ['is too large for an index', '54000'],
  ['goes with a wrong query', '42601'],
])('a value that %s is refused for good', (_, code) => {
  expect(toStoreError(failure(code))).toMatchObject({ code: 'LANDFALL_STORE_REFUSED', retryable: false });
});

it('an error tells neither the query nor the data', () => {
  for (const code of ['23502', '57P01']) {
    const error = toStoreError(failure(code));
    expect(error.message).toContain(`it failed (${code})`);
    expect(`${error.message} ${String(error.cause)}`).not.toMatch(/4242|insert/);
  }
});

it('the two failures of a name with two addresses are told as one', () => {
  const error = new AggregateError([new Error('connect ECONNREFUSED ::1:5432')]);
  expect(toStoreError(error).message).toContain('connect ECONNREFUSED ::1:5432');
});

it('an error of our own stays what it is', () => {
  const error = new ConfigurationError('Set it.');
  expect(toStoreError(error)).toBe(error);
});

it('only a lost race is tried again', () => {
  expect(['40001', '40P01', '23505', '57P01'].map((code) => isConflict(failure(code)))).toEqual([
    true,
    true,
    false,
    false,
  ]);
});
