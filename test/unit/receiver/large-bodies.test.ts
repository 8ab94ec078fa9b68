import { request as httpRequest } from 'node:http';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { largestBodyBytes } from '../../../src/sources/body-limit.ts';
import type { Source } from '../../../src/sources/define-source.ts';
import type { Store } from '../../../src/store/store.ts';
import {
  deliver,
  emptyInbox,
  eventually,
  openTestStore,
  post,
  readMetric,
  sha256,
  sign,
  startReceiverUnderTest,
  testSources,
  type ReceiverUnderTest,
} from '../../support/receiver.ts';

/** `shop` may send as much as GitHub does; the others as much as most vendors. */
const sources = new Map(
  [...testSources].map(([name, source]): [string, Source] => [
    name,
    name === 'shop' ? { ...source, maxBodyBytes: largestBodyBytes } : source,
  ]),
);
const heldBodyBytes = largestBodyBytes;

let store: Store;
let receiver: ReceiverUnderTest;
let time: number;
beforeAll(async () => {
  store = await openTestStore();
}, 60_000);
beforeEach(async () => {
  time = Date.now();
  receiver = await startReceiverUnderTest({ now: () => time, store, sources, heldBodyBytes });
});
afterEach(async () => {
  await receiver[Symbol.asyncDispose]();
  await emptyInbox(store);
});
afterAll(() => store.close());

/** The receiver again, with a store that is gone. */
async function restartWithoutStore(): Promise<void> {
  await receiver[Symbol.asyncDispose]();
  const gone = await openTestStore();
  await gone.close();
  receiver = await startReceiverUnderTest({ now: () => time, store: gone, sources });
}

/** An event of so many bytes. */
function large(id: string, bytes: number, fill = 'x'): Buffer {
  const around = JSON.stringify({ id, type: 'customer.updated', customer: 'cus_1', more: '' });
  return Buffer.from(around.replace('""', `"${fill.repeat(bytes - around.length)}"`));
}
const held = (id: string) => receiver.temporal.events.find((event) => event.id === id);
const bytesHeld = () => readMetric(receiver.metrics, 'landfall_held_body_bytes');
const countDeliveries = (result: string) =>
  readMetric(receiver.metrics, 'landfall_deliveries_total', { source: 'shop', result });

describe('A large body', { timeout: 120_000 }, () => {
  it('is kept in the store to the byte, and its event carries a reference to it', async () => {
    const body = large('evt_1', 3_000_000);
    expect(await deliver(receiver.url, 'shop', body)).toMatchObject({
      status: 200,
      body: { eventId: 'evt_1', duplicate: false },
    });
    expect(held('evt_1')).toMatchObject({
      payload: null,
      bodySha256: sha256(body),
      storedPayload: { sha256: sha256(body), bytes: 3_000_000, contentType: 'application/json' },
    });
    expect((await store.readBody(sha256(body)))?.equals(body)).toBe(true);
    expect(await bytesHeld()).toBe(0);
  });

  it('may have the size that its source allows, and one byte more gets 413 with what sets the limit', async () => {
    const body = large('evt_largest', largestBodyBytes);
    expect((await deliver(receiver.url, 'shop', body)).status).toBe(200);
    expect((await store.readBody(sha256(body)))?.equals(body)).toBe(true);

    const more = large('evt_more', largestBodyBytes + 1);
    const refused = await deliver(receiver.url, 'shop', more);
    expect(refused).toMatchObject({ status: 413, body: { code: 'LANDFALL_BODY_TOO_LARGE' } });
    expect(refused.body['detail']).toContain('26214400 bytes');
    expect(refused.body['detail']).toContain('SHOP_MAX_BODY_BYTES or LANDFALL_MAX_BODY_BYTES');
    expect(held('evt_more')).toBeUndefined();
    // Of a source that says nothing of it.
    expect((await deliver(receiver.url, 'other', large('evt_2', 1_000_001))).status).toBe(413);
  });

  it('up to the threshold stands in its event itself, and costs the store nothing', async () => {
    const body = large('evt_small', 131_072);
    await deliver(receiver.url, 'shop', body);
    expect(held('evt_small')).toMatchObject({ payload: JSON.parse(body.toString()) as unknown });
    expect(held('evt_small')).not.toHaveProperty('storedPayload');
    expect(await store.readBody(sha256(body))).toBeNull();
  });

  it('that was forged is never kept', async () => {
    const body = large('evt_1', 2_000_000, 'y');
    const signature = await sign('shop', large('evt_1', 2_000_000, 'z'));
    expect((await post(receiver.url, 'shop', body, signature)).status).toBe(401);
    expect(await store.readBody(sha256(body))).toBeNull();
  });

  it('that comes again is a duplicate and kept once; another one under its id is a conflict that can be read', async () => {
    const body = large('evt_1', 2_000_000, 'a');
    await deliver(receiver.url, 'shop', body);
    receiver.temporal.state = 'down';
    expect((await deliver(receiver.url, 'shop', body)).body).toMatchObject({ duplicate: true });
    receiver.temporal.state = 'up';
    const other = large('evt_1', 2_000_000, 'b');
    expect((await deliver(receiver.url, 'shop', other)).body).toMatchObject({ duplicate: true });
    const conflicts = await store.listConflicts('shop', 100);
    expect(conflicts.filter(({ eventId }) => eventId === 'evt_1')).toMatchObject([
      { body: '', bodySha256: sha256(other), storedBody: { sha256: sha256(other), bytes: 2_000_000 } },
    ]);
    expect((await store.readBody(sha256(other)))?.equals(other)).toBe(true);
  });

  it('that cannot be read is a dead letter whose bytes are kept', async () => {
    const body = Buffer.alloc(2_000_000, 0xff);
    expect((await deliver(receiver.url, 'shop', body)).status).toBe(200);
    expect(receiver.temporal.unreadable).toMatchObject([
      { body: '', storedBody: { sha256: sha256(body), bytes: 2_000_000 } },
    ]);
    expect((await store.readBody(sha256(body)))?.equals(body)).toBe(true);
  });

  it('waits in the inbox by its reference while Temporal is down', async () => {
    receiver.temporal.state = 'down';
    const body = large('evt_down', 5_000_000);
    expect((await deliver(receiver.url, 'shop', body)).status).toBe(202);
    const [waiting] = await store.claimInbox(10, 1);
    expect(Buffer.byteLength(JSON.stringify(waiting?.item))).toBeLessThan(2_000);
    expect(waiting?.item).toMatchObject({ event: { storedPayload: { sha256: sha256(body) } } });
    expect((await store.readBody(sha256(body)))?.equals(body)).toBe(true);
  });

  it('is told to come again while the store is away, unless Temporal alone can hold it', async () => {
    await restartWithoutStore();
    const small = large('evt_fits', 1_000_000);
    expect((await deliver(receiver.url, 'shop', small)).status).toBe(200);
    expect(held('evt_fits')).toMatchObject({ payload: JSON.parse(small.toString()) as unknown });
    expect(held('evt_fits')).not.toHaveProperty('storedPayload');
    const refused = await deliver(receiver.url, 'shop', large('evt_not', 3_000_000));
    expect(refused).toMatchObject({ status: 503, body: { code: 'LANDFALL_NOT_ACCEPTED' } });
    expect(refused.headers.get('retry-after')).toBe('30');
    expect(held('evt_not')).toBeUndefined();
  });
});

