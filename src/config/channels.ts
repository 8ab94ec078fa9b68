import type { ChannelSettings } from '../alerting/channel.ts';
import { ConfigurationError } from '../errors.ts';
import { standardWebhooksScheme } from '../verification/standard-webhooks.ts';
import type { SettingValues } from './schema.ts';

/** How people are told of alerts; adds to `problems` what is set by half. */
export function readChannels(values: SettingValues, problems: string[]): ChannelSettings {
  const {
    LANDFALL_ALERT_SLACK_URL: slackUrl,
    LANDFALL_ALERT_WEBHOOK_URL: url,
    LANDFALL_ALERT_WEBHOOK_SECRET: secret,
    LANDFALL_ALERT_SMTP_URL: smtpUrl,
    LANDFALL_ALERT_EMAIL_FROM: from,
    LANDFALL_ALERT_EMAIL_TO: to,
  } = values;
  const webhook = url === null || secret === null ? null : { url, secret };
  if (webhook === null && (url !== null || secret !== null)) {
    problems.push(
      'LANDFALL_ALERT_WEBHOOK_URL: goes with LANDFALL_ALERT_WEBHOOK_SECRET: set both, or neither.',
    );
  }
  if (webhook !== null) {
    try {
      standardWebhooksScheme({ secrets: [webhook.secret] });
    } catch (error) {
      if (!(error instanceof ConfigurationError)) throw error;
      problems.push('LANDFALL_ALERT_WEBHOOK_SECRET: must be "whsec_" and base64.');
    }
  }
  const email = smtpUrl === null || from === null || to.length === 0 ? null : { smtpUrl, from, to };
  if (email === null && (smtpUrl !== null || from !== null || to.length > 0)) {
    problems.push(
      'LANDFALL_ALERT_SMTP_URL: goes with LANDFALL_ALERT_EMAIL_FROM and LANDFALL_ALERT_EMAIL_TO: set all three, or none.',
    );
  }
  return { slackUrl, webhook, email };
}
