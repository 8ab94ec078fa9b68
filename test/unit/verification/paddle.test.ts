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
