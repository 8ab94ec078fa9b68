import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../../src/config/load.ts';
import { sourceDefinitions as definitions } from '../../../src/sources/registry.ts';
import { stripeScheme } from '../../../src/verification/stripe.ts';

const load = (env: Record<string, string>, mode: 'command' | 'receiver' = 'command') =>
  loadConfig(env, { mode, definitions });
const two = {
  STRIPE_ACCOUNTS: 'eu, us-west',
  STRIPE_WEBHOOK_SECRET_EU: 'whsec_eu',
  STRIPE_WEBHOOK_SECRET_US_WEST: 'whsec_us',
  STRIPE_API_KEY_EU: 'sk_test_eu',
};

describe('The accounts of a source', () => {
  it('are sources of their own, named as in the path of their webhooks', () => {
    expect(load(two).sources.map(({ name }) => name)).toEqual(['stripe/eu', 'stripe/us-west']);
  });

  it('have secrets and credentials of their own', async () => {
    const [eu, us] = load(two).sources;
    const body = Buffer.from('{}');
    const now = Date.now();
    const headers = await stripeScheme({ secrets: ['whsec_eu'] }).sign(body, { id: '', now });
    expect(await eu?.verification.verify({ body, headers, now })).toMatchObject({ verified: true });
    expect(await us?.verification.verify({ body, headers, now })).toMatchObject({ reason: 'bad_signature' });
    expect(eu?.fetchRecord).toBeDefined();
    expect(us?.fetchRecord).toBeUndefined();
  });

  it('leave the one without a name on while its own secret is set, for the endpoint of before', async () => {
    const { sources } = load({ ...two, STRIPE_WEBHOOK_SECRET: 'whsec_before' });
    expect(sources.map(({ name }) => name)).toEqual(['stripe', 'stripe/eu', 'stripe/us-west']);
    const body = Buffer.from('{}');
    const now = Date.now();
    const headers = await stripeScheme({ secrets: ['whsec_before'] }).sign(body, { id: '', now });
    const verdicts = await Promise.all(
      sources.map(({ verification }) => verification.verify({ body, headers, now })),
    );
    expect(verdicts.map(({ verified }) => verified)).toEqual([true, false, false]);
  });

  it('never take the secret of the source itself', () => {
    const env = { ...two, STRIPE_WEBHOOK_SECRET: 'whsec_common', STRIPE_WEBHOOK_SECRET_EU: '' };
    const production = { DATABASE_URL: 'postgresql://db/x', TEMPORAL_ADDRESS: 'temporal:7233' };
    expect(() => load({ ...env, ...production }, 'receiver')).toThrow(
      /STRIPE_WEBHOOK_SECRET_EU: is not set.*"stripe\/eu"/,
    );
  });

  it('share what is no secret, unless one has its own', () => {
    const read = () => load({ ...two, STRIPE_API_URL: 'ftp://common' });
    expect(read).toThrow(/STRIPE_API_URL: must be a URL/);
    expect(() => load({ ...two, STRIPE_API_URL: 'http://common', STRIPE_API_URL_EU: 'ftp://eu' })).toThrow(
      /STRIPE_API_URL_EU: must be a URL/,
    );
  });

  it.each(['EU', 'a_b', 'a/b', 'x'.repeat(24), 'file', 'eu-file'])('may not be called "%s"', (name) => {
    expect(() => load({ STRIPE_ACCOUNTS: name })).toThrow(/STRIPE_ACCOUNTS: .* must be 1 to 23 lower-case/);
  });
});
