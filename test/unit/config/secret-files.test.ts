import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../../../src/config/load.ts';
import { ConfigurationError } from '../../../src/errors.ts';
import { createRedactor } from '../../../src/monitoring/redactor.ts';
import { sourceDefinitions as definitions } from '../../../src/sources/registry.ts';
import { stripeScheme } from '../../../src/verification/stripe.ts';

let folder: string;
let count = 0;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'landfall-secrets-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function secretFile(text: string): Promise<string> {
  const file = path.join(folder, `secret-${(count += 1)}`);
  await writeFile(file, text);
  return file;
}

const load = (env: Record<string, string>) => loadConfig(env, { mode: 'command', definitions });
const body = Buffer.from('{}');
const now = Date.now();

/** Which of the source's secrets is in use, or why the delivery is refused. */
async function judge(config: ReturnType<typeof load>, secret: string): Promise<number | string> {
  const [source] = config.sources;
  const headers = await stripeScheme({ secrets: [secret] }).sign(body, { id: '', now });
  const result = await source?.verification.verify({ body, headers, now });
  return result?.verified === true ? result.secret : (result?.reason ?? 'no source');
}

describe('A secret in a file', () => {
  it('switches its source on, one secret a line', async () => {
    const config = load({ STRIPE_WEBHOOK_SECRET_FILE: await secretFile('whsec_new\nwhsec_old\n') });
    expect(await judge(config, 'whsec_new')).toBe(1);
    expect(await judge(config, 'whsec_old')).toBe(2);
    expect(await judge(config, 'whsec_other')).toBe('bad_signature');
  });

  it('is rotated without a restart: old and new side by side, then the new one alone', async () => {
    const file = await secretFile('whsec_before');
    const config = load({ STRIPE_WEBHOOK_SECRET_FILE: file });
    expect(await judge(config, 'whsec_before')).toBe(1);

    await writeFile(file, 'whsec_after,whsec_before');
    await expect.poll(() => judge(config, 'whsec_after'), { timeout: 10_000 }).toBe(1);
    expect(await judge(config, 'whsec_before')).toBe(2);

    // As Kubernetes does it: another file under the same name.
    await rename(await secretFile('whsec_after'), file);
    await expect.poll(() => judge(config, 'whsec_before'), { timeout: 10_000 }).toBe('bad_signature');
    expect(await judge(config, 'whsec_after')).toBe(1);
  });

  it('holds while its file is away', async () => {
    const file = await secretFile('whsec_stays');
    const config = load({ STRIPE_WEBHOOK_SECRET_FILE: file });
    await rm(file);
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    expect(await judge(config, 'whsec_stays')).toBe(1);
  });

  it('is never seen in a text, nor is the one before it', async () => {
    const file = await secretFile('whsec_first_hidden');
    const config = load({ STRIPE_WEBHOOK_SECRET_FILE: file });
    const redact = createRedactor(config.secrets);
    expect(redact('a whsec_first_hidden b')).toBe('a [redacted] b');
    await writeFile(file, 'whsec_second_hidden');
    await expect.poll(() => judge(config, 'whsec_second_hidden'), { timeout: 10_000 }).toBe(1);
    expect(redact('a whsec_first_hidden b whsec_second_hidden')).toBe('a [redacted] b [redacted]');
  });

  it('is said to be missing, with its variable and its path', () => {
    const read = () => load({ STRIPE_WEBHOOK_SECRET_FILE: '/nowhere/secret' });
    expect(read).toThrow(ConfigurationError);
    expect(read).toThrow(/STRIPE_WEBHOOK_SECRET_FILE: \/nowhere\/secret cannot be read/);
  });

  it('may not stand beside a variable', async () => {
    const env = { STRIPE_WEBHOOK_SECRET: 'whsec_a', STRIPE_WEBHOOK_SECRET_FILE: await secretFile('whsec_b') };
    expect(() => load(env)).toThrow(/STRIPE_WEBHOOK_SECRET and STRIPE_WEBHOOK_SECRET_FILE are both set/);
  });

  it('may be of somebody else: it is not even opened', () => {
    expect(load({ AWS_WEB_IDENTITY_TOKEN_FILE: '/nowhere/token' }).sources).toEqual([]);
  });

  it('may be the address of the database', async () => {
    const url = 'postgresql://landfall:pass-word@db/landfall';
    const config = load({ DATABASE_URL_FILE: await secretFile(`${url}\n`) });
    expect(config.databaseUrl).toBe(url);
    expect(createRedactor(config.secrets)('with pass-word')).toBe('with [redacted]');
  });
});
