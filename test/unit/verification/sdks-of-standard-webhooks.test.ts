import OpenAI from 'openai';
import { Resend } from 'resend';
import { Webhook } from 'svix';
import { describe, expect, it } from 'vitest';
import { standardWebhooksScheme } from '../../../src/verification/standard-webhooks.ts';

const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const otherSecret = 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD';
const scheme = standardWebhooksScheme({ secrets: [secret] });
const id = 'msg_p5jXN8AQM9LWM0D4loKWxJek';
const body = Buffer.from('{"type":"email.sent","data":{"name":"Grüße, 世界"}}');
const changed = Buffer.from(body.toString().replace('sent', 'send'));

/** What a delivery carries, whatever its headers are called. */
interface Signed {
  id: string;
  timestamp: string;
  signature: string;
}

const ofSvix = (signed: Signed) => headersOf(signed, 'svix');
const headersOf = (signed: Signed, family: string): Record<string, string> =>
  Object.fromEntries(Object.entries(signed).map(([name, value]) => [`${family}-${name}`, String(value)]));

/** Each as its vendor's documentation says to call it; all of them look at this machine's clock. */
const sdks: Record<string, (payload: Buffer, signed: Signed, by: string) => unknown> = {
  Svix: (payload, signed, by) => new Webhook(by).verify(payload, ofSvix(signed)),
  Resend: (payload, signed, by) =>
    new Resend('re_no_key').webhooks.verify({
      payload: payload.toString(),
      headers: signed,
      webhookSecret: by,
    }),
  OpenAI: (payload, signed, by) =>
    new OpenAI({ apiKey: 'no key' }).webhooks.unwrap(payload.toString(), headersOf(signed, 'webhook'), by),
};

describe.each(Object.entries(sdks))('The SDK of %s', (_, verify) => {
  const accepts = async (payload: Buffer, signed: Signed, by = secret): Promise<boolean> => {
    try {
      await verify(payload, signed, by);
      return true;
    } catch {
      return false;
    }
  };
  const signHere = async (now = Date.now()): Promise<Signed> => {
    const headers = await scheme.sign(body, { id, now });
    const part = (name: string) => headers[`webhook-${name}`] ?? '';
    return { id: part('id'), timestamp: part('timestamp'), signature: part('signature') };
  };

  it('accepts what is signed here, and nothing that was changed', async () => {
    const signed = await signHere();
    expect(await accepts(body, signed)).toBe(true);
    expect(await accepts(changed, signed)).toBe(false);
    expect(await accepts(body, { ...signed, id: 'msg_other' })).toBe(false);
    expect(await accepts(body, signed, otherSecret)).toBe(false);
  });

  it('judges the age of a delivery as it is judged here', async () => {
    for (const [seconds, verified] of [
      [-290, true],
      [290, true],
      [-310, false],
      [310, false],
    ] as const) {
      const signed = await signHere(Date.now() + seconds * 1_000);
      expect(await accepts(body, signed), String(seconds)).toBe(verified);
      const here = await scheme.verify({ body, headers: headersOf(signed, 'webhook'), now: Date.now() });
      expect(here.verified, String(seconds)).toBe(verified);
    }
  });
});

describe('What the SDK of Svix signs', () => {
  const at = new Date('2026-01-15T12:00:00Z');
  const now = at.getTime();
  const signed = (by = secret): Signed => ({
    ...{ id, timestamp: String(now / 1_000) },
    signature: new Webhook(by).sign(id, at, body.toString()),
  });

  it.each(['svix', 'webhook'])('is accepted under the names of %s-id', async (family) => {
    const headers = headersOf(signed(), family);
    expect(await scheme.verify({ body, headers, now })).toEqual({ verified: true, secret: 1 });
  });

  it('is refused with another body, under another id, and by another secret', async () => {
    const bad = { verified: false, reason: 'bad_signature' };
    expect(await scheme.verify({ body: changed, headers: ofSvix(signed()), now })).toMatchObject(bad);
    const renamed = ofSvix({ ...signed(), id: 'msg_other' });
    expect(await scheme.verify({ body, headers: renamed, now })).toMatchObject(bad);
    expect(await scheme.verify({ body, headers: ofSvix(signed(otherSecret)), now })).toMatchObject(bad);
  });
});

// "All this data is taken from a real webhook event":
// https://github.com/openai/openai-node/blob/master/tests/api-resources/webhooks.test.ts
describe('The delivery that OpenAI publishes', () => {
  const published = Buffer.from(
    '{"id": "evt_685c059ae3a481909bdc86819b066fb6", "object": "event", "created_at": 1750861210, "type": "response.completed", "data": {"id": "resp_123"}}',
  );
  const headers = {
    'webhook-id': 'wh_685c059ae39c8190af8c71ed1022a24d',
    'webhook-timestamp': '1750861210',
    'webhook-signature': 'v1,gUAg4R2hWouRZqRQG4uJypNS8YK885G838+EHb4nKBY=',
  };
  const now = 1_750_861_210_000;
  const ofOpenai = standardWebhooksScheme({
    secrets: ['whsec_RdvaYFYUXuIFuEbvZHwMfYFhUf7aMYjYcmM24+Aj40c='],
  });

  it('is accepted, and refused without its last space', async () => {
    expect(await ofOpenai.verify({ body: published, headers, now })).toEqual({ verified: true, secret: 1 });
    const without = Buffer.from(published.toString().replace(': "resp', ':"resp'));
    expect(await ofOpenai.verify({ body: without, headers, now })).toMatchObject({ reason: 'bad_signature' });
  });
});
