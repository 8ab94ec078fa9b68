import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../../../src/config/load.ts';

const load = (env: Record<string, string>) => loadConfig(env, { mode: 'dev', definitions: [] });
const mail = {
  LANDFALL_ALERT_SMTP_URL: 'smtps://landfall:hidden-password@mail.example.com',
  LANDFALL_ALERT_EMAIL_FROM: 'landfall@example.com',
  LANDFALL_ALERT_EMAIL_TO: 'ada@example.com, bob@example.com',
};
const webhook = {
  LANDFALL_ALERT_WEBHOOK_URL: 'https://alerts.example.com/hook',
  LANDFALL_ALERT_WEBHOOK_SECRET: 'whsec_aGlkZGVuLXNlY3JldA==',
};
const slack = 'https://hooks.slack.com/services/T024BE7LD/B024BE7LH/hiddenhiddenhidden1';

describe('The settings of alerts', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'landfall-alert-settings-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('say how people are told', () => {
    expect(load({ ...mail, ...webhook, LANDFALL_ALERT_SLACK_URL: slack }).channels).toEqual({
      slackUrl: slack,
      webhook: { url: 'https://alerts.example.com/hook', secret: 'whsec_aGlkZGVuLXNlY3JldA==' },
      email: {
        smtpUrl: 'smtps://landfall:hidden-password@mail.example.com',
        from: 'landfall@example.com',
        to: ['ada@example.com', 'bob@example.com'],
      },
    });
  });

  it('may stand in files, and are secrets wherever they stand', async () => {
    const file = path.join(folder, 'slack');
    await writeFile(file, `${slack}\n`);
    const config = load({ ...mail, ...webhook, LANDFALL_ALERT_SLACK_URL_FILE: file });
    expect(config.channels.slackUrl).toBe(slack);
    expect([...config.secrets]).toEqual(
      expect.arrayContaining([
        slack,
        'hidden-password',
        webhook.LANDFALL_ALERT_WEBHOOK_SECRET,
        webhook.LANDFALL_ALERT_WEBHOOK_URL,
      ]),
    );
  });

  it('are each switched off by themselves, or all at once', () => {
    expect(load({ LANDFALL_ALERT_EVERY: 'off' }).alerts).toBeNull();
    expect(
      load({
        LANDFALL_ALERT_REJECTIONS: 'off',
        LANDFALL_ALERT_DEAD_LETTERS: 'off',
        LANDFALL_ALERT_DEAD_LETTER_AGE: 'off',
        LANDFALL_ALERT_INBOX: 'off',
        LANDFALL_ALERT_LAG: 'off',
      }).alerts,
    ).toEqual({
      everyMilliseconds: 60_000,
      settleMilliseconds: 300_000,
      rejections: null,
      deadLetters: null,
      deadLetterAgeMilliseconds: null,
      inboxMilliseconds: null,
      lagMilliseconds: null,
    });
  });

  it.each([
    [{ LANDFALL_ALERT_EVERY: 'often' }, /LANDFALL_ALERT_EVERY: must be a duration such as 1m, or off/],
    [{ LANDFALL_ALERT_SLACK_URL: 'hooks.slack.com/x' }, /LANDFALL_ALERT_SLACK_URL: must be a URL/],
    [{ ...webhook, LANDFALL_ALERT_WEBHOOK_SECRET: 'whsec_?' }, /WEBHOOK_SECRET: must be "whsec_" and base64/],
    [
      { LANDFALL_ALERT_WEBHOOK_URL: webhook.LANDFALL_ALERT_WEBHOOK_URL },
      /LANDFALL_ALERT_WEBHOOK_URL: goes with LANDFALL_ALERT_WEBHOOK_SECRET/,
    ],
    [
      { ...mail, LANDFALL_ALERT_SMTP_URL: 'https://mail.example.com' },
      /LANDFALL_ALERT_SMTP_URL: must be smtp/,
    ],
    [{ LANDFALL_ALERT_EMAIL_TO: 'ada@example.com' }, /LANDFALL_ALERT_SMTP_URL: goes with .*set all three/],
  ])('that are wrong or half are an error: %j', (env, message) => {
    expect(() => load(env as Record<string, string>)).toThrow(message);
  });
});
