import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createRelay } from '../../../src/inbox/relay.ts';
import { createLogger } from '../../../src/monitoring/logger.ts';
import { startTracing, type StartedTracing } from '../../../src/monitoring/start-tracing.ts';
import type { Store } from '../../../src/store/store.ts';
import { type CollectedSpan, startOtlpCollector, type OtlpCollector } from '../../support/otlp-collector.ts';
import {
  deliver,
  emptyInbox,
  eventually,
  openTestStore,
  post,
  type ReceiverUnderTest,
  sign,
  startReceiverUnderTest,
} from '../../support/receiver.ts';

const logger = createLogger({
  level: 'silent',
  format: 'json',
  redact: (text) => text,
  destination: { write: () => undefined },
});
const event = (id: string) => ({ id, type: 'customer.updated', customer: 'cus_1' });
const theirTrace = '0af7651916cd43dd8448eb211c80319c';

describe('A traced delivery', () => {
  let store: Store;
  let receiver: ReceiverUnderTest;
  let collector: OtlpCollector;
  let tracing: StartedTracing;
  beforeAll(async () => {
    store = await openTestStore();
  }, 60_000);
  beforeEach(async () => {
    collector = await startOtlpCollector();
    process.env['OTEL_EXPORTER_OTLP_ENDPOINT'] = collector.url;
    tracing = startTracing(
      { protocol: 'http/json' },
      { serviceName: 'landfall-test', redact: (text) => text, logger },
    );
    receiver = await startReceiverUnderTest({ store });
  });
  afterEach(async () => {
    await tracing.stop();
    await receiver[Symbol.asyncDispose]();
    await emptyInbox(store);
    await collector[Symbol.asyncDispose]();
    delete process.env['OTEL_EXPORTER_OTLP_ENDPOINT'];
  });
  afterAll(() => store.close());

  /** What was sent, by name; the span of a request ends just after its answer is here. */
  async function collect(count: number): Promise<Map<string, CollectedSpan>> {
    await eventually(async () => {
      await tracing.spanProcessor.forceFlush();
      return collector.spans().length;
    }).toBe(count);
    return new Map(collector.spans().map((span) => [span.name, span]));
  }

  it('is the root of a trace, with what was done below it', async () => {
    expect((await deliver(receiver.url, 'shop', event('evt_1'))).status).toBe(200);
    const spans = await collect(3);
    const root = spans.get('POST /webhooks/:source');
    expect(root).toMatchObject({
      kind: 2,
      parentSpanId: null,
      links: [],
      attributes: { 'landfall.source': 'shop', 'http.response.status_code': 200 },
    });
    expect(spans.get('verify')).toMatchObject({ traceId: root?.traceId, parentSpanId: root?.spanId });
    expect(spans.get('accept')).toMatchObject({
      traceId: root?.traceId,
      parentSpanId: root?.spanId,
      attributes: { 'landfall.event.id': 'evt_1', 'landfall.result': 'started' },
    });
    const [line = ''] = receiver.log.filter((each) => each.includes('"msg":"started"'));
    expect(JSON.parse(line)).toMatchObject({
      eventId: 'evt_1',
      workflowId: 'shop:evt_1',
      trace_id: root?.traceId,
    });
  });

  it("links the sender's trace and does not go on in it", async () => {
    const body = JSON.stringify(event('evt_2'));
    const traceparent = `00-${theirTrace}-b7ad6b7169203331-01`;
    const headers = { ...(await sign('shop', body)), traceparent };
    expect((await post(receiver.url, 'shop', body, headers)).status).toBe(200);
    const root = (await collect(3)).get('POST /webhooks/:source');
    expect(root?.links).toEqual([{ traceId: theirTrace, spanId: 'b7ad6b7169203331' }]);
    expect(root?.parentSpanId).toBeNull();
    expect(root?.traceId).not.toBe(theirTrace);
  });

  it('says why it was rejected; what came to no source is not traced', async () => {
    expect((await post(receiver.url, 'shop', '{}')).status).toBe(401);
    expect((await post(receiver.url, 'nobody', '{}')).status).toBe(404);
    const root = (await collect(2)).get('POST /webhooks/:source');
    expect(root?.attributes).toMatchObject({
      'landfall.result': 'rejected',
      'landfall.reason': 'missing_header',
      'http.response.status_code': 401,
    });
  });

  it('shows nothing of its address, headers and body, whatever becomes of it', async () => {
    const planted = 'planted-marker';
    const body = JSON.stringify({ ...event('evt_4'), note: planted });
    const headers = {
      [`x-${planted}`]: planted,
      authorization: `Bearer ${planted}`,
      baggage: `marker=${planted}`,
      traceparent: `00-${theirTrace}-b7ad6b7169203331-01`,
      tracestate: `marker=${planted}`,
    };
    const send = async (text: string, signature: Record<string, string>) =>
      (await post(receiver.url, `shop?token=${planted}`, text, { ...headers, ...signature })).status;
    expect(await send(body, await sign('shop', body))).toBe(200);
    expect(await send(body, { 'x-signature': planted, 'x-time': planted })).toBe(401);
    const unreadable = JSON.stringify({ note: planted });
    expect(await send(unreadable, await sign('shop', unreadable))).toBe(200);
    receiver.temporal.state = 'refuses';
    const refused = JSON.stringify({ ...event('evt_5'), note: planted });
    expect(await send(refused, await sign('shop', refused))).toBe(202);
    await collect(11);
    expect(collector.spans().filter(({ name }) => name === 'POST /webhooks/:source')).toHaveLength(4);
    const sent = collector.requests.map(({ body: bytes }) => bytes.toString('utf8')).join('');
    expect(sent).not.toContain(planted);
  });

  it('goes on where it was when the relay starts it after an outage', async () => {
    receiver.temporal.state = 'down';
    expect((await deliver(receiver.url, 'shop', event('evt_3'))).status).toBe(202);
    const before = await collect(3);
    receiver.temporal.state = 'up';
    const { temporal: starter, metrics, overflow } = receiver;
    const relay = createRelay({ store, starter, metrics, logger, overflow });
    relay.start();
    await eventually(() => store.countInbox()).toBe(0);
    await relay.stop();
    const relayed = (await collect(4)).get('relay');
    const accept = before.get('accept');
    expect(relayed).toMatchObject({
      traceId: accept?.traceId,
      parentSpanId: accept?.spanId,
      attributes: { 'landfall.event.id': 'evt_3', 'landfall.result': 'started' },
    });
  });
});
