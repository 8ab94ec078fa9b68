import Stripe from 'stripe';
import { describe, expect, it } from 'vitest';
import { stripeScheme } from '../../../src/verification/stripe.ts';
import { verificationContract } from '../../contracts/verification.contract.ts';

verificationContract('Stripe', {
  make: (secrets) => stripeScheme({ secrets }),
  secrets: ['whsec_first', 'whsec_second'],
  signatureHeader: 'stripe-signature',
  timestamp: {
    header: 'stripe-signature',
    forge: (headers, seconds) => ({
      'stripe-signature': (headers['stripe-signature'] ?? '').replace(/t=\d+/, `t=${seconds}`),
    }),
  },
});

describe('Stripe', () => {
  const now = Date.UTC(2026, 0, 15, 12);
  const body = Buffer.from('{"id":"evt_1","name":"Grüße"}');
  const scheme = stripeScheme({ secrets: ['whsec_first'] });
  const vendorHeader = (secret: string) =>
    Stripe.webhooks.generateTestHeaderString({ payload: body.toString(), secret, timestamp: now / 1000 });

  it('accepts what the vendor’s own library signed', async () => {
    const headers = { 'stripe-signature': vendorHeader('whsec_first') };
    expect(await scheme.verify({ body, headers, now })).toMatchObject({ verified: true });
  });

  it('signs what the vendor’s own library accepts', async () => {
    const headers = await scheme.sign(body, { id: 'evt_1', now });
    const event = Stripe.webhooks.constructEvent(
      body,
      headers['stripe-signature'] ?? '',
      'whsec_first',
      300,
      undefined,
      now,
    );
    expect(event.id).toBe('evt_1');
  });

  it('accepts a header with two signatures, as Stripe sends while a secret is rolled, and one of a test endpoint (v0)', async () => {
    const [time, first] = vendorHeader('whsec_first').split(',');
    const [, second] = vendorHeader('whsec_rolled').split(',');
    const headers = {
      'stripe-signature': `${time},${second},${first},v0=6ffbb59b2300aae63f272406069a9788598b792a`,
    };
    expect(await scheme.verify({ body, headers, now })).toMatchObject({ verified: true });
  });

  it('refuses a header that names two times', async () => {
    const headers = { 'stripe-signature': `t=1,${vendorHeader('whsec_first')}` };
    expect(await scheme.verify({ body, headers, now })).toMatchObject({ reason: 'malformed_header' });
  });
});
