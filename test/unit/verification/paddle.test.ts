import { Paddle } from '@paddle/paddle-node-sdk';
import { describe, expect, it } from 'vitest';
import { paddleScheme } from '../../../src/verification/paddle.ts';
import { verificationContract } from '../../contracts/verification.contract.ts';

verificationContract('Paddle', {
  make: (secrets) => paddleScheme({ secrets }),
  secrets: ['pdl_ntfset_first', 'pdl_ntfset_second'],
  signatureHeader: 'paddle-signature',
  timestamp: {
    header: 'paddle-signature',
    forge: (headers, seconds) => ({
      ...headers,
      'paddle-signature': (headers['paddle-signature'] ?? '').replace(/ts=\d+/, `ts=${seconds}`),
    }),
  },
});

describe('Paddle’s own SDK', () => {
  const body = Buffer.from('{"event_id":"evt_01","data":{"name":"Grüße"}}');
  const scheme = paddleScheme({ secrets: ['pdl_ntfset_first'] });
  const isValid = async (secret: string, signed = body): Promise<boolean> => {
    // It looks at this machine's clock, and takes five seconds.
    const headers = await scheme.sign(body, { id: '', now: Date.now() });
    return new Paddle('no key').webhooks.isSignatureValid(
      signed.toString('utf8'),
      secret,
      headers['paddle-signature'] ?? '',
    );
  };

  it('takes what is signed here, and refuses what it should', async () => {
    expect(await isValid('pdl_ntfset_first')).toBe(true);
    expect(await isValid('pdl_ntfset_second')).toBe(false);
    expect(await isValid('pdl_ntfset_first', Buffer.concat([body, Buffer.from(' ')]))).toBe(false);
  });

  it('knows several signatures while a secret is rotated', async () => {
    const [old, recent] = await Promise.all(
      ['pdl_ntfset_old', 'pdl_ntfset_first'].map((secret) =>
        paddleScheme({ secrets: [secret] }).sign(body, { id: '', now: 1_700_000_000_000 }),
      ),
    );
    const h1 = (headers: Record<string, string> | undefined) => headers?.['paddle-signature']?.split(';')[1];
    const headers = { 'paddle-signature': `ts=1700000000;${h1(old)};${h1(recent)}` };
    expect(await scheme.verify({ body, headers, now: 1_700_000_000_000 })).toEqual({
      verified: true,
      secret: 1,
    });
  });
});

// https://github.com/PaddleHQ/paddle-node-sdk/blob/main/src/__tests__/notifications/webhooks-validator.node.test.ts
describe('The values that Paddle publishes', () => {
  const scheme = paddleScheme({ secrets: ['VALID_SECRET'] });
  const now = 1_698_796_800_000;
  const several = '28981e941fae76e53db32f3d2a83cb69db41476595e84e1970a1b5d98f62b261';
  const h1 = 'a300428748dce5c70e4da19bffd60769591ea969c99dea3105d0ec9612cf43f9';
  const verify = (text: string, signature: string) =>
    scheme.verify({ body: Buffer.from(text), headers: { 'paddle-signature': signature }, now });

  it('are accepted, another version beside them as well', async () => {
    expect(await verify('{"data": ["1", "2"]}', `ts=1698796800;h1=${h1}`)).toMatchObject({ verified: true });
    expect(
      await verify('{"data": "value"}', `ts=1698796800;h1=${several};h1=${several};h2=RANDOM_HASH`),
    ).toMatchObject({ verified: true });
  });

  it('are refused with another time, and with more space in the body', async () => {
    const bad = { verified: false, reason: 'bad_signature' };
    expect(await verify('{"data": ["1", "2"]}', `ts=9876;h1=${h1}`)).toMatchObject(bad);
    expect(await verify('{ "data": [ "1", "2" ]}', `ts=1698796800;h1=${h1}`)).toMatchObject(bad);
  });
});
