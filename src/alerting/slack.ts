import type { AlertMessage } from '../model/incidents.ts';
import type { Channel } from './channel.ts';
import { postJson } from './post-json.ts';

/** Slack's limit for the text of a section is 3,000. */
const longestText = 2_800;

/**
 * Messages to a channel of Slack, by an incoming webhook. Slack takes no key that a repetition could be known by.
 * @see https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks
 */
export function slackChannel(url: string): Channel {
  return {
    name: 'slack',
    async send(message, { signal }) {
      const body = Buffer.from(JSON.stringify(toBody(message)));
      await postJson(url, { what: 'Slack', body, signal });
    },
  };
}

function toBody(message: AlertMessage) {
  const { title, text, alert, severity, phase, beganAt, runbook } = message;
  const icon = { critical: ':red_circle:', warning: ':large_yellow_circle:' }[severity];
  const head = `${phase === 'ended' ? ':large_green_circle:' : icon} *${escape(title)}*`;
  const facts = [
    `\`${escape(alert)}\``,
    ...(phase === 'begun' ? [severity] : []),
    `since ${beganAt}`,
    `runbook: ${runbook}`,
  ];
  return {
    // What notifications show.
    text: escape(title),
    blocks: [
      { type: 'section', text: { type: 'mrkdwn', text: `${head}\n${escape(text)}`.slice(0, longestText) } },
      { type: 'context', elements: [{ type: 'mrkdwn', text: facts.join(' · ') }] },
    ],
  };
}

/** @see https://docs.slack.dev/messaging/formatting-message-text#escaping */
function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
