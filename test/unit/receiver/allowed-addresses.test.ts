import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addressList } from '../../../src/sources/address-list.ts';
import type { Store } from '../../../src/store/store.ts';
import {
  openTestStore,
  post,
  readMetric,
  sign,
  startReceiverUnderTest,
  testSources,
} from '../../support/receiver.ts';

const reason = 'address_not_allowed';
const vendor = '192.0.2.7';
const sources = new Map(
  [...testSources].map(([name, source]) => [
    name,
    name === 'shop' ? { ...source, allowedAddresses: addressList.parse('192.0.2.0/24') } : source,
  ]),
);

let store: Store;
beforeAll(async () => {
  store = await openTestStore();
}, 60_000);
afterAll(() => store.close());

const start = (trusted: string | null) =>
  startReceiverUnderTest({
    store,
    sources,
    limits: { trustedProxies: trusted === null ? null : addressList.parse(trusted) },
  });

/** A delivery that is right but for where it comes from. */
async function deliverBy(url: string, forwardedFor: string | null, source = 'shop') {
  const body = JSON.stringify({ id: `evt_${forwardedFor ?? 'direct'}`, type: 'ping' });
  const headers = await sign(source, body);
  return post(url, source, body, {
    ...headers,
    ...(forwardedFor === null ? {} : { 'x-forwarded-for': forwardedFor }),
  });
}

describe('A source with a list of addresses', () => {
  it.each([
    [vendor, 200],
    // What stands before the last one that is not ours, anybody can write.
    [`203.0.113.9, ${vendor}`, 200],
    [`${vendor}, 203.0.113.9`, 403],
    [`${vendor}, 127.0.0.1`, 200],
    ['203.0.113.9', 403],
    ['unknown', 403],
    [`${vendor}:443`, 403],
    ['', 403],
    [null, 403],
  ])(
    'behind a proxy that is trusted, takes a delivery forwarded for %s: %i',
    async (forwardedFor, status) => {
      await using receiver = await start('loopback');
      expect((await deliverBy(receiver.url, forwardedFor)).status).toBe(status);
    },
  );

  it('believes no X-Forwarded-For of a stranger, and says what to set where it is our own proxy', async () => {
    await using receiver = await start(null);
    const answer = await deliverBy(receiver.url, vendor);
    expect(answer.status).toBe(403);
    expect(answer.body).toMatchObject({ code: 'LANDFALL_ADDRESS_REFUSED', reason });
    expect(answer.body['detail']).toMatch(/127\.0\.0\.1.*LANDFALL_TRUSTED_PROXIES/);
    expect((await deliverBy(receiver.url, null)).body['detail']).not.toContain('LANDFALL_TRUSTED_PROXIES');
  });

  it('counts and records what it refuses as other rejections, and asks nobody about it', async () => {
    await using receiver = await start(null);
    const answer = await deliverBy(receiver.url, null);
    await receiver.flush();
    expect(await readMetric(receiver.metrics, 'landfall_rejections_total', { source: 'shop', reason })).toBe(
      1,
    );
    expect(await store.listRejections('shop', 1)).toMatchObject([
      {
        source: 'shop',
        reason,
        detail: answer.body['detail'],
        bodyBytes: 0,
        headers: { 'x-signature': '[redacted]' },
      },
    ]);
    expect(receiver.temporal.asked).toBe(0);
  });

  it('leaves the other sources open to all', async () => {
    await using receiver = await start(null);
    expect((await deliverBy(receiver.url, null, 'other')).status).toBe(200);
  });
});
