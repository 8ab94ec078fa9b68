import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Store } from '../../../src/store/store.ts';
import {
  deliver,
  emptyInbox,
  eventually,
  openTestStore,
  post,
  readMetric,
  sha256,
  startReceiverUnderTest,
  type ReceiverUnderTest,
} from '../../support/receiver.ts';

let store: Store;
let receiver: ReceiverUnderTest;
let time: number;
beforeAll(async () => {
  store = await openTestStore();
}, 60_000);
beforeEach(async () => {
  time = Date.now();
  receiver = await startReceiverUnderTest({ now: () => time, store });
});
afterEach(async () => {
  await receiver[Symbol.asyncDispose]();
  await emptyInbox(store);
});
afterAll(() => store.close());

const event = (id: string, more: object = {}) => ({
  id,
  type: 'customer.updated',
  customer: 'cus_1',
  ...more,
});
const send = (id: string, more: object = {}) => deliver(receiver.url, 'shop', event(id, more));
const conflictsOf = async (id: string) =>
  (await store.listConflicts('shop', 100)).filter(({ eventId }) => eventId === id);
const countDeliveries = (result: string) =>
  readMetric(receiver.metrics, 'landfall_deliveries_total', { source: 'shop', result });

/** The receiver again, with a store that is gone. */
async function restartWithoutStore(): Promise<void> {
  await receiver[Symbol.asyncDispose]();
  const gone = await openTestStore();
  await gone.close();
  receiver = await startReceiverUnderTest({ now: () => time, store: gone });
}

describe('A delivery', () => {
  it('is answered with 200 once Temporal holds the event, and not before', async () => {
    receiver.temporal.state = 'hangs';
    let answered = false;
    const sending = send('evt_1').then((answer) => {
      answered = true;
      return answer;
    });
    await eventually(() => receiver.temporal.asked).toBe(1);
    expect(answered).toBe(false);
    receiver.temporal.state = 'up';
    const answer = await sending;
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({ eventId: 'evt_1', workflowId: 'shop:evt_1', duplicate: false });
    expect(receiver.temporal.events).toMatchObject([
      {
        source: 'shop',
        id: 'evt_1',
        type: 'customer.updated',
        entity: { type: 'customer', id: 'cus_1' },
        payload: event('evt_1'),
        bodySha256: sha256(JSON.stringify(event('evt_1'))),
        headers: { 'x-signature': '[redacted]', 'content-type': 'application/json' },
        foundBy: 'webhook',
      },
    ]);
  });

  it('is told to be a duplicate when it comes again, and is no conflict', async () => {
    await send('evt_1');
    expect(await send('evt_1')).toMatchObject({
      status: 200,
      body: { eventId: 'evt_1', workflowId: 'shop:evt_1', duplicate: true },
    });
    expect(receiver.temporal.events).toHaveLength(1);
    expect(await countDeliveries('started')).toBe(1);
    expect(await countDeliveries('duplicate')).toBe(1);
    expect(await conflictsOf('evt_1')).toEqual([]);
  });

  it('keeps what a second body under the same id says, for people; the first one wins', async () => {
    await send('evt_twice', { plan: 'first' });
    const answer = await send('evt_twice', { plan: 'second' });
    expect(answer).toMatchObject({ status: 200, body: { duplicate: true } });
    expect(receiver.temporal.events).toMatchObject([{ payload: { plan: 'first' } }]);
    expect(await conflictsOf('evt_twice')).toMatchObject([
      {
        eventId: 'evt_twice',
        firstSha256: sha256(JSON.stringify(event('evt_twice', { plan: 'first' }))),
        body: JSON.stringify(event('evt_twice', { plan: 'second' })),
      },
    ]);
    expect(await readMetric(receiver.metrics, 'landfall_conflicts_total', { source: 'shop' })).toBe(1);
    expect(receiver.log.some((line) => line.includes('conflict'))).toBe(true);
  });

  it('is one event for each source, though two vendors use the same id', async () => {
    expect((await send('evt_1')).body['duplicate']).toBe(false);
    expect((await deliver(receiver.url, 'other', event('evt_1'))).body['duplicate']).toBe(false);
  });

  it('is answered in the way of the vendor where it is a handshake', async () => {
    const answer = await deliver(receiver.url, 'chat', { type: 'url_verification', challenge: 'abc' });
    expect(answer).toMatchObject({ status: 200, body: { challenge: 'abc' } });
    expect(receiver.temporal.asked).toBe(0);
    const forged = await post(receiver.url, 'chat', '{"type":"url_verification","challenge":"abc"}');
    expect(forged.status).toBe(401);
  });
});

