import { conformanceChecks, openSource, readSample, withValues } from 'landfall/testing';
import { expect, test } from 'vitest';
import { squareSource } from './square.ts';

const sample = readSample(new URL('square.sample.json', import.meta.url));

function open(secrets: readonly string[], apiUrl: string, publicUrl = 'https://hooks.example.com') {
  return openSource(squareSource, {
    SQUARE_WEBHOOK_SECRET: secrets.join(','),
    SQUARE_PUBLIC_URL: publicUrl,
    SQUARE_API_URL: apiUrl,
    SQUARE_ACCESS_TOKEN: 'a token of the test',
  });
}

const checks = conformanceChecks({
  create: ({ secrets, apiUrl }) => open(secrets, apiUrl),
  deliveries: [
    {
      body: sample,
      reads: {
        id: '4ea4a4b6-1f9a-4a5e-9d60-5a1c2f6f9e0b',
        type: 'customer.updated',
        entity: { type: 'customer', id: 'JDKYHBWT1D4F8MFH63DBMEN8Y4' },
        announced: { version: '3', sourceTime: null },
      },
      again: { headers: { 'square-retry-number': '1', 'square-retry-reason': 'http_timeout' } },
    },
    {
      body: { event_id: 'b3adf364', type: 'payment.updated', data: { type: 'payment', id: 'KkAkhdMs' } },
      reads: { entity: null },
    },
  ],
  later: { body: withValues(sample, { '/event_id': '6a8f5f28', '/data/object/customer/version': 4 }) },
  deletion: {
    body: withValues(sample, {
      '/event_id': '00e0c4a4',
      '/type': 'customer.deleted',
      '/data/deleted': true,
      '/data/object/customer/version': 5,
    }),
  },
  vendor: {
    record: ({ entity, revision, changedAt }) => ({
      id: entity.id,
      version: revision,
      updated_at: changedAt,
    }),
    fetch: { path: '/v2/customers/{id}', answer: (customer) => ({ customer }) },
    list({ url }, { records }) {
      if (url.pathname !== '/v2/customers') return undefined;
      // By the time of creation, which is the order of the numbers.
      const from = Number(url.searchParams.get('cursor') ?? '0');
      const customers = records
        .filter(({ number }) => number >= from)
        .sort((a, b) => a.number - b.number)
        .map(({ entity, revision, changedAt }) => ({
          id: entity.id,
          version: revision,
          updated_at: changedAt,
        }));
      if (customers.length === 0) return { json: {} };
      const more = customers.length > 3 ? { cursor: String(from + 3) } : {};
      return { json: { customers: customers.slice(0, 3), ...more } };
    },
  },
});

for (const { name, run } of checks) test(name, run);

test("accepts Square's own example of a signature, and only at the address that was signed", async () => {
  const { verification } = open(['asdf1234'], 'http://127.0.0.1:1', 'https://example.com');
  const delivery = {
    body: Buffer.from('{"hello":"world"}'),
    headers: { 'x-square-hmacsha256-signature': '2kRE5qRU2tR+tBGlDwMEw2avJ7QM4ikPYD/PJ3bd9Og=' },
    now: Date.now(),
  };
  expect(await verification.verify({ ...delivery, url: '/webhook' })).toEqual({ verified: true, secret: 1 });
  const elsewhere = await verification.verify({ ...delivery, url: '/webhooks/square' });
  expect(elsewhere).toMatchObject({ verified: false, reason: 'bad_signature' });
});
