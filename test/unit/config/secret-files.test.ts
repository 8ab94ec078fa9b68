import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DestinationWrite } from '../../../src/destinations/define-destination.ts';
import { loadConfig } from '../../../src/config/load.ts';
import { ConfigurationError } from '../../../src/errors.ts';
import { createRedactor } from '../../../src/monitoring/redactor.ts';
import { sourceDefinitions as definitions } from '../../../src/sources/registry.ts';
import { standardWebhooksScheme } from '../../../src/verification/standard-webhooks.ts';
import { stripeScheme } from '../../../src/verification/stripe.ts';
import { startHttpVendor } from '../../support/http-vendor.ts';
import { latest } from '../../support/latest.ts';

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

const signingSecrets = {
  before: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
  after: 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD',
};
const shop = {
  name: 'shop',
  scheme: { type: 'hmac', header: 'x-signature', algorithm: 'sha256', encoding: 'hex' },
  secretEnv: 'SHOP_SECRET',
  ...{ id: '/id', type: '/type', entity: { type: 'customer', id: '/customer' }, version: '/version' },
};
const write: DestinationWrite = {
  source: 'shop',
  eventId: 'evt_1',
  eventType: 'customer.updated',
  entity: { type: 'customer', id: '1' },
  record: { id: '1' },
  version: { version: '1', sourceTime: null },
  deleted: false,
  outcome: 'applied',
  idempotencyKey: 'shop:evt_1:http:1',
};

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

    // As Docker and people do it: another file under the same name.
    await rename(await secretFile('whsec_after'), file);
    await expect.poll(() => judge(config, 'whsec_before'), { timeout: 10_000 }).toBe('bad_signature');
    expect(await judge(config, 'whsec_after')).toBe(1);
  });

  it('is rotated as Kubernetes mounts it: a link through a folder that is replaced as a whole', async () => {
    const mount = await mkdtemp(path.join(folder, 'mount-'));
    const publish = async (version: string, text: string) => {
      await mkdir(path.join(mount, version));
      await writeFile(path.join(mount, version, 'stripe'), text);
      await symlink(version, path.join(mount, '..data_tmp'));
      await rename(path.join(mount, '..data_tmp'), path.join(mount, '..data'));
    };
    await publish('..2026_01_01', 'whsec_one');
    await symlink('..data/stripe', path.join(mount, 'stripe'));
    const config = load({ STRIPE_WEBHOOK_SECRET_FILE: path.join(mount, 'stripe') });
    expect(await judge(config, 'whsec_one')).toBe(1);
    await publish('..2026_01_02', 'whsec_two');
    await expect.poll(() => judge(config, 'whsec_two'), { timeout: 10_000 }).toBe(1);
    expect(await judge(config, 'whsec_one')).toBe('bad_signature');
  });

  it.each([
    ['away', (file: string) => rm(file)],
    ['empty', (file: string) => writeFile(file, '\n')],
  ])('holds while its file is %s', async (_, change) => {
    const file = await secretFile('whsec_stays');
    const config = load({ STRIPE_WEBHOOK_SECRET_FILE: file });
    await change(file);
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    expect(await judge(config, 'whsec_stays')).toBe(1);
  });

  it('of a destination is sent with the next delivery after its rotation, and neither is ever seen', async () => {
    await using crm = await startHttpVendor(() => ({}));
    const [token, signing] = [await secretFile('token-before'), await secretFile(signingSecrets.before)];
    const described = path.join(folder, 'sources.json');
    const destination = { url: crm.url, tokenEnv: 'CRM_ACCESS_TOKEN', secretEnv: 'CRM_SIGNING_SECRET' };
    await writeFile(described, JSON.stringify([{ ...shop, destination }]));
    const config = load({
      ...{ LANDFALL_SOURCES_FILE: described, SHOP_SECRET: 'the-secret-of-the-shop' },
      ...{ CRM_ACCESS_TOKEN_FILE: token, CRM_SIGNING_SECRET_FILE: signing },
    });
    const [crmOfShop] = config.sources[0]?.destinations ?? [];
    const deliver = async () => {
      await crmOfShop?.deliver(write, { signal: new AbortController().signal, latest });
      const { headers, body: sent } = crm.requests.at(-1)!;
      const signed = await standardWebhooksScheme({ secrets: Object.values(signingSecrets) }).verify({
        ...{ body: Buffer.from(sent), headers: headers as Record<string, string>, now: Date.now() },
      });
      return { authorization: headers.authorization, signed };
    };
    expect(await deliver()).toMatchObject({ authorization: 'Bearer token-before', signed: { secret: 1 } });
    await writeFile(token, 'token-after');
    await writeFile(signing, signingSecrets.after);
    await expect
      .poll(deliver, { timeout: 10_000 })
      .toMatchObject({ authorization: 'Bearer token-after', signed: { secret: 2 } });
    const redact = createRedactor(config.secrets);
    const all = ['token-before', 'token-after', ...Object.values(signingSecrets)];
    expect(redact(all.join(' '))).toBe('[redacted] [redacted] [redacted] [redacted]');
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

  it('that a description names is never seen, whatever its variable is called', async () => {
    const described = path.join(folder, 'odd-names.json');
    await writeFile(described, JSON.stringify([{ ...shop, secretEnv: 'SHOP_SIGNS_WITH', accounts: ['eu'] }]));
    const config = load({ LANDFALL_SOURCES_FILE: described, SHOP_SIGNS_WITH_EU: 'hidden-new,hidden-old' });
    expect(createRedactor(config.secrets)('hidden-old hidden-new')).toBe('[redacted] [redacted]');
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
