import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect } from 'vitest';
import { z } from 'zod';
import { githubScheme } from '../../../src/verification/github.ts';
import { hmacScheme } from '../../../src/verification/hmac.ts';
import { paddleScheme } from '../../../src/verification/paddle.ts';
import { paypalScheme } from '../../../src/verification/paypal.ts';
import { rejectionReasons, type SignatureScheme } from '../../../src/verification/scheme.ts';
import { sendgridScheme } from '../../../src/verification/sendgrid.ts';
import { shopifyScheme } from '../../../src/verification/shopify.ts';
import { slackScheme } from '../../../src/verification/slack.ts';
import { standardWebhooksScheme } from '../../../src/verification/standard-webhooks.ts';
import { stripeScheme } from '../../../src/verification/stripe.ts';
import { twilioScheme } from '../../../src/verification/twilio.ts';
import { fuzz, type FuzzInput } from '../../support/fuzz.ts';

const now = Date.UTC(2026, 0, 15, 12);
const seconds = String(now / 1_000);
const secret = 'the-secret-of-the-shop';
const whsec = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const json = '{"id":"evt_1","type":"customer.updated","amount":1.0}';
const form = 'CallSid=CA123&Caller=%2B14158675310&Digits=1234&Empty=';

interface Subject {
  scheme: SignatureScheme;
  secrets: readonly string[];
  /** A delivery as it should be; signed by the scheme itself where it has no signature. */
  sound: FuzzInput;
  /** What the signature is over, as far as it is the sender's: a verified delivery has that of the sound one. @default the body */
  signed?: (input: FuzzInput) => string;
}

const paypal = z
  .object({ webhookId: z.string(), headers: z.record(z.string(), z.string()), body: z.string() })
  .parse(JSON.parse(fixture('paypal/delivery.json')));
const jsonHash = createHash('sha256').update(json).digest('hex');
const twilio = twilioScheme({ secrets: [secret], publicUrl: 'https://hooks.example.com' });

const subjects: Record<string, Subject> = {
  stripe: { scheme: stripeScheme({ secrets: [secret] }), secrets: [secret], sound: { body: json } },
  github: { scheme: githubScheme({ secrets: [secret] }), secrets: [secret], sound: { body: json } },
  shopify: { scheme: shopifyScheme({ secrets: [secret] }), secrets: [secret], sound: { body: json } },
  slack: { scheme: slackScheme({ secrets: [secret] }), secrets: [secret], sound: { body: json } },
  paddle: { scheme: paddleScheme({ secrets: [secret] }), secrets: [secret], sound: { body: json } },
  'standard-webhooks': {
    scheme: standardWebhooksScheme({ secrets: [whsec] }),
    secrets: [whsec],
    sound: { body: json },
  },
  hmac: {
    scheme: hmacScheme({
      ...{ secrets: [secret], header: 'x-signature', algorithm: 'sha512', encoding: 'base64', prefix: 'v1=' },
      timestamp: { header: 'x-time' },
    }),
    secrets: [secret],
    sound: { body: json },
  },
  twilio: {
    scheme: twilio,
    secrets: [secret],
    sound: { body: form, url: '/webhooks/twilio?a=1', 'content-type': 'application/x-www-form-urlencoded' },
    // Twilio signs names and values without what stands between, and each once.
    signed: ({ body = '' }) =>
      [
        ...new Set(
          [...new URLSearchParams(bytes(body).toString('utf8'))].map(([name, value]) => name + value),
        ),
      ]
        .sort()
        .join('\n'),
  },
  'twilio-json': {
    scheme: twilio,
    secrets: [secret],
    sound: {
      ...{ body: json, url: `/webhooks/twilio?bodySHA256=${jsonHash}`, 'content-type': 'application/json' },
    },
  },
  sendgrid: {
    scheme: sendgridScheme({
      publicKeys: [fixture('sendgrid/public-key.txt').trim()],
      toleranceSeconds: 300,
    }),
    secrets: [],
    sound: {
      body: json,
      'x-twilio-email-event-webhook-timestamp': seconds,
      'x-twilio-email-event-webhook-signature': fixture('sendgrid/signature.txt').trim(),
    },
    // SendGrid puts nothing between the time and the body.
    signed: ({ body = '', 'x-twilio-email-event-webhook-timestamp': time = '' }) => time.trim() + body,
  },
  paypal: {
    scheme: paypalScheme({
      webhookIds: [paypal.webhookId],
      authorities: [fixture('paypal/root.pem')],
      fetchCertificate: ({ host }) =>
        Promise.resolve(
          fixture(host.endsWith('paypal.com') ? 'paypal/certificate.pem' : 'paypal/issuer.pem'),
        ),
    }),
    secrets: [],
    sound: { body: paypal.body, ...paypal.headers },
  },
};

const presents: Readonly<Record<string, number>> = { paypal: Date.UTC(2015, 4, 18, 15, 46) };

for (const [name, { scheme, secrets, sound, signed = ({ body = '' }) => body }] of Object.entries(subjects)) {
  const at = presents[name] ?? now;
  const [header = ''] = scheme.secretHeaders;
  const { body: soundBody = '', url } = sound;
  const signature =
    sound[header] === undefined
      ? await scheme.sign(bytes(soundBody), { id: 'msg_1', now: at, url, headers: sound })
      : {};
  const delivery: FuzzInput = { ...sound, ...signature };

  fuzz({
    name: `scheme-${name}`,
    sound: [delivery],
    words: [
      't=',
      'v1=',
      'v0=',
      'v1,',
      'h1=',
      'ts=',
      ';',
      ',',
      '=',
      '.',
      ' ',
      'sha256=',
      seconds,
      '&',
      'a'.repeat(64),
    ],
    async check(input) {
      const { body = '', url, ...headers } = input;
      const result = await scheme.verify({ body: bytes(body), headers, now: at, url });
      if (result.verified) {
        expect(signed(input)).toBe(signed(delivery));
        return `verified by ${result.secret}`;
      }
      expect(rejectionReasons).toContain(result.reason);
      const hidden = [...secrets, headers[header] ?? ''].filter((text) => text.length > 16);
      for (const text of hidden) expect(result.detail).not.toContain(text);
      return `${result.reason}: ${result.detail}`;
    },
    reaches: /^verified/,
  });
}

/** Texts of inputs have a character for each byte. */
function bytes(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}

function fixture(path: string): string {
  return readFileSync(new URL(`../../fixtures/${path}`, import.meta.url), 'utf8');
}