describe('Large bodies that come at once', { timeout: 120_000 }, () => {
  /** So large that there is room for one of them. */
  const bytes = 20_000_000;

  it('are read one after the other as memory allows, and all are taken; small ones overtake them', async () => {
    receiver.temporal.state = 'hangs';
    const sending = ['evt_1', 'evt_2', 'evt_3'].map((id) =>
      deliver(receiver.url, 'shop', large(id, bytes, id.slice(-1))),
    );
    await eventually(() => receiver.temporal.asked).toBe(1);
    expect(await bytesHeld()).toBe(bytes);
    receiver.temporal.state = 'up';
    const small = await deliver(receiver.url, 'shop', { id: 'evt_small', type: 'ping' });
    expect(small.status).toBe(200);
    const answers = await Promise.all(sending);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(await bytesHeld()).toBe(0);
  });

  it('are told to come again where there is no room for long, and are counted', async () => {
    receiver.temporal.state = 'hangs';
    const first = deliver(receiver.url, 'shop', large('evt_1', bytes));
    await eventually(() => receiver.temporal.asked).toBe(1);
    const second = await deliver(receiver.url, 'shop', large('evt_2', bytes));
    expect(second).toMatchObject({ status: 503, body: { code: 'LANDFALL_NOT_ACCEPTED' } });
    expect(second.headers.get('retry-after')).toBe('30');
    expect(await countDeliveries('unavailable')).toBe(1);
    receiver.temporal.state = 'up';
    expect((await first).status).toBe(200);
    expect((await deliver(receiver.url, 'shop', large('evt_2', bytes))).status).toBe(200);
  });

  it('without an announced size have room for as much as they may become', async () => {
    receiver.temporal.state = 'hangs';
    const first = sendInChunks(large('evt_1', 1_000_000));
    await eventually(() => receiver.temporal.asked).toBe(1);
    expect(await bytesHeld()).toBe(largestBodyBytes);
    receiver.temporal.state = 'up';
    expect(await (await first).status).toBe(200);
    expect(held('evt_1')).toMatchObject({ storedPayload: { bytes: 1_000_000 } });
    expect(await bytesHeld()).toBe(0);
    const more = await sendInChunks(large('evt_2', largestBodyBytes + 1));
    expect(await more.status).toBe(413);
    expect(await bytesHeld()).toBe(0);
  });

  it('give their room back when their vendor goes away, whether it has been read or waits', async () => {
    receiver.temporal.state = 'hangs';
    const first = deliver(receiver.url, 'shop', large('evt_1', bytes));
    await eventually(() => receiver.temporal.asked).toBe(1);
    const waits = await sendInChunks(large('evt_2', bytes).subarray(0, 1_000_000), { ends: false });
    waits.cutOff();
    receiver.temporal.state = 'up';
    expect((await first).status).toBe(200);
    const half = await sendInChunks(large('evt_3', bytes).subarray(0, 1_000_000), { ends: false });
    await eventually(bytesHeld).toBe(largestBodyBytes);
    half.cutOff();
    await eventually(bytesHeld).toBe(0);
    expect((await deliver(receiver.url, 'shop', large('evt_4', bytes))).status).toBe(200);
  });

  /** Posts a signed body without saying how long it is. */
  async function sendInChunks(
    body: Buffer,
    { ends = true } = {},
  ): Promise<{ status: Promise<number | undefined>; cutOff: () => void }> {
    const signature = await sign('shop', body);
    const sending = httpRequest(`${receiver.url}/webhooks/shop`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...signature },
    });
    const status = new Promise<number | undefined>((resolve, reject) => {
      sending.once('error', reject);
      sending.once('response', (response) => {
        resolve(response.statusCode);
        response.resume();
      });
    });
    status.catch(() => undefined);
    for (let at = 0; at < body.length; at += 65_536) sending.write(body.subarray(at, at + 65_536));
    if (ends) sending.end();
    return { status, cutOff: () => sending.destroy() };
  }
});
