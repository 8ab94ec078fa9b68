import { describe, expect, it } from 'vitest';
import { secretValues } from '../../../src/config/secret-values.ts';

describe('The values that no log may show', () => {
  it.each([
    ['STRIPE_WEBHOOK_SECRET', 'whsec_hidden'],
    ['STRIPE_API_KEY', 'sk_hidden'],
    ['GITHUB_TOKEN', 'ghp_hidden'],
    ['PGPASSWORD', 'hidden-password'],
    ['TEMPORAL_API_KEY', 'hidden-key'],
    ['TEMPORAL_TLS_CLIENT_KEY_DATA', '-----BEGIN PRIVATE KEY-----'],
    ['ACME_SIGNING_KEY', 'hidden-key'],
    ['acme_token', 'hidden-token'],
    ['TEMPORAL_GRPC_META_AUTHORIZATION', 'Bearer hidden'],
  ])('are found by the name of the variable: %s', (name, value) => {
    expect(secretValues({ [name]: value })).toEqual([value]);
  });

  it('are each of a list, and the list', () => {
    expect(secretValues({ STRIPE_WEBHOOK_SECRET: 'whsec_new, whsec_old' }).sort()).toEqual([
      'whsec_new',
      'whsec_new, whsec_old',
      'whsec_old',
    ]);
  });

  it('are the passwords in URLs, as they are written and as they are meant', () => {
    expect(secretValues({ DATABASE_URL: 'postgresql://user:p%40ssword@db/x' }).sort()).toEqual([
      'p%40ssword',
      'p@ssword',
    ]);
    expect(secretValues({ DATABASE_URL: 'postgresql://user:100%hidden@db/x' })).toEqual(['100%hidden']);
    expect(secretValues({ DATABASE_URL: 'postgresql://db/x?user=me&password=hidden' })).toEqual(['hidden']);
  });

  it('are the addresses that alerts are posted to, and the long parts of their paths', () => {
    const address = 'https://hooks.slack.com/services/T024BE7LD/B024BE7LH/hiddenhiddenhidden1';
    expect(secretValues({ LANDFALL_ALERT_SLACK_URL: address })).toEqual([
      address,
      '/services/T024BE7LD/B024BE7LH/hiddenhiddenhidden1',
      'hiddenhiddenhidden1',
    ]);
    expect(secretValues({ LANDFALL_ALERT_WEBHOOK_URL: 'https://alerts.example.com/hook' })).toEqual([
      'https://alerts.example.com/hook',
    ]);
    const mail = 'smtps://landfall:hidden%2Dpassword@mail.example.com';
    expect(secretValues({ LANDFALL_ALERT_SMTP_URL: mail }).sort()).toEqual(
      ['hidden%2Dpassword', 'hidden-password', mail].sort(),
    );
  });

  it('are not what is too short to be told from a word, nor settings that hold none', () => {
    const env = { A_TOKEN: 'short', LANDFALL_PORT: '3000', DATABASE_URL: 'not a url ://', PATH: '/usr/bin' };
    expect(secretValues(env)).toEqual([]);
  });

  it("are the values of the headers for OpenTelemetry's collector, as they are written and as they are sent", () => {
    const headers = 'authorization=Bearer%20hidden-key,x-tenant=hidden-tenant';
    expect(secretValues({ OTEL_EXPORTER_OTLP_HEADERS: headers }).sort()).toEqual([
      'Bearer hidden-key',
      'Bearer%20hidden-key',
      'hidden-key',
      'hidden-tenant',
    ]);
  });
});
