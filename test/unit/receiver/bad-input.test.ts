import { request as httpRequest } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { unreadableEventId } from '../../../src/model/ids.ts';
import {
  deliver,
  eventually,
  post,
  readMetric,
  sha256,
  sign,
  startReceiverUnderTest,
  type ReceiverUnderTest,
} from '../../support/receiver.ts';

let receiver: ReceiverUnderTest;
beforeAll(async () => {
  receiver = await startReceiverUnderTest({ maxBodyBytes: 20_000 });
}, 60_000);
afterAll(() => receiver[Symbol.asyncDispose]());

/** The event that Temporal holds under an id. */
const held = (id: string) => receiver.temporal.events.find((event) => event.id === id);

describe('A request that is no delivery', () => {
  it.each(['POST', 'GET', 'HEAD', 'DELETE'])(
    'gets 404 for a source that is not there, also as %s',
    async (method) => {
      const answer = await post(receiver.url, 'nobody', '{}', {}, method);
      expect(answer.status).toBe(404);
      if (method !== 'HEAD')
        expect(answer.body).toMatchObject({ code: 'LANDFALL_SOURCE_UNKNOWN', status: 404 });
    },
  );

  it('is counted as of an unknown source, never under the name it made up', async () => {
    await post(receiver.url, 'made-up-name', '{}');
    expect(
      await readMetric(receiver.metrics, 'landfall_deliveries_total', { source: 'unknown' }),
    ).toBeGreaterThan(0);
    expect(await receiver.metrics.registry.metrics()).not.toContain('made-up-name');
  });

  it.each(['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])(
    'gets 405 and the method to use, as %s',
    async (method) => {
      const answer = await post(receiver.url, 'shop', '', {}, method);
      expect(answer.status).toBe(405);
      expect(answer.headers.get('allow')).toBe('POST');
    },
  );

  it.each(['/', '/webhooks', '/webhooks/shop/more/still', '/metrics', '/readyz'])(
    'gets 404 for the path %s',
    async (path) => {
      const response = await fetch(receiver.url + path, { method: 'POST' });
      expect(response.status).toBe(404);
      expect(await response.json()).toMatchObject({ code: 'LANDFALL_PATH_UNKNOWN' });
    },
  );

  it('is counted as refused at the source that it names', async () => {
    const refused = () =>
      readMetric(receiver.metrics, 'landfall_deliveries_total', { source: 'plain', result: 'refused' });
    await post(receiver.url, 'plain', '', {}, 'GET');
    await eventually(refused).toBe(1);
    await post(receiver.url, 'plain', '{}', { 'content-type': 'text/plain' });
    await eventually(refused).toBe(2);
    await post(receiver.url, 'plain', Buffer.alloc(20_001, 32));
    await eventually(refused).toBe(3);
  });

  it('gets 400 for a path that is no URL encoding', async () => {
    const response = await fetch(`${receiver.url}/webhooks/%E0%A4%A`, { method: 'POST' });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ code: 'LANDFALL_REQUEST_BROKEN' });
  });

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'text/json', 'application/jsonp', ''])(
    'gets 415 for the content type "%s"',
    async (type) => {
      const body = '{"id":"evt_type"}';
      const answer = await post(receiver.url, 'shop', body, {
        ...(await sign('shop', body)),
        'content-type': type,
      });
      expect(answer.status).toBe(415);
      expect(answer.body).toMatchObject({ code: 'LANDFALL_CONTENT_TYPE_REFUSED' });
      expect(held('evt_type')).toBeUndefined();
    },
  );

  it.each(['application/json; charset=utf-8', 'application/cloudevents+json', 'Application/JSON'])(
    'is taken with the content type "%s"',
    async (type) => {
      const body = JSON.stringify({ id: `evt_${type}`, type: 'ping' });
      const answer = await post(receiver.url, 'shop', body, {
        ...(await sign('shop', body)),
        'content-type': type,
      });
      expect(answer.status).toBe(200);
    },
  );

  it('gets 415 for a compressed body: its signature is over other bytes', async () => {
    const answer = await post(receiver.url, 'shop', '{}', { 'content-encoding': 'gzip' });
    expect(answer.status).toBe(415);
    expect(answer.body['detail']).toContain('Content-Encoding');
  });

  it('answers a problem that programs and people can read, and that no cache keeps', async () => {
    const answer = await post(receiver.url, 'nobody', '{}');
    expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.headers.get('x-powered-by')).toBeNull();
    expect(Object.keys(answer.body).sort()).toEqual(['code', 'detail', 'status', 'title', 'type']);
  });
});

describe('A body that is too large', () => {
  const tooLarge = Buffer.alloc(20_001, 32);

  it('gets 413 where its length is known, and one of exactly the limit is read', async () => {
    const answer = await post(receiver.url, 'shop', tooLarge, await sign('shop', tooLarge));
    expect(answer.status).toBe(413);
    expect(answer.body).toMatchObject({ code: 'LANDFALL_BODY_TOO_LARGE' });
    expect(answer.body['detail']).toContain('20000 bytes');
    expect((await deliver(receiver.url, 'shop', tooLarge.subarray(1))).status).toBe(200);
  });

  it('gets 413 though it never ends', async () => {
    expect(await sendWithoutEnd({})).toBe(413);
  });

  it('gets 413 for the length that it announces, before it is sent', async () => {
    expect(await sendWithoutEnd({ 'content-length': '1000000000' }, 0)).toBe(413);
  });

  function sendWithoutEnd(headers: Record<string, string>, chunkBytes = 10_000): Promise<number | undefined> {
    return new Promise((resolve, reject) => {
      const sending = httpRequest(`${receiver.url}/webhooks/shop`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
      });
      const more = setInterval(() => chunkBytes > 0 && sending.write(Buffer.alloc(chunkBytes)), 5);
      sending.flushHeaders();
      sending.once('error', reject);
      sending.once('response', (response) => {
        clearInterval(more);
        resolve(response.statusCode);
        sending.removeListener('error', reject).on('error', () => undefined);
        sending.destroy();
      });
    });
  }
});

