import { readFile } from 'node:fs/promises';
import { expect, inject, test } from 'vitest';
import { journal } from '../../src/store/migrations/journal.ts';
import { createDatabase, query } from '../support/create-database.ts';
import { runLandfall } from '../support/landfall-command.ts';

test('landfall migrate brings the tables up to date as their owner, and is refused to whoever may not', async () => {
  const url = await createDatabase(inject('postgresUrl'));
  await query(url, await readFile(new URL('../../docs/database-roles.sql', import.meta.url), 'utf8'));
  const as = (role: string) => {
    const changed = new URL(url);
    changed.username = role;
    return runLandfall(['migrate'], { DATABASE_URL: changed.href });
  };

  const refused = await as('landfall_app');
  expect(refused).toMatchObject({ exitCode: 1, stdout: '' });
  expect(refused.stderr).toMatch(/42501.*needs the rights/);

  expect(await as('landfall_owner')).toMatchObject({ exitCode: 0, stderr: '' });
  expect(await as('landfall_owner')).toMatchObject({ exitCode: 0, stdout: 'The tables are up to date.\n' });
  expect(await as('landfall_app')).toMatchObject({ exitCode: 0 });
  expect(await query(url, 'select count(*)::int as done from landfall.migrations')).toEqual([
    { done: journal.length },
  ]);
});

test('landfall migrate says what to set where nobody says which database', async () => {
  const { exitCode, stderr } = await runLandfall(['migrate']);
  expect(exitCode).toBe(1);
  expect(stderr).toContain('DATABASE_URL is not set');
});
