import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { loadAdapters } from '../../../src/config/load-adapters.ts';
import { loadConfig } from '../../../src/config/load.ts';
import { sourceDefinitions } from '../../../src/sources/registry.ts';

const acme = fileURLToPath(new URL('../../../examples/add-a-source/acme.ts', import.meta.url));
const square = fileURLToPath(new URL('../../../examples/square/square.ts', import.meta.url));

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'landfall-adapters-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function write(name: string, text: string): Promise<string> {
  const file = join(folder, name);
  await writeFile(file, text);
  return file;
}

it('finds what modules define, and each can be switched on as if it were built in', async () => {
  const definitions = await loadAdapters(`${acme}, ${square}`, sourceDefinitions);
  expect(definitions.map(({ name }) => name)).toEqual(['acme', 'square']);

  const env = {
    ACME_ACCOUNTS: 'eu,us',
    ACME_WEBHOOK_SECRET_EU: 'secret one',
    ACME_WEBHOOK_SECRET_US: 'secret two',
    ACME_API_URL: 'https://api.acme.example',
    ACME_API_KEY_EU: 'key one',
    ACME_API_KEY_US: 'key two',
  };
  const config = loadConfig(env, { mode: 'command', definitions });
  expect(config.sources.map(({ name }) => name)).toEqual(['acme/eu', 'acme/us']);
});

it('is nothing without a path', async () => {
  expect(await loadAdapters(undefined, sourceDefinitions)).toEqual([]);
  expect(await loadAdapters(' , ', sourceDefinitions)).toEqual([]);
});

it('names every module that cannot be used, and why', async () => {
  const missing = join(folder, 'missing.js');
  const broken = await write('broken.js', 'throw new Error("it is broken");');
  const empty = await write('empty.js', 'export const nothing = 1;');
  const foreign = await write(
    'foreign.js',
    'export const acme = { name: "acme", settings: {}, create: () => ({}) };',
  );
  const loading = loadAdapters([missing, broken, empty, foreign, acme, acme].join(','), sourceDefinitions);
  await expect(loading).rejects.toThrow(/missing\.js cannot be loaded/);
  await expect(loading).rejects.toThrow(/broken\.js cannot be loaded: it is broken/);
  await expect(loading).rejects.toThrow(/empty\.js exports no source/);
  await expect(loading).rejects.toThrow(/foreign\.js was written with another copy of Landfall/);
  await expect(loading).rejects.toThrow(/acme\.ts defines a source "acme", and there is one of that name/);
});
