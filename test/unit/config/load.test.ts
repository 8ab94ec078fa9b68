import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Config, type ConfigMode, loadConfig } from '../../../src/config/load.ts';
import { settings } from '../../../src/config/schema.ts';
import { ConfigurationError } from '../../../src/errors.ts';
import { noKeys } from '../../../src/privacy/key-ring.ts';
import { noRedaction } from '../../../src/privacy/redaction.ts';
import { sourceDefinitions as definitions } from '../../../src/sources/registry.ts';
import { defaultHold } from '../../../src/model/hold.ts';
import { defaultWatch } from '../../../src/model/silence.ts';

type Env = Record<string, string | undefined>;

const stripe = { STRIPE_WEBHOOK_SECRET: 'whsec_one,whsec_two', STRIPE_API_KEY: 'sk_test_hidden' };
const production = {
  DATABASE_URL: 'postgresql://landfall:pass-word@db:5432/landfall',
  TEMPORAL_ADDRESS: 'temporal:7233',
  ...stripe,
};

/** The settings without some of them. */
const without = (env: Env, ...names: string[]): Env =>
  Object.fromEntries(Object.entries(env).filter(([name]) => !names.includes(name)));

const load = (env: Env, mode: ConfigMode = 'dev'): Config => loadConfig(env, { mode, definitions });
const names = (config: Config) => config.sources.map(({ name }) => name);

/** What the user reads. */
function messageOf(env: Env, mode: ConfigMode = 'dev'): string {
  try {
    load(env, mode);
  } catch (error) {
    if (error instanceof ConfigurationError) return error.message;
    throw error;
  }
  throw new Error('The configuration was accepted.');
}

