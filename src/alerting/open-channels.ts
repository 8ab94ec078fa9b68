import type { Logger } from 'pino';
import type { Channel, ChannelSettings } from './channel.ts';
import { emailChannel } from './email.ts';
import { logChannel } from './log.ts';
import { slackChannel } from './slack.ts';
import { webhookChannel } from './webhook.ts';

/**
 * The ways in which people are told: the log always, and what is set.
 * @throws ConfigurationError where the secret of the webhook is not base64
 */
export function openChannels(
  { slackUrl, webhook, email }: ChannelSettings,
  { logger, now }: { logger: Logger; now: () => number },
): Channel[] {
  return [
    logChannel(logger),
    ...(slackUrl === null ? [] : [slackChannel(slackUrl)]),
    ...(webhook === null ? [] : [webhookChannel({ ...webhook, now })]),
    ...(email === null ? [] : [emailChannel(email)]),
  ];
}
