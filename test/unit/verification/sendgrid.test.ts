import { EventWebhook } from '@sendgrid/eventwebhook';
import { generateKeyPairSync, sign } from 'node:crypto';
import { expect, it } from 'vitest';
import { ConfigurationError } from '../../../src/errors.ts';
import { sendgridScheme } from '../../../src/verification/sendgrid.ts';
import { verificationContract } from '../../contracts/verification.contract.ts';

const signatureHeader = 'x-twilio-email-event-webhook-signature';
const timeHeader = 'x-twilio-email-event-webhook-timestamp';
const pairs = new Map(
  [1, 2].map(() => {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
    return [publicKey.export({ format: 'der', type: 'spki' }).toString('base64'), privateKey];
  }),
);
const [first = '', second = ''] = [...pairs.keys()];

function signAsVendor(publicKey: string, body: Buffer, now: number): Promise<Record<string, string>> {
  const privateKey = pairs.get(publicKey);
  if (privateKey === undefined) throw new RangeError('not one of the pairs');
  const timestamp = String(Math.floor(now / 1_000));
  const signature = sign('sha256', Buffer.concat([Buffer.from(timestamp), body]), privateKey);
  return Promise.resolve({ [signatureHeader]: signature.toString('base64'), [timeHeader]: timestamp });
}

verificationContract('SendGrid', {
  make: (publicKeys) => sendgridScheme({ publicKeys, toleranceSeconds: 300 }),
  secrets: [first, second],
  signAsVendor,
  signatureHeader,
  timestamp: {
    header: timeHeader,
    forge: (headers, seconds) => ({ ...headers, [timeHeader]: String(seconds) }),
  },
});

it('judges as SendGrid’s own library does', async () => {
  const library = new EventWebhook();
  const scheme = sendgridScheme({ publicKeys: [first] });
  const body = Buffer.from('[{"email":"grüße@example.com","event":"delivered"}]');
  for (const [key, signed] of [
    [first, body],
    [second, body],
    [first, Buffer.from('[]')],
  ] as const) {
    const headers = await signAsVendor(key, signed, Date.now());
    const theirs = library.verifySignature(
      library.convertPublicKeyToECDSA(first),
      body.toString('utf8'),
      headers[signatureHeader] ?? '',
      headers[timeHeader] ?? '',
    );
    expect((await scheme.verify({ body, headers, now: Date.now() })).verified).toBe(theirs);
  }
});

it('says which key is none', () => {
  for (const key of ['not a key', Buffer.from('nonsense').toString('base64')]) {
    expect(() => sendgridScheme({ publicKeys: [first, key] })).toThrow(ConfigurationError);
    expect(() => sendgridScheme({ publicKeys: [first, key] })).toThrow(/number 2/);
  }
});

it('does not judge the age of a delivery unless it is asked to', async () => {
  const body = Buffer.from('[]');
  const headers = await signAsVendor(first, body, 0);
  const scheme = sendgridScheme({ publicKeys: [first] });
  expect(await scheme.verify({ body, headers, now: Date.now() })).toEqual({ verified: true, secret: 1 });
});

// https://github.com/sendgrid/sendgrid-nodejs/blob/main/packages/eventwebhook/src/eventwebhook.spec.js
it('accepts the delivery that SendGrid publishes, with the line end behind it and not without', async () => {
  const scheme = sendgridScheme({
    publicKeys: [
      'MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE83T4O/n84iotIvIW4mdBgQ/7dAfSmpqIM8kF9mN1flpVKS3GRqe62gw+2fNNRaINXvVpiglSI8eNEc6wEA3F+g==',
    ],
  });
  const headers = {
    [signatureHeader]:
      'MEUCIGHQVtGj+Y3LkG9fLcxf3qfI10QysgDWmMOVmxG0u6ZUAiEAyBiXDWzM+uOe5W0JuG+luQAbPIqHh89M15TluLtEZtM=',
    [timeHeader]: '1600112502',
  };
  const published =
    '[{"email":"hello@world.com","event":"dropped","reason":"Bounced Address","sg_event_id":"ZHJvcC0xMDk5NDkxOS1MUnpYbF9OSFN0T0doUTRrb2ZTbV9BLTA","sg_message_id":"LRzXl_NHStOGhQ4kofSm_A.filterdrecv-p3mdw1-756b745b58-kmzbl-18-5F5FC76C-9.0","smtp-id":"<LRzXl_NHStOGhQ4kofSm_A@ismtpd0039p1iad1.sendgrid.net>","timestamp":1600112492}]';
  const verify = (text: string, sent = headers) =>
    scheme.verify({ body: Buffer.from(text), headers: sent, now: 1_600_112_502_000 });
  expect(await verify(`${published}\r\n`)).toEqual({ verified: true, secret: 1 });
  expect(await verify(published)).toMatchObject({ reason: 'bad_signature' });
  expect(await verify(`${published}\r\n`, { ...headers, [timeHeader]: '1600112503' })).toMatchObject({
    reason: 'bad_signature',
  });
});