describe('Without any setting', () => {
  it('dev runs on this machine alone, with the embedded store', () => {
    expect(load({})).toEqual({
      databaseUrl: null,
      poolSize: 10,
      dataDirectory: '.landfall',
      host: '127.0.0.1',
      port: 3_000,
      opsHost: '127.0.0.1',
      opsPort: 3_001,
      console: { token: null, proxy: null },
      temporalUiUrl: null,
      maxBodyBytes: null,
      inlineBodyBytes: 131_072,
      heldBodyBytes: 104_857_600,
      limits: {
        requestMilliseconds: 30_000,
        maxConnections: 2_000,
        maxConnectionsPerAddress: null,
        maxRequestsPerSource: 1_000,
        trustedProxies: null,
      },
      temporal: null,
      temporalCli: null,
      taskQueue: 'landfall',
      timers: { remindAfterMilliseconds: 14_400_000, escalateAfterMilliseconds: 86_400_000 },
      hold: defaultHold,
      watch: defaultWatch,
      alerts: {
        everyMilliseconds: 60_000,
        settleMilliseconds: 300_000,
        rejections: 10,
        deadLetters: 1,
        deadLetterAgeMilliseconds: 86_400_000,
        inboxMilliseconds: 300_000,
        lagMilliseconds: 600_000,
      },
      channels: { slackUrl: null, webhook: null, email: null },
      keepProcessedMilliseconds: null,
      retention: {
        rejections: 30 * 86_400_000,
        conflicts: 90 * 86_400_000,
        reports: null,
        deleted: null,
        deliveries: null,
        failures: 90 * 86_400_000,
        bodies: 90 * 86_400_000,
      },
      deployment: null,
      drainMilliseconds: 0,
      shutdownGraceMilliseconds: 30_000,
      logLevel: 'info',
      logFormat: null,
      sources: [],
      redaction: noRedaction,
      knownSources: definitions.map(({ name }) => name),
      handlersModule: null,
      payloadKeys: noKeys,
      codecServer: { host: '127.0.0.1', port: 3_002, origins: null, token: null, jwt: null },
      tracing: null,
      secrets: new Set(),
    });
  });

  it.each(['receiver', 'worker'] as const)('a %s says what it needs, each with what to set', (mode) => {
    const message = messageOf({}, mode);
    expect(message).toContain('3 mistakes');
    expect(message).toMatch(/DATABASE_URL: is not set.*postgresql:\/\//);
    expect(message).toMatch(/TEMPORAL_ADDRESS: is not set.*localhost:7233/);
    expect(message).toMatch(/LANDFALL_SOURCES: no source is on.*stripe.*STRIPE_WEBHOOK_SECRET/);
  });

  it('a command runs', () => {
    expect(names(load({}, 'command'))).toEqual([]);
  });
});

describe('In production', () => {
  it('a receiver listens to the outside, with what it was given', () => {
    const config = load(production, 'receiver');
    expect(config).toMatchObject({
      host: '0.0.0.0',
      opsHost: '0.0.0.0',
      databaseUrl: production.DATABASE_URL,
    });
    expect(config.temporal).toMatchObject({
      namespace: 'default',
      connectionOptions: { address: 'temporal:7233' },
    });
    expect(names(config)).toEqual(['stripe']);
    expect(Object.isFrozen(config)).toBe(true);
  });

  it('a variable that is set to nothing counts as not set, as compose files have them', () => {
    expect(load({ ...production, LANDFALL_PORT: '', LANDFALL_HOST: ' ' }, 'receiver')).toMatchObject({
      port: 3_000,
      host: '0.0.0.0',
    });
  });
});

describe('A setting', () => {
  it.each([
    ['LANDFALL_PORT', '8080', { port: 8_080 }],
    ['LANDFALL_HOST', '10.0.0.1', { host: '10.0.0.1' }],
    ['LANDFALL_OPS_PORT', '9090', { opsPort: 9_090 }],
    ['LANDFALL_OPS_HOST', '::1', { opsHost: '::1' }],
    ['LANDFALL_MAX_BODY_BYTES', '26214400', { maxBodyBytes: 26_214_400 }],
    ['LANDFALL_INLINE_BODY_BYTES', '0', { inlineBodyBytes: 0 }],
    ['LANDFALL_HELD_BODY_BYTES', '26214400', { heldBodyBytes: 26_214_400 }],
    ['LANDFALL_KEEP_BODIES', '60d', { retention: expect.objectContaining({ bodies: 5_184_000_000 }) }],
    ['LANDFALL_STORE_POOL_SIZE', '3', { poolSize: 3 }],
    ['LANDFALL_HANDLERS', './handlers.js', { handlersModule: './handlers.js' }],
    ['LANDFALL_TASK_QUEUE', 'mine', { taskQueue: 'mine' }],
    ['LANDFALL_KEEP_PROCESSED', '90 days', { keepProcessedMilliseconds: 7_776_000_000 }],
    ['LANDFALL_KEEP_CONFLICTS', '7d', { retention: expect.objectContaining({ conflicts: 604_800_000 }) }],
    ['LANDFALL_KEEP_DELETED', '90 days', { retention: expect.objectContaining({ deleted: 7_776_000_000 }) }],
    ['LANDFALL_SHUTDOWN_GRACE', '2 minutes', { shutdownGraceMilliseconds: 120_000 }],
    ['LANDFALL_LOG_LEVEL', 'debug', { logLevel: 'debug' }],
    ['LANDFALL_LOG_FORMAT', 'json', { logFormat: 'json' }],
    ['LANDFALL_DATA_DIRECTORY', '/data', { dataDirectory: '/data' }],
    ['LANDFALL_TEMPORAL_CLI', '/bin/temporal', { temporalCli: '/bin/temporal' }],
  ])('is taken: %s=%s', (name, value, expected) => {
    expect(load({ [name]: value })).toMatchObject(expected);
  });

  it('keeps large bodies for longer than dead letters that use them wait to remind', () => {
    const { retention } = load({ LANDFALL_DEAD_LETTER_REMIND: '100d' });
    expect(retention.bodies).toBe(200 * 86_400_000);
  });

  it('may be a duration of the dead letters', () => {
    const { timers } = load({ LANDFALL_DEAD_LETTER_REMIND: '1h', LANDFALL_DEAD_LETTER_ESCALATE: '2d' });
    expect(timers).toEqual({ remindAfterMilliseconds: 3_600_000, escalateAfterMilliseconds: 172_800_000 });
  });

  it.each([
    ['LANDFALL_PORT', '70000'],
    ['LANDFALL_PORT', 'http'],
    ['LANDFALL_PORT', '80.5'],
    ['LANDFALL_OPS_PORT', '-1'],
    ['LANDFALL_MAX_BODY_BYTES', '0'],
    ['LANDFALL_MAX_BODY_BYTES', '26214401'],
    ['LANDFALL_INLINE_BODY_BYTES', '-1'],
    ['LANDFALL_INLINE_BODY_BYTES', '150001'],
    ['LANDFALL_HELD_BODY_BYTES', '26214399'],
    ['LANDFALL_KEEP_BODIES', '59d'],
    ['LANDFALL_STORE_POOL_SIZE', 'many'],
    ['LANDFALL_KEEP_PROCESSED', '30d'],
    ['LANDFALL_KEEP_DELETED', '30d'],
    ['LANDFALL_KEEP_REJECTIONS', '31d'],
    ['LANDFALL_KEEP_CONFLICTS', 'long'],
    ['LANDFALL_CODEC_URL', 'localhost:3002'],
    ['LANDFALL_SHUTDOWN_GRACE', 'soon'],
    ['LANDFALL_SHUTDOWN_GRACE', '-1s'],
    ['LANDFALL_DEAD_LETTER_REMIND', '4 hors'],
    ['LANDFALL_DEAD_LETTER_ESCALATE', '0'],
    ['LANDFALL_LOG_LEVEL', 'loud'],
    ['LANDFALL_LOG_FORMAT', 'xml'],
    ['DATABASE_URL', 'mysql://root@db/x'],
    ['DATABASE_URL', 'db:5432'],
    ['LANDFALL_SOURCES', 'stirpe'],
    ['LANDFALL_SOURCES_FILE', '/not/there.json'],
  ])('that is wrong is named, with what it must be: %s=%s', (name, value) => {
    expect(messageOf({ [name]: value })).toMatch(new RegExp(`one mistake:\\n- ${name}: .{10,}`));
  });

  it('that is misspelt is an error, with the name that was meant', () => {
    expect(messageOf({ LANDFALL_PROT: '80' })).toContain(
      'LANDFALL_PROT: is no setting of Landfall. Did you mean LANDFALL_PORT?',
    );
    expect(messageOf({ LANDFALL_COMPLETELY_ELSE: '1' })).toContain('docs/configuration.md');
  });

  it('of another program is left alone', () => {
    expect(() => load({ PORT: '80', HOME: '/root', NODE_ENV: 'production' })).not.toThrow();
  });
});

describe('Mistakes', () => {
  it('are reported all at once', () => {
    const message = messageOf(
      {
        LANDFALL_PORT: 'x',
        LANDFALL_LOG_LEVEL: 'x',
        LANDFALL_PROT: '1',
        GITHUB_WEBHOOK_SECRET: 'one',
        GITHUB_REPOSITORIES: 'a/b',
      },
      'worker',
    );
    expect(message).toContain('6 mistakes');
    const wanted = [
      'LANDFALL_PORT',
      'LANDFALL_LOG_LEVEL',
      'LANDFALL_PROT',
      'github',
      'DATABASE_URL',
      'TEMPORAL_ADDRESS',
    ];
    for (const name of wanted) expect(message).toContain(`\n- ${name}: `);
  });

  it.each([
    { DATABASE_URL: 'mysql://root:hidden-value@db/x' },
    {
      ...stripe,
      STRIPE_API_KEY: 'hidden-value of a key',
      STRIPE_API_URL: 'hidden-value',
      LANDFALL_PORT: 'x',
    },
    { STRIPE_WEBHOOK_SECRET: 'hidden-value' },
    { GITHUB_WEBHOOK_SECRET: 'hidden-value', LANDFALL_PORT: 'x' },
    { DEMO_WEBHOOK_SECRET: 'hidden-value', DEMO_API_TOKEN: 'hidden-value' },
    { TEMPORAL_API_KEY: 'hidden-value', LANDFALL_LOG_LEVEL: 'x' },
  ])('never show a secret', (env) => {
    expect(messageOf(env, 'receiver')).not.toContain('hidden-value');
  });
});

describe('Sources', () => {
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'landfall-config-'));
  });
  afterAll(() => rm(directory, { recursive: true }));

  const described = (name: string) => ({
    name,
    scheme: 'shopify',
    secretEnv: 'SHOP_SECRET',
    id: '/id',
    type: '/type',
    entity: { type: 'order', id: '/order' },
  });
  const file = async (content: unknown) => {
    const name = path.join(directory, `${Math.random()}.json`);
    await writeFile(name, typeof content === 'string' ? content : JSON.stringify(content));
    return { LANDFALL_SOURCES_FILE: name, SHOP_SECRET: 'shop-secret' };
  };

  it('are on when their secret is set', () => {
    expect(names(load({ ...stripe }))).toEqual(['stripe']);
  });

  it('are on by name, and the others are off, though their secret is set', () => {
    expect(
      names(load({ ...stripe, GITHUB_WEBHOOK_SECRET: 'a-secret', LANDFALL_SOURCES: ' stripe, ' })),
    ).toEqual(['stripe']);
  });

  it('that are on by name need their settings', () => {
    expect(messageOf({ LANDFALL_SOURCES: 'demo' })).toMatch(/DEMO_API_URL: is not set.*"demo" needs it/);
    const unsigned = { ...without(production, 'STRIPE_WEBHOOK_SECRET'), LANDFALL_SOURCES: 'stripe' };
    expect(messageOf(unsigned, 'receiver')).toMatch(/STRIPE_WEBHOOK_SECRET: is not set/);
    // A worker reads the vendor's API; deliveries are signed for the receiver.
    expect(names(load(unsigned, 'worker'))).toEqual(['stripe']);
  });

  it('are on when a file describes them, also as the only ones of a receiver', async () => {
    expect(names(load({ ...stripe, ...(await file([described('shop'), described('shop-two')])) }))).toEqual([
      'stripe',
      'shop',
      'shop-two',
    ]);
    const noStripe = without(production, ...Object.keys(stripe));
    const onlyDescribed = { ...noStripe, ...(await file([described('shop')])) };
    expect(names(load(onlyDescribed, 'receiver'))).toEqual(['shop']);
  });

  it.each([
    ['no JSON', '[{', /LANDFALL_SOURCES_FILE: .*not JSON/],
    ['a wrong description', [{ name: 'shop' }], /LANDFALL_SOURCES_FILE: .*\/0\/scheme/s],
    ['a secret that is not set', [{ ...described('shop'), secretEnv: 'NOT_SET' }], /NOT_SET/],
  ])('in a file with %s are an error', async (_what, content, wanted) => {
    expect(messageOf(await file(content))).toMatch(wanted);
  });

  it('of a file that have the name of a built-in one are an error', async () => {
    expect(messageOf({ ...stripe, ...(await file([described('stripe')])) })).toContain('built in as well');
  });

  it('that are misspelt are an error, with the name that was meant', () => {
    expect(messageOf({ LANDFALL_SOURCES: 'stirpe' })).toContain('Did you mean "stripe"?');
  });
});

it('Every setting that is declared has a sense, a default for people, and takes its own absence', () => {
  for (const { sense, fallback, schema } of Object.values(settings)) {
    expect(sense).toMatch(/\.$/);
    expect(fallback).not.toBe('');
    expect(schema.safeParse(undefined).success).toBe(true);
  }
});
