import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createListener, type HeardDelivery } from '../../../src/capture/listener.ts';
import { bodyOf, type RecordedDelivery } from '../../../src/capture/recorded-delivery.ts';
import { createBodyRedactor } from '../../../src/capture/redact-body.ts';
import { createRedactor } from '../../../src/monitoring/redactor.ts';
import { type HttpServer, listen } from '../../../src/receiver/server.ts';
import { startHttpVendor } from '../../support/http-vendor.ts';
import { deliver, post, secret, sign, testSources } from '../../support/receiver.ts';

const body = '{"id":"evt_1","type":"customer.updated","customer":"cus_1","email":"ada@example.org"}';

describe('the door that records deliveries', () => {
  let server: HttpServer;
  let recorded: RecordedDelivery[];
  let heard: HeardDelivery[];
  const start = async (options: { forwardTo?: string; redact?: string[]; broken?: boolean } = {}) => {
    recorded = [];
    heard = [];
    const app = createListener({
      sources: testSources,
      file: {
        append: async (delivery) => {
          if (options.broken === true) throw new Error('the disk is full');
          recorded.push(delivery);
        },
      },
      redactBody: createBodyRedactor(options.redact ?? [], secret),
      redact: createRedactor(new Set([secret])),
      forwardTo: options.forwardTo === undefined ? null : new URL(options.forwardTo),
      maxBodyBytes: 10_000,
      now: Date.now,
      heard: (delivery) => void heard.push(delivery),
    });
    server = await listen(app, { host: '127.0.0.1', port: 0, setting: '--port' });
  };
  beforeEach(() => start());
  afterEach(() => server.close(0));

  test('keeps the body to the byte and the headers without what is secret, and answers 200', async () => {
    const headers: Record<string, string> = {
      ...(await sign('shop', body)),
      authorization: 'Bearer abc',
      cookie: 'session=1',
      'x-vendor-token': 'abc',
      'x-note': `is it ${secret}?`,
      'x-trace': 'a',
    };
    const answer = await post(server.url, 'shop?attempt=1', body, headers);
    expect(answer).toMatchObject({ status: 200, body: { recorded: true } });
    expect(recorded).toMatchObject([
      {
        source: 'shop',
        path: '/webhooks/shop?attempt=1',
        bodyEncoding: 'utf8',
        body,
        verified: true,
        headers: {
          'content-type': 'application/json',
          'x-signature': '[redacted]',
          authorization: '[redacted]',
          cookie: '[redacted]',
          'x-vendor-token': '[redacted]',
          'x-note': 'is it [redacted]?',
          'x-trace': 'a',
          'x-time': headers['x-time'],
        },
      },
    ]);
    expect(JSON.stringify(recorded)).not.toContain(headers['x-signature']);
    expect(Math.abs(Date.parse(recorded[0]?.at ?? '') - Date.now())).toBeLessThan(60_000);
  });

  test('keeps a delivery that nobody signed, and says that its signature was wrong', async () => {
    await post(server.url, 'shop', body, await sign('other', body));
    await post(server.url, 'shop', body);
    expect(recorded.map(({ verified }) => verified)).toEqual([false, false]);
    expect(heard.map(({ refused }) => refused)).toEqual(['bad_signature', 'missing_header']);
  });

  test('keeps a body that is no text, and hides what is to be hidden', async () => {
    await server.close(0);
    await start({ redact: ['/email'] });
    const bytes = Buffer.from([0x7b, 0xff]);
    await deliver(server.url, 'shop', body);
    await deliver(server.url, 'shop', bytes);
    const [text, binary] = recorded;
    if (text === undefined || binary === undefined) throw new Error('both are recorded');
    expect(JSON.parse(text.body)).toEqual({
      ...(JSON.parse(body) as object),
      email: expect.stringMatching(/^redacted-/),
    });
    expect(text.verified).toBe(true);
    expect(binary).toMatchObject({ bodyEncoding: 'left-out', body: '' });
    await server.close(0);
    await start();
    await deliver(server.url, 'shop', bytes);
    expect(recorded.map(bodyOf)).toEqual([bytes]);
  });

  test('answers a handshake, so that the vendor can be set up with it', async () => {
    const answer = await deliver(server.url, 'chat', { type: 'url_verification', challenge: 'abc' });
    expect(answer).toMatchObject({ status: 200, body: { challenge: 'abc' } });
    expect(recorded).toHaveLength(1);
  });

  test('refuses what is no delivery as the receiver does, and records nothing of it', async () => {
    const answers = await Promise.all([
      post(server.url, 'nobody', body),
      post(server.url, 'shop', body, { 'content-type': 'text/plain' }),
      post(server.url, 'shop', 'x'.repeat(20_000)),
      post(server.url, 'shop', '', {}, 'GET'),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([404, 415, 413, 404]);
    expect(recorded).toEqual([]);
  });

  test('passes a delivery on with its signature, and its answer back', async () => {
    await server.close(0);
    await using receiver = await startHttpVendor(() => ({
      status: 503,
      headers: { 'retry-after': '30', 'x-inner': 'secret' },
      json: { code: 'LANDFALL_NOT_ACCEPTED' },
    }));
    await start({ forwardTo: receiver.url });
    const headers = { ...(await sign('shop', body)), 'x-trace': 'a' };
    const answer = await post(server.url, 'shop?attempt=1', body, headers);
    expect(answer).toMatchObject({ status: 503, body: { code: 'LANDFALL_NOT_ACCEPTED' } });
    expect(answer.headers.get('retry-after')).toBe('30');
    expect(answer.headers.get('x-inner')).toBeNull();
    expect(receiver.requests).toMatchObject([{ method: 'POST', body, headers }]);
    expect(receiver.requests[0]?.url.href).toBe('http://vendor/webhooks/shop?attempt=1');
    expect(recorded).toHaveLength(1);
    expect(heard).toMatchObject([{ status: 503, refused: null, bodyBytes: body.length }]);
  });

  test('keeps a delivery that nobody can be given, and has the vendor send it again', async () => {
    await server.close(0);
    await start({ forwardTo: 'http://127.0.0.1:1' });
    const response = await fetch(`${server.url}/webhooks/shop`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(await sign('shop', body)) },
      body,
    });
    expect(response.status).toBe(502);
    expect(recorded).toHaveLength(1);
  });

  test('has the vendor send again what could not be written down', async () => {
    await server.close(0);
    await start({ broken: true });
    expect(await deliver(server.url, 'shop', body)).toMatchObject({
      status: 500,
      body: { code: 'LANDFALL_INTERNAL', detail: expect.stringContaining('the disk is full') },
    });
  });
});
