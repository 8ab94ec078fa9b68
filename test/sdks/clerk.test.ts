import { verifyWebhook } from '@clerk/backend/webhooks';
import { expect, it } from 'vitest';
import { standardWebhooksScheme } from '../../src/verification/standard-webhooks.ts';

const signingSecret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const otherSecret = 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD';
const scheme = standardWebhooksScheme({ secrets: [signingSecret] });
const body = '{"type":"user.updated","object":"event","data":{"id":"user_29w","first_name":"Grüße"}}';

/** Whether Clerk's library takes the delivery; it reads the header names of Svix alone. */
async function accepts(
  headers: Record<string, string>,
  text = body,
  secret = signingSecret,
): Promise<boolean> {
  const ofSvix = Object.entries(headers).map(([name, value]) => [name.replace('webhook-', 'svix-'), value]);
  const request = new Request('https://app.example.com/webhooks/clerk', {
    ...{ method: 'POST', body: text, headers: Object.fromEntries(ofSvix) as Record<string, string> },
  });
  return verifyWebhook(request, { signingSecret: secret }).then(
    ({ type }) => type === 'user.updated',
    () => false,
  );
}

it('Clerk’s library accepts what is signed here, and nothing else', async () => {
  const headers = await scheme.sign(Buffer.from(body), { id: 'msg_1', now: Date.now() });
  expect(await accepts(headers)).toBe(true);
  expect(await accepts(headers, body.replace('29w', '29v'))).toBe(false);
  expect(await accepts({ ...headers, 'webhook-id': 'msg_2' })).toBe(false);
  expect(await accepts(headers, body, otherSecret)).toBe(false);
  const old = await scheme.sign(Buffer.from(body), { id: 'msg_1', now: Date.now() - 310_000 });
  expect(await accepts(old)).toBe(false);
});
