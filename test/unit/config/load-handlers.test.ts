import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sourcesWithHandlers } from '../../../src/cli/runtime.ts';
import { loadConfig } from '../../../src/config/load.ts';
import { loadHandlers } from '../../../src/config/load-handlers.ts';
import { ConfigurationError } from '../../../src/errors.ts';
import { defineSource } from '../../../src/sources/define-source.ts';
import { sourceDefinitions } from '../../../src/sources/registry.ts';
import { secretList } from '../../../src/sources/secret-settings.ts';
import { shopSource } from '../../support/land-once.ts';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'landfall-handlers-'));
});
afterAll(() => rm(directory, { recursive: true }));

const shop = shopSource({ destinations: [{ name: 'crm', deliver: () => Promise.resolve() }] });
const sources = [shop, { ...shop, name: 'stripe/eu' }, { ...shop, name: 'stripe/us' }];

/** Loads what a module says, by its text. */
async function load(text: string, extension = 'mjs') {
  const file = path.join(directory, `${Math.random().toString(36).slice(2)}.${extension}`);
  await writeFile(file, text);
  const loaded = await loadHandlers(file, sources, { known: ['github', 'stripe'] });
  return Object.fromEntries(
    loaded.map(({ name, handlers, destinations }) => [
      name,
      [...destinations, ...handlers].map((each) => each.name),
    ]),
  );
}

describe('a module of handlers', () => {
  it('adds them to what the sources have, for each account or for one', async () => {
    const names = await load(`export default ({ on, httpDestination }) => ({
      shop: [on('customer.*', () => {}), on('*', function log() {})],
      stripe: { handlers: [on('invoice.paid', () => {})] },
      'stripe/us': { destinations: [httpDestination({ name: 'billing', url: 'https://example.com' })] },
      github: [on('push', () => {})],
    })`);
    expect(names).toEqual({
      shop: ['crm', 'handler:customer.*', 'handler:*/log'],
      'stripe/eu': ['crm', 'handler:invoice.paid'],
      'stripe/us': ['crm', 'billing', 'handler:invoice.paid'],
    });
  });

  it('may be an object, CommonJS, or wait for something first', async () => {
    const handler = `{ name: 'handler:a', takes: () => true, handle: () => {}, retry: {}, timeoutMilliseconds: 5 }`;
    expect(await load(`export default { shop: [${handler}] }`)).toMatchObject({ shop: ['crm', 'handler:a'] });
    expect(await load(`module.exports = { shop: [${handler}] }`, 'cjs')).toMatchObject({
      shop: ['crm', 'handler:a'],
    });
    expect(
      await load(`await null; export default async ({ on }) => ({ shop: [on('a', () => {})] })`),
    ).toMatchObject({ shop: ['crm', 'handler:a'] });
  });

  it('may be for sources that are off, built in or of an adapter of yours', async () => {
    const acme = defineSource({
      name: 'acme',
      settings: { ACME_WEBHOOK_SECRET: secretList() },
      create: () => ({ verification: shop.verification, readEvent: (delivery) => shop.readEvent(delivery) }),
    });
    const definitions = [...sourceDefinitions, acme];
    const files = { off: path.join(directory, 'off.mjs'), wrong: path.join(directory, 'wrong.mjs') };
    await writeFile(files.off, `export default { acme: [], 'acme/eu': [], github: [], stripe: [] }`);
    await writeFile(files.wrong, 'export default { acmee: [] }');
    const sourcesOf = (env: Record<string, string>) =>
      sourcesWithHandlers(loadConfig(env, { mode: 'command', definitions }));
    expect(await sourcesOf({ LANDFALL_HANDLERS: files.off })).toEqual([]);
    const on = await sourcesOf({ LANDFALL_HANDLERS: files.off, ACME_WEBHOOK_SECRET: 'a-secret' });
    expect(on.map(({ name }) => name)).toEqual(['acme']);
    await expect(sourcesOf({ LANDFALL_HANDLERS: files.wrong })).rejects.toThrow('Did you mean "acme"?');
  });

  it.each([
    ['no default export', 'export const handlers = []', /must export by default what each source gets/],
    ['something else for a source', 'export default { shop: 5 }', /shop must be a list of handlers, or/],
    ['a part that there is not', 'export default { shop: { handler: [] } }', /shop.*handler/],
    ['no handler', 'export default { shop: [() => {}] }', /shop\.handlers\.0 must be a handler: on\(/],
    [
      'no destination',
      'export default { shop: { destinations: [{}] } }',
      /shop\.destinations\.0 must be a dest/,
    ],
    ['a source that there is not', 'export default { shpo: [] }', /no source "shpo"\. Did you mean "shop"\?/],
    ['an account that there is not', "export default { 'shop/eu': [] }", /no source "shop\/eu"/],
    ['a fault of its own', 'export default nothing.at.all', /cannot be loaded: nothing is not defined/],
    ['a wrong handler', "export default ({ on }) => ({ shop: [on('', () => {})] })", /says no event/],
    [
      'two handlers of one name',
      "export default ({ on }) => ({ shop: [on('a', () => {}), on('a', () => {})] })",
      /"shop" has two handlers named "a": give one a name/,
    ],
    [
      'a destination that is there already',
      "export default ({ httpDestination: http }) => ({ shop: { destinations: [http({ name: 'crm', url: 'https://a.example' })] } })",
      /"shop" has two destinations named "crm"/,
    ],
    [
      'a destination that poses as a handler',
      "export default ({ httpDestination: http }) => ({ shop: { destinations: [http({ name: 'handler:a', url: 'https://a.example' })] } })",
      /begins the names of handlers/,
    ],
    [
      'a wrong retry setting',
      "export default ({ on }) => ({ shop: [on('a', () => {}, { retry: { maximumAttempts: 0 } })] })",
      /"handler:a" of the source "shop" has a wrong retry setting/,
    ],
  ])('with %s is a mistake that is told', async (_what, text, message) => {
    await expect(load(text)).rejects.toThrow(message);
    await expect(load(text)).rejects.toThrow(/^LANDFALL_HANDLERS: /);
    await expect(load(text)).rejects.toBeInstanceOf(ConfigurationError);
  });

  it('that is not there is a mistake that names it', async () => {
    const loading = loadHandlers('./not/there.js', sources, { known: [] });
    await expect(loading).rejects.toThrow(
      /LANDFALL_HANDLERS: \.\/not\/there\.js cannot be loaded: .*Cannot find/,
    );
  });
});
