import { describe, expect, it } from 'vitest';
import { checksum, journal } from '../../../src/store/migrations/journal.ts';

// A checksum here never changes once its migration is released: add a migration instead, and its line.
const released = [
  'f48b3b38f81641c2e525baa02ca8f1b45736f10b1a839a586f2de3be31d864e0',
  '585e53606f78493ed271a85222a60eefe350976c0c94cba609d0f8c0e4f5799d',
  '15f1463208117d6c2c98111d53a08dc003a96c7dac2a7dc0d5f79fc5b543cfaf',
  '4c509c33d5097de083cb9620bb5a83bc04e94abf2ddcc11491adc29d6722fee9',
  '97e517a2386c8ecf8d8fab10bbe4388931f16d8fd4832cf8acca30d30f919bce',
  '8e02a0c084abd7d0310116fab23ff5306d5f457da3083b47b4a2602a0c105dfd',
  '236088057cb9e4465f4567e0a1cebf6ec4402b7c03cdb7bbbe372eb9ddc40de9',
  '17052680293847c47dc7c00357b66b93b6c3cfc51d4997607f5209f9a372a499',
  'a55d5a22b3e22a1943c4956db298ec8343b5c02a20202565c522388beecb7b90',
  '277c912209031b632c28efb25c20fae54c7e7ca321ae7f66b3d0ae48d0a90866',
  'aa0ea7b438f3d59518fab5b22369b03094305c4d7278e9bd27b3118be89c6372',
  '0b880b29d946906e48f3843deb279690f2510bdabba4100c473eecf2a084a06e',
  '08ffc414856310dca28ab89e962749b50e438fd340af53101e1a7005ea2c0f0c',
  '97b35bd9d7a57937d151b8b93d66f17c2f7220ea4f76e69ffe096d84bf8fb040',
];

it('migrations are only ever added: one that databases have already is never edited', () => {
  expect(journal.map(checksum)).toEqual(released);
  expect(journal.map(({ id }) => id)).toEqual(journal.map((_, index) => index + 1));
});

/** What the version before cannot work beside, or what locks a table for as long as it is read. docs/deploys.md says what to do instead. */
const unsafe: readonly (readonly [RegExp, string])[] = [
  [/\bdrop\s+(table|column|schema|type|constraint)\b/i, 'drops what the version before uses'],
  [/\brename\b/i, 'renames what the version before uses'],
  [/\balter\s+column\s+\S+\s+(set\s+data\s+)?type\b/i, 'rewrites the table'],
  [/\bset\s+not\s+null\b/i, 'reads the whole table under a lock, and refuses what the version before writes'],
  [
    /\badd\s+column\b(?![^,;]*\bdefault\b)[^,;]*\bnot\s+null\b/i,
    'refuses the rows of the version before, which do not name the column',
  ],
  [/\badd\s+constraint\b(?!.*\bnot\s+valid\b)/is, 'reads the whole table under a lock: add it as not valid'],
];

/** Reasons why a statement is not safe beside the version before. */
function judge(statement: string, inThisMigration: string): string[] {
  // What a function does when it is called is no part of the migration.
  const text = statement.replace(/\$function\$.*?\$function\$/gs, '');
  const index = /\bcreate\s+(?:unique\s+)?index\s+(if\s+not\s+exists\s+)?\S+\s+on\s+(\S+)/i.exec(text);
  const isOfNewTable = index !== null && inThisMigration.includes(`create table ${index[2] ?? ''} `);
  const blocks = index !== null && index[1] === undefined && !isOfNewTable;
  return [
    ...unsafe.filter(([pattern]) => pattern.test(text)).map(([, why]) => why),
    ...(blocks
      ? ['locks the table against writes: "if not exists", so that it can be made concurrently before']
      : []),
  ];
}

describe('A migration from the ninth on', () => {
  const later = journal.filter(({ id, name }) => id > 8 && !name.startsWith('breaking-'));

  it.each(later)('$id ($name) is safe beside the version before', ({ statements }) => {
    expect(statements.flatMap((statement) => judge(statement, statements.join('\n')))).toEqual([]);
  });

  it.each([
    'alter table landfall.records drop column data',
    'drop table landfall.inbox',
    'alter table landfall.records rename column data to content',
    'alter table landfall.records alter column data type jsonb',
    'alter table landfall.records alter column version set not null',
    'alter table landfall.records add column size integer not null',
    'alter table landfall.records add constraint small check (revision < 9)',
    'create index records_by_version on landfall.records (version)',
  ])('would be found where it is not: %s', (statement) => {
    expect(judge(statement, statement)).toHaveLength(1);
  });

  it.each([
    'alter table landfall.records add column size integer',
    'alter table landfall.records add column size integer not null default 0',
    'alter table landfall.records add constraint small check (revision < 9) not valid',
    'create index if not exists records_by_version on landfall.records (version)',
    'create table landfall.sizes (id integer primary key, size integer not null)',
  ])('may well do this: %s', (statement) => {
    expect(judge(statement, statement)).toEqual([]);
  });
});
