import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../../../src/config/load.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'landfall-console-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const load = (env: Record<string, string>) => loadConfig(env, { mode: 'dev', definitions: [] });
const token = 'a-token-of-the-operators';

describe('Who may open the console', () => {
  it('is nobody from elsewhere, unless something is set', () => {
    expect(load({}).console).toEqual({ token: null, proxy: null });
  });

  it('is whoever knows a token, also one from a file, which is a secret', async () => {
    const file = path.join(folder, 'token');
    await writeFile(file, `${token}\n`);
    for (const env of [{ LANDFALL_CONSOLE_TOKEN: token }, { LANDFALL_CONSOLE_TOKEN_FILE: file }]) {
      const { console, secrets } = load(env);
      expect(console.token).toBe(token);
      expect([...secrets]).toContain(token);
    }
  });

  it('is never whoever guesses a short token', () => {
    expect(() => load({ LANDFALL_CONSOLE_TOKEN: 'letmein' })).toThrow(
      /LANDFALL_CONSOLE_TOKEN.*20 characters/,
    );
  });

  it('is whoever a proxy names, by a header in any case and from its addresses alone', () => {
    const proxy = {
      LANDFALL_CONSOLE_USER_HEADER: 'X-Forwarded-User',
      LANDFALL_CONSOLE_PROXIES: '10.0.0.7, 10.1.0.0/16',
    };
    expect(load(proxy).console.proxy).toEqual({
      userHeader: 'x-forwarded-user',
      addresses: ['10.0.0.7', '10.1.0.0/16'],
    });
  });

  it.each([
    ['LANDFALL_CONSOLE_PROXIES', { LANDFALL_CONSOLE_USER_HEADER: 'X-Forwarded-User' }],
    ['LANDFALL_CONSOLE_USER_HEADER', { LANDFALL_CONSOLE_PROXIES: '10.0.0.7' }],
  ])('is not known by half a proxy: %s is missing', (missing, env) => {
    expect(() => load(env as Record<string, string>)).toThrow(`${missing}: is not set`);
  });

  it('is not known by the name of a proxy, which anybody may take', () => {
    const env = { LANDFALL_CONSOLE_USER_HEADER: 'X-User', LANDFALL_CONSOLE_PROXIES: 'proxy.internal' };
    expect(() => load(env)).toThrow(/LANDFALL_CONSOLE_PROXIES.*IP addresses/);
  });
});
