import { verifySlackRequest } from '@slack/bolt';
import { expect, it } from 'vitest';
import { slackScheme } from '../../src/verification/slack.ts';

const signingSecret = '8f742231b10e8888abcd99yyyzzz85a5';
const body = '{"type":"event_callback","event_id":"Ev08","text":"Grüße, 世界"}';
const now = Date.UTC(2026, 0, 15, 12);

/** Whether Slack's library takes the delivery. */
function accepts(
  headers: Record<string, string>,
  { text = body, at = now, secret = signingSecret } = {},
): boolean {
  try {
    verifySlackRequest({
      ...{ signingSecret: secret, body: text, nowMilliseconds: at },
      headers: {
        'x-slack-signature': headers['x-slack-signature'] ?? '',
        'x-slack-request-timestamp': Number(headers['x-slack-request-timestamp']),
      },
    });
    return true;
  } catch {
    return false;
  }
}

it('Slack’s library accepts what is signed here, and nothing else', async () => {
  const headers = await slackScheme({ secrets: [signingSecret] }).sign(Buffer.from(body), { id: '', now });
  expect(accepts(headers)).toBe(true);
  expect(accepts(headers, { text: body.replace('Ev08', 'Ev09') })).toBe(false);
  expect(accepts(headers, { secret: 'another' })).toBe(false);
  expect(accepts({ ...headers, 'x-slack-request-timestamp': String(now / 1_000 + 1) })).toBe(false);
  expect(accepts(headers, { at: now + 310_000 })).toBe(false);
});
