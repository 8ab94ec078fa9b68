import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  deliver,
  post,
  readMetric,
  sign,
  startReceiverUnderTest,
  testSources,
  type ReceiverUnderTest,
} from '../../support/receiver.ts';

const body = JSON.stringify({ id: 'evt_1', type: 'customer.updated', customer: 'cus_1', card: '4242-body' });
const tenMinutes = 600_000;

let receiver: ReceiverUnderTest;
beforeAll(async () => {
  receiver = await startReceiverUnderTest();
}, 60_000);
afterAll(() => receiver[Symbol.asyncDispose]());

/** Requests that must be refused, each with its reason. */
const forgeries: [what: string, source: string, reason: string, () => Promise<Record<string, string>>][] = [
  ['no signature', 'shop', 'missing_header', () => Promise.resolve({})],
  [
    'a signature that is none',
    'shop',
    'malformed_header',
    async () => ({ ...(await sign('shop', body)), 'x-signature': 'zzz-not-hex' }),
  ],
  ['the signature of another body', 'shop', 'bad_signature', () => sign('shop', `${body} `)],
  ['the signature of another source', 'shop', 'bad_signature', () => sign('other', body)],
  ['an old delivery, replayed', 'shop', 'stale_timestamp', () => sign('shop', body, Date.now() - tenMinutes)],
  ['a time in the future', 'shop', 'stale_timestamp', () => sign('shop', body, Date.now() + tenMinutes)],
  ['a source whose secret is gone', 'mute', 'no_secret_configured', () => sign('shop', body)],
];

describe('A delivery that is not signed as it must be', () => {
  it.each(forgeries)(
    'is refused with its reason in the answer, metric, log and table: %s',
    async (_what, source, reason, forge) => {
      const labels = { source, reason };
      const before = await readMetric(receiver.metrics, 'landfall_rejections_total', labels);
      const headers = await forge();
      const answer = await post(receiver.url, source, body, headers);
      expect(answer.status).toBe(401);
      expect(answer.body).toMatchObject({ code: 'LANDFALL_SIGNATURE_REFUSED', reason });
      expect(await readMetric(receiver.metrics, 'landfall_rejections_total', labels)).toBe(before + 1);
      await receiver.flush();
      expect(await receiver.store.listRejections(source, 1)).toMatchObject([
        { ...labels, detail: answer.body['detail'], bodyBytes: body.length },
      ]);
      expect(receiver.log.some((line) => line.includes(reason) && line.includes('"level":"warn"'))).toBe(
        true,
      );
    },
  );

  it('has not reached Temporal or the inbox', async () => {
    expect(receiver.temporal.asked).toBe(0);
    expect(await receiver.store.countInbox()).toBe(0);
  });

  it('is refused without a body as well', async () => {
    const response = await fetch(`${receiver.url}/webhooks/shop`, { method: 'POST' });
    expect(response.status).toBe(401);
  });

  it('leaves no signature, token, cookie or body in the table, the log or the answer', async () => {
    const { 'x-signature': signature = '', ...time } = await sign('other', body);
    const answer = await post(receiver.url, 'shop', body, {
      ...time,
      'x-signature': signature,
      authorization: 'Bearer token-in-a-header',
      cookie: 'session=a-session',
      'x-harmless': 'seen',
    });
    await receiver.flush();
    const [row] = await receiver.store.listRejections('shop', 1);
    expect(row?.headers).toMatchObject({ 'x-signature': '[redacted]', 'x-harmless': 'seen' });
    const traces = JSON.stringify([row, receiver.log, answer.body]);
    for (const hidden of [signature, 'token-in-a-header', 'a-session', '4242-body']) {
      expect(traces).not.toContain(hidden);
    }
  });

  it('is never read: a body that is no JSON is refused for its signature', async () => {
    expect((await post(receiver.url, 'shop', 'not json')).status).toBe(401);
  });

  it.each([...testSources.keys()])('is refused by every source without a signature: %s', async (source) => {
    expect((await post(receiver.url, source, body)).status).toBe(401);
  });
});

describe('A flood of forged deliveries', { timeout: 120_000 }, () => {
  it('is counted to the last one, and fills neither the table nor the log', async () => {
    await using flooded = await startReceiverUnderTest();
    const deliveries = 5_000;
    const began = Date.now();
    let sent = 0;
    const client = async () => {
      while (sent < deliveries) {
        sent += 1;
        expect((await post(flooded.url, 'shop', body, { 'x-signature': '00' })).status).toBe(401);
      }
    };
    await Promise.all(Array.from({ length: 20 }, client));
    await flooded.flush();
    const [counts] = await flooded.store.countRejections(new Date(Date.now() - tenMinutes).toISOString());
    expect(counts).toEqual({ source: 'shop', reason: 'malformed_header', count: deliveries });
    const rows = await flooded.store.listRejections('shop', 10_000);
    // What is kept and logged grows with the seconds that a flood takes, not with its deliveries; rows end at 1,000 of a source.
    const seconds = (Date.now() - began) / 1_000 + 2;
    expect(rows.length).toBeGreaterThan(0);
    expect(rows.length).toBeLessThanOrEqual(Math.min(20 * seconds, 1_000));
    expect(flooded.log.length).toBeLessThanOrEqual(2 * seconds);
    expect((await deliver(flooded.url, 'shop', body)).status).toBe(200);
  });

  it('keeps its counts while the store is away, and writes them when it is back', async () => {
    await using flooded = await startReceiverUnderTest();
    const { store } = flooded;
    const write = store.recordRejections.bind(store);
    store.recordRejections = () => Promise.reject(new Error('the store is away'));
    for (let index = 0; index < 30; index += 1) await post(flooded.url, 'shop', body);
    await flooded.flush();
    store.recordRejections = write;
    await post(flooded.url, 'shop', body);
    await flooded.flush();
    const since = new Date(Date.now() - tenMinutes).toISOString();
    expect(await store.countRejections(since)).toEqual([
      { source: 'shop', reason: 'missing_header', count: 31 },
    ]);
  });
});
