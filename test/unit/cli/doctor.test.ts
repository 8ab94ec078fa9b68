import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it, test } from 'vitest';
import { checkCredentials, checkSources } from '../../../src/cli/doctor/check-sources.ts';
import { judgeDeliveries } from '../../../src/cli/doctor/check-deliveries.ts';
import { judgeClock } from '../../../src/cli/doctor/judge-clock.ts';
import { loadConfig } from '../../../src/config/load.ts';
import { VendorAnswerError, VendorRefusedError, VendorUnavailableError } from '../../../src/errors.ts';
import type { Source } from '../../../src/sources/define-source.ts';
import { githubSource } from '../../../src/sources/github.ts';
import { readGenericSources } from '../../../src/sources/generic.ts';
import { sourceDefinitions } from '../../../src/sources/registry.ts';
import { stripeSource } from '../../../src/sources/stripe.ts';

describe('the clock', () => {
  const at = Date.parse('2026-11-01T00:00:00Z');

  it('agrees where the database looked at its own between question and answer', () => {
    expect(judgeClock({ askedAt: at, databaseAt: at + 900, answeredAt: at + 1_000 })).toMatchObject({
      level: 'ok',
      mend: null,
    });
  });

  it.each([
    { off: -5_000, level: 'warning', seconds: 5 },
    { off: 6_000, level: 'warning', seconds: 5 },
    { off: -90_000, level: 'failure', seconds: 90 },
    { off: 91_000, level: 'failure', seconds: 90 },
  ])('that is off by $off ms is a $level', ({ off, level, seconds }) => {
    const found = judgeClock({ askedAt: at, databaseAt: at + off, answeredAt: at + 1_000 });
    expect(found).toMatchObject({ level, text: expect.stringContaining(`differ by ${seconds} seconds`) });
    expect(found.mend).toContain('NTP');
  });
});

describe("a day's deliveries", () => {
  const refused = (reason: string, count: number) => ({ reason, count });

  it('are well where most are accepted: somebody always knocks', () => {
    expect(judgeDeliveries('shop', 100, [refused('bad_signature', 9)])).toEqual({
      check: 'deliveries shop',
      level: 'ok',
      text: 'deliveries of shop in the last day: 100 accepted, 9 refused (9 bad_signature)',
      mend: null,
    });
    expect(judgeDeliveries('shop', 0, [])).toMatchObject({ level: 'ok' });
  });

  it('are a failure where all are refused, and what most were refused for says how it is mended', () => {
    const found = judgeDeliveries('shop', 0, [refused('stale_timestamp', 1), refused('bad_signature', 40)]);
    expect(found).toMatchObject({ level: 'failure', mend: expect.stringContaining('signing secret') });
  });

  it('are worth a warning where most are refused', () => {
    const found = judgeDeliveries('shop', 3, [refused('stale_timestamp', 8)]);
    expect(found).toMatchObject({ level: 'warning', mend: expect.stringContaining('NTP') });
  });
});

describe('the sources', () => {
  const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
  const described = (file: string) => {
    const text = readFileSync(new URL(`../../../examples/vendors/${file}`, import.meta.url), 'utf8');
    const names = [...text.matchAll(/(?<=Env": ")\w+/g)].map(([name]) => name);
    // Shopify's are those of an account.
    const variables = names.flatMap((name) => [name, `${name}_EXAMPLE_STORE`]);
    return readGenericSources(text, Object.fromEntries(variables.map((name) => [name, secret])));
  };
  const files = readdirSync(new URL('../../../examples/vendors', import.meta.url));

  it.each(files.filter((file) => file !== 'sendgrid.json'))(
    'of %s are looked at without a failure',
    async (file) => {
      const found = await checkSources(described(file));
      expect(found).toHaveLength(2);
      expect(found.map(({ level }) => level)).toEqual(['warning', 'ok']);
      expect(found[0]?.mend).toContain('docs/adding-a-source.md');
      expect(found[1]?.text).toMatch(/its signing secret signs and verifies|only the vendor can sign them/);
    },
  );

  it('that are built in sign and verify', async () => {
    const { sources } = loadConfig(
      { GITHUB_WEBHOOK_SECRET: secret, STRIPE_WEBHOOK_SECRET: secret, STRIPE_API_KEY: 'rk_test_x' },
      { mode: 'command', definitions: sourceDefinitions },
    );
    const texts = (await checkSources(sources)).map(({ level, text }) => `${level} ${text}`);
    expect(texts).toContain('ok source stripe: its signing secret signs and verifies');
    expect(texts).toContain('ok source github: its signing secret signs and verifies');
  });

  test('without a secret are told of: a receiver needs it', async () => {
    const { sources } = loadConfig(
      { LANDFALL_SOURCES: 'github' },
      { mode: 'command', definitions: sourceDefinitions },
    );
    const found = await checkSources(sources);
    expect(found).toContainEqual({
      check: 'source github',
      level: 'warning',
      text: 'source github: its signing secret is not set here',
      mend: expect.stringContaining('set its secret there'),
    });
  });

  test('none at all is worth a warning', async () => {
    expect(await checkSources([])).toMatchObject([{ level: 'warning', text: 'no source is on' }]);
  });
});

describe('the credentials', () => {
  const definitions = [stripeSource, githubSource];
  const source = (name: string, error: Error | null): Source =>
    ({
      name,
      fetchRecord: () => Promise.resolve(null),
      listChanged: () =>
        error === null ? Promise.resolve({ changes: [], nextCursor: null }) : Promise.reject(error),
    }) as unknown as Source;
  const check = async (name: string, error: Error | null) =>
    (await checkCredentials([source(name, error)], definitions))[0];

  it('are well where the vendor lists what changed', async () => {
    expect(await check('stripe', null)).toMatchObject({
      level: 'ok',
      text: 'credentials of stripe: its API takes them',
    });
  });

  it('that are refused are a failure, with the variables that hold them', async () => {
    const refused = new VendorRefusedError('Stripe refuses the key.');
    expect(await check('stripe', refused)).toMatchObject({
      level: 'failure',
      text: 'credentials of stripe: Stripe refuses the key.',
      mend: expect.stringMatching(/^renew STRIPE_API_KEY, /),
    });
    expect((await check('stripe/eu', refused))?.mend).toMatch(/^renew STRIPE_API_KEY, /);
    expect((await check('github', refused))?.mend).toContain('GITHUB_TOKEN');
    expect((await check('shop', refused))?.mend).toContain('renew its API key or token');
  });

  it('of a vendor that is down are not judged, and an answer that nobody understands is a failure', async () => {
    expect(await check('shop', new VendorUnavailableError('503'))).toMatchObject({ level: 'warning' });
    expect(await check('shop', new VendorAnswerError('a web page'))).toMatchObject({ level: 'failure' });
  });

  it('are tried with the sample where there is no list, and not at all without an API', async () => {
    const asked: unknown[] = [];
    const entity = { type: 'order', id: '1' };
    const without = {
      name: 'shop',
      sample: () => ({ body: {} }),
      readEvent: () => ({ entity }),
      fetchRecord: (of: unknown) => {
        asked.push(of);
        return Promise.resolve(null);
      },
    } as unknown as Source;
    expect(await checkCredentials([without], [])).toMatchObject([{ level: 'ok' }]);
    expect(asked).toEqual([entity]);
    expect(await checkCredentials([{ name: 'shop' } as unknown as Source], [])).toEqual([]);
  });
});
