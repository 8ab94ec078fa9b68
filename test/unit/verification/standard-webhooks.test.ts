import { Webhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';
import { ConfigurationError } from '../../../src/errors.ts';
import { standardWebhooksScheme } from '../../../src/verification/standard-webhooks.ts';
import { verificationContract } from '../../contracts/verification.contract.ts';

verificationContract('Standard Webhooks', {
  make: (secrets) => standardWebhooksScheme({ secrets }),
  secrets: ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD'],
  signatureHeader: 'webhook-signature',
  timestamp: {
    header: 'webhook-timestamp',
    forge: (headers, seconds) => ({ ...headers, 'webhook-timestamp': String(seconds) }),
  },
});

describe('Standard Webhooks', () => {
  // The vector of the reference libraries:
  // https://github.com/standard-webhooks/standard-webhooks/blob/main/libraries/javascript/src/webhook.test.ts
  const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
  const id = 'msg_p5jXN8AQM9LWM0D4loKWxJek';
  const now = 1_614_265_330_000;
  const body = Buffer.from('{"test": 2432232314}');
  const signature = 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=';
  const headers = { 'webhook-id': id, 'webhook-timestamp': '1614265330', 'webhook-signature': signature };
  const scheme = standardWebhooksScheme({ secrets: [secret] });

  it('agrees with the vector of the reference libraries', async () => {
    expect(await scheme.sign(body, { id, now })).toEqual(headers);
    expect(await scheme.verify({ body, headers, now })).toMatchObject({ verified: true });
  });

  it('accepts the good one among several signatures, and passes over other versions', async () => {
    const several = `v1a,AAAA v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc= ${signature}`;
    expect(
      await scheme.verify({ body, headers: { ...headers, 'webhook-signature': several }, now }),
    ).toMatchObject({ verified: true });
  });

  it('refuses the signature under another message id', async () => {
    const other = { ...headers, 'webhook-id': 'msg_other' };
    expect(await scheme.verify({ body, headers: other, now })).toMatchObject({ reason: 'bad_signature' });
  });

  it('reads the older header names of Svix', async () => {
    const svix = { 'svix-id': id, 'svix-timestamp': '1614265330', 'svix-signature': signature };
    expect(await scheme.verify({ body, headers: svix, now })).toMatchObject({ verified: true });
  });

  it('signs what the reference library accepts', async () => {
    const fresh = await scheme.sign(body, { id, now: Date.now() });
    expect(new Webhook(secret).verify(body, fresh)).toEqual({ test: 2432232314 });
  });

  it('refuses at start a secret that is not base64, without repeating it', () => {
    const make = () => standardWebhooksScheme({ secrets: [secret, 'whsec_not*base64'] });
    expect(make).toThrow(ConfigurationError);
    expect(make).toThrow(/number 2/);
    expect(make).not.toThrow(/not\*base64/);
  });
});
