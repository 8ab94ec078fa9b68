import { expect, test } from 'vitest';
import { loadConfig } from '../../../src/config/load.ts';
import { bodyLimitOf } from '../../../src/sources/body-limit.ts';
import { sourceDefinitions } from '../../../src/sources/registry.ts';

const load = (env: Record<string, string>) =>
  loadConfig(env, { mode: 'command', definitions: sourceDefinitions }).sources;

test('each source is tuned by variables with its name, and an account by its own', () => {
  const [eu, us] = load({
    STRIPE_ACCOUNTS: 'eu,us',
    STRIPE_WEBHOOK_SECRET_EU: 'whsec_eu',
    STRIPE_WEBHOOK_SECRET_US: 'whsec_us',
    STRIPE_REQUESTS_PER_SECOND: '25',
    STRIPE_REQUESTS_PER_SECOND_US: '1.5',
    STRIPE_RECONCILE_EVERY: '6h',
    STRIPE_RECONCILE_ALERT_SHARE: '0.05',
  });
  expect(eu).toMatchObject({
    name: 'stripe/eu',
    requestsPerSecond: 25,
    reconcile: { everyMilliseconds: 21_600_000, overlapMilliseconds: 3_600_000, alertShare: 0.05 },
  });
  expect(us).toMatchObject({ name: 'stripe/us', requestsPerSecond: 1.5 });
});

test('a source takes deliveries from the addresses that are listed, an account from its own', () => {
  const [eu, us] = load({
    STRIPE_ACCOUNTS: 'eu,us',
    STRIPE_WEBHOOK_SECRET_EU: 'whsec_eu',
    STRIPE_WEBHOOK_SECRET_US: 'whsec_us',
    STRIPE_ALLOWED_IPS: '192.0.2.0/24',
    STRIPE_ALLOWED_IPS_US: '198.51.100.7, 2001:db8::/32',
  });
  expect(eu?.allowedAddresses?.includes('192.0.2.9')).toBe(true);
  expect(us?.allowedAddresses?.includes('192.0.2.9')).toBe(false);
  expect(us?.allowedAddresses?.includes('2001:db8::9')).toBe(true);
  expect(load({ GITHUB_WEBHOOK_SECRET: 's' })[0]?.allowedAddresses).toBeNull();
});

test('a source that is not tuned keeps what it says itself', () => {
  expect(load({ GITHUB_WEBHOOK_SECRET: 's' })).toMatchObject([
    { requestsPerSecond: null, reconcile: { everyMilliseconds: 86_400_000, alertShare: 0.01 } },
  ]);
});

test('a value that makes no sense is named with its variable', () => {
  expect(() =>
    load({
      GITHUB_WEBHOOK_SECRET: 's',
      GITHUB_REQUESTS_PER_SECOND: '0',
      GITHUB_RECONCILE_EVERY: 'often',
      GITHUB_RECONCILE_ALERT_SHARE: '5',
      GITHUB_ALLOWED_IPS: '192.0.2.1, github.com',
    }),
  ).toThrow(
    /GITHUB_REQUESTS_PER_SECOND: must be above 0\.[^]*GITHUB_RECONCILE_EVERY: must be a duration[^]*GITHUB_RECONCILE_ALERT_SHARE: must be a share[^]*GITHUB_ALLOWED_IPS: must be addresses[^]*none: github\.com/,
  );
});

test('the largest body is what is set of the source, else of all, else what its vendor sends', () => {
  const limits = (env: Record<string, string>) =>
    load({ GITHUB_WEBHOOK_SECRET: 's', STRIPE_WEBHOOK_SECRET: 'whsec_s', ...env }).map(
      (source) => bodyLimitOf(source, null).bytes,
    );
  const [ofStripe, ofGithub] = [1_048_576, 26_214_400];
  expect(limits({}).sort()).toEqual([ofStripe, ofGithub]);
  expect(limits({ LANDFALL_MAX_BODY_BYTES: '5000' })).toEqual([5_000, 5_000]);
  expect(limits({ LANDFALL_MAX_BODY_BYTES: '5000', STRIPE_MAX_BODY_BYTES: '7000' }).sort()).toEqual([
    5_000, 7_000,
  ]);
  expect(() => limits({ STRIPE_MAX_BODY_BYTES: '26214401' })).toThrow(
    /STRIPE_MAX_BODY_BYTES: must be at most 26214400 \(25 MiB\)/,
  );
});