describe('A delivery that breaks off', () => {
  it('leaves a receiver that goes on, and nothing accepted', async () => {
    const before = receiver.temporal.asked;
    await new Promise<void>((resolve) => {
      const sending = httpRequest(`${receiver.url}/webhooks/shop`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'content-length': '1000' },
      });
      sending.on('error', () => undefined);
      sending.once('close', resolve);
      sending.write('{"id":', () => sending.destroy());
    });
    expect((await deliver(receiver.url, 'shop', { id: 'evt_after_abort', type: 'ping' })).status).toBe(200);
    expect(receiver.temporal.asked).toBe(before + 1);
  });
});

describe('A validly signed body without an event in it', () => {
  it.each([
    ['nothing at all', ''],
    ['bytes that are not UTF-8', Buffer.from([0x7b, 0xff, 0xfe, 0x7d])],
    ['what is not JSON', '{"id": "evt_1",}'],
    ['a byte order mark only', '\ufeff'],
    ['JSON without an id', '{"type":"customer.updated","customer":"cus_1"}'],
    ['an empty id', '{"id":"","type":"customer.updated"}'],
    ['an id that is an object', '{"id":{"a":1},"type":"customer.updated"}'],
    ['an array', '[]'],
    ['a number', '42'],
    ['null', 'null'],
    ['no type', '{"id":"evt_untyped"}'],
    ['an id in a prototype', '{"__proto__":{"id":"evt_proto","type":"ping"}}'],
    ['JSON nested very deeply', '['.repeat(9_000) + ']'.repeat(9_000)],
    [
      'a record id of 10,000 characters',
      JSON.stringify({ id: 'e', type: 'x', customer: 'c'.repeat(10_000) }),
    ],
  ])('is answered with 200 and kept byte for byte: %s', async (_what, body) => {
    const answer = await deliver(receiver.url, 'shop', body);
    const eventId = unreadableEventId(sha256(body));
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({ eventId, workflowId: `dead-letter:shop:${eventId}`, duplicate: false });
    const kept = receiver.temporal.unreadable.find(({ bodySha256 }) => bodySha256 === sha256(body));
    expect(Buffer.from(kept?.body ?? '?', kept?.bodyEncoding).equals(Buffer.from(body))).toBe(true);
    expect(kept?.reason).toMatch(/./);
  });

  it('is one dead letter, however often the same bytes come', async () => {
    const first = await deliver(receiver.url, 'shop', 'not json, twice');
    const second = await deliver(receiver.url, 'shop', 'not json, twice');
    expect(first.body['duplicate']).toBe(false);
    expect(second).toMatchObject({ status: 200, body: { ...first.body, duplicate: true } });
  });
});

describe('An event that is odd', () => {
  it('has an id of 10,000 characters: it goes under their hash', async () => {
    const id = 'x'.repeat(10_000);
    const answer = await deliver(receiver.url, 'shop', { id, type: 'ping' });
    expect(answer.body).toMatchObject({ eventId: `sha256:${sha256(id)}`, duplicate: false });
    expect((await deliver(receiver.url, 'shop', { id, type: 'ping' })).body['duplicate']).toBe(true);
    expect((await deliver(receiver.url, 'shop', { id: `${id}x`, type: 'ping' })).body['duplicate']).toBe(
      false,
    );
  });

  it.each([
    'evt\u0000_1',
    'evt\n1',
    'evt 1',
    '\u2028',
    '\ud800',
    'reconcile:customer/cus_1:7',
    'sha256:00',
    'unreadable:00',
  ])('has an id that is unfit for a log or poses as one of ours: it goes under its hash: %j', async (id) => {
    const answer = await deliver(receiver.url, 'shop', { id, type: 'ping' });
    expect(answer.status).toBe(200);
    expect(answer.body['eventId']).toMatch(/^sha256:[0-9a-f]{64}$/);
  });

  it('has prototype keys in its body: they are data and nothing more', async () => {
    const body =
      '{"id":"evt_proto_keys","type":"ping","__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}';
    expect((await deliver(receiver.url, 'shop', body)).status).toBe(200);
    expect(JSON.stringify(held('evt_proto_keys')?.payload)).toBe(body);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it.each([-1, 0, 1e300, '9999-12-31T23:59:59Z', '0001-01-01T00:00:00Z', 'yesterday', {}, true])(
    'has a time that cannot be: it is accepted without one: %j',
    async (time) => {
      const id = `evt_time_${sha256(JSON.stringify(time)).slice(0, 8)}`;
      expect((await deliver(receiver.url, 'shop', { id, type: 'ping', time })).status).toBe(200);
      expect(held(id)).toMatchObject({ occurredAt: null });
    },
  );

  it('has a type that nobody knows: it is accepted, so that the vendor does not switch us off', async () => {
    const answer = await deliver(receiver.url, 'shop', { id: 'evt_new', type: 'brand.new.type' });
    expect(answer.status).toBe(200);
    expect(held('evt_new')).toMatchObject({ type: 'brand.new.type', entity: null });
  });

  it('has a type of 1,000 characters: it is cut', async () => {
    await deliver(receiver.url, 'shop', { id: 'evt_long_type', type: 't'.repeat(1_000) });
    expect(held('evt_long_type')?.type).toHaveLength(255);
  });
});