describe('While Temporal is down', { timeout: 60_000 }, () => {
  it('a delivery is held by the inbox and answered with 202', async () => {
    receiver.temporal.state = 'down';
    expect(await send('evt_1')).toMatchObject({
      status: 202,
      body: { eventId: 'evt_1', workflowId: 'shop:evt_1', duplicate: false },
    });
    expect(await store.countInbox()).toBe(1);
    expect(await countDeliveries('inboxed')).toBe(1);
    expect(await readMetric(receiver.metrics, 'landfall_inbox_items')).toBe(1);
  });

  it('the same event waits once, and another body under its id is kept', async () => {
    receiver.temporal.state = 'down';
    await send('evt_waits');
    expect(await send('evt_waits')).toMatchObject({ status: 202, body: { duplicate: true } });
    expect(await conflictsOf('evt_waits')).toEqual([]);
    expect(await send('evt_waits', { plan: 'second' })).toMatchObject({
      status: 202,
      body: { duplicate: true },
    });
    expect(await conflictsOf('evt_waits')).toHaveLength(1);
    expect(await store.countInbox()).toBe(1);
  });

  it('an unreadable delivery waits as well', async () => {
    receiver.temporal.state = 'down';
    expect((await deliver(receiver.url, 'shop', 'not json')).status).toBe(202);
    expect(await store.claimInbox(1, 1)).toMatchObject([{ item: { kind: 'unreadable' } }]);
  });

  it('only one delivery in two seconds waits for it, and the first that it takes ends the detour', async () => {
    receiver.temporal.state = 'down';
    await send('evt_1');
    for (let index = 0; index < 20; index += 1) expect((await send(`evt_more_${index}`)).status).toBe(202);
    expect(receiver.temporal.asked).toBe(1);
    time += 2_001;
    receiver.temporal.state = 'hangs';
    const probe = send('evt_a');
    await eventually(() => receiver.temporal.asked).toBe(2);
    expect((await send('evt_b')).status).toBe(202);
    receiver.temporal.state = 'down';
    expect((await probe).status).toBe(202);
    expect(receiver.temporal.asked).toBe(2);
    receiver.temporal.state = 'up';
    expect((await send('evt_d')).status).toBe(202);
    time += 2_001;
    expect((await send('evt_e')).status).toBe(200);
    expect((await send('evt_f')).status).toBe(200);
  });

  it('and the store is down too, the vendor is told to send again, and nothing counts as accepted', async () => {
    await restartWithoutStore();
    receiver.temporal.state = 'down';
    const answer = await send('evt_1');
    expect(answer).toMatchObject({ status: 503, body: { code: 'LANDFALL_NOT_ACCEPTED' } });
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await countDeliveries('unavailable')).toBe(1);
    expect(await countDeliveries('inboxed')).toBe(0);
  });
});

describe('While the store is down', { timeout: 60_000 }, () => {
  it('Temporal alone takes the event, a conflicting one included', async () => {
    await restartWithoutStore();
    expect((await send('evt_1')).status).toBe(200);
    expect(await send('evt_1', { plan: 'second' })).toMatchObject({ status: 200, body: { duplicate: true } });
  });

  it('Temporal takes more than its bound as well: there is nowhere else to go', async () => {
    await restartWithoutStore();
    receiver.temporal.state = 'hangs';
    const sending = Promise.all(Array.from({ length: 220 }, (_, index) => send(`evt_${index}`)));
    await eventually(() => receiver.temporal.asked).toBe(220);
    receiver.temporal.state = 'up';
    expect((await sending).every(({ status }) => status === 200)).toBe(true);
  });
});

describe('An event that Temporal refuses', () => {
  it('waits in the inbox, is told of loudly, and holds up no other', async () => {
    receiver.temporal.state = 'refuses';
    expect((await send('evt_1')).status).toBe(202);
    expect(await store.countInbox()).toBe(1);
    expect(receiver.log.some((line) => line.includes('"level":"error"') && line.includes('evt_1'))).toBe(
      true,
    );
    receiver.temporal.state = 'up';
    expect((await send('evt_2')).status).toBe(200);
  });

  it('ends the detour after an outage, for Temporal has answered', async () => {
    receiver.temporal.state = 'down';
    await send('evt_1');
    time += 2_001;
    receiver.temporal.state = 'refuses';
    expect((await send('evt_2')).status).toBe(202);
    receiver.temporal.state = 'up';
    expect((await send('evt_3')).status).toBe(200);
  });
});

describe('A burst', { timeout: 60_000 }, () => {
  it('of more than 24 starts under way goes on in the inbox until that is empty, and none of it is lost', async () => {
    receiver.temporal.state = 'hangs';
    const sending = Array.from({ length: 100 }, (_, index) => send(`evt_${index}`));
    await eventually(() => store.countInbox()).toBe(76);
    expect(receiver.temporal.asked).toBe(24);
    receiver.temporal.state = 'up';
    const answers = await Promise.all(sending);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(24);
    expect(answers.filter(({ status }) => status === 202)).toHaveLength(76);
    // Those in line go first.
    expect((await send('evt_next')).status).toBe(202);
    receiver.overflow.end();
    expect((await send('evt_last')).status).toBe(200);
  });

  it('that neither the inbox holds is given to Temporal after all', async () => {
    await restartWithoutStore();
    receiver.overflow.begin();
    expect((await send('evt_1')).status).toBe(200);
    expect(receiver.overflow.lasts()).toBe(false);
  });
});

describe('A duplicate', () => {
  it('that comes at the same time waits for the first, and Temporal is asked once', async () => {
    receiver.temporal.state = 'hangs';
    const sending = Array.from({ length: 60 }, () => send('evt_1'));
    await eventually(() => receiver.temporal.asked).toBe(1);
    receiver.temporal.state = 'up';
    const answers = await Promise.all(sending);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(answers.filter(({ body }) => body['duplicate'] === false)).toHaveLength(1);
    expect(receiver.temporal.asked).toBe(1);
  });

  it('that comes soon is answered from memory, with its conflict noted, and asks Temporal for nothing', async () => {
    expect((await send('evt_1')).body).toMatchObject({ duplicate: false });
    const asked = receiver.temporal.asked;
    expect(await send('evt_1')).toMatchObject({
      status: 200,
      body: { duplicate: true, workflowId: 'shop:evt_1' },
    });
    expect((await send('evt_1', { plan: 'other' })).body).toMatchObject({ duplicate: true });
    expect(receiver.temporal.asked).toBe(asked);
    expect(await conflictsOf('evt_1')).toHaveLength(1);
  });

  it('of what nobody could hold is no duplicate', async () => {
    await restartWithoutStore();
    receiver.temporal.state = 'down';
    expect((await send('evt_1')).status).toBe(503);
    receiver.temporal.state = 'up';
    time += 60_000;
    expect(await send('evt_1')).toMatchObject({ status: 200, body: { duplicate: false } });
  });
});
