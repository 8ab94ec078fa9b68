import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deadLetterWorkflowId, maxWorkflowIdLength } from '../../../src/model/ids.ts';
import {
  deliver,
  readMetric,
  startReceiverUnderTest,
  type ReceiverUnderTest,
} from '../../support/receiver.ts';

let receiver: ReceiverUnderTest;
beforeAll(async () => {
  receiver = await startReceiverUnderTest();
}, 60_000);
afterAll(() => receiver[Symbol.asyncDispose]());

/** What a vendor may send under a valid signature, however odd. */
const anyBody = fc.oneof(
  fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
  fc.json().map((text) => Buffer.from(text)),
  fc
    .record({ id: fc.jsonValue(), type: fc.jsonValue(), customer: fc.jsonValue(), time: fc.jsonValue() })
    .map((value) => Buffer.from(JSON.stringify(value))),
  fc
    .record({ id: fc.string({ unit: 'binary', minLength: 1 }), type: fc.string({ minLength: 1 }) })
    .map((value) => Buffer.from(JSON.stringify(value))),
);

describe('A validly signed body', () => {
  it('is answered with 200 whatever it holds, and is an event, or kept so that its exact bytes come back', async () => {
    const { url, temporal, metrics } = receiver;
    await fc.assert(
      fc.asyncProperty(anyBody, async (body) => {
        temporal.events.length = 0;
        temporal.unreadable.length = 0;
        const { status, body: answer } = await deliver(url, 'shop', body);
        expect(status).toBe(200);
        const id = String(answer['eventId']);
        expect(deadLetterWorkflowId('shop', id).length).toBeLessThanOrEqual(maxWorkflowIdLength);
        if (answer['duplicate'] === true) return;
        const [event] = temporal.events;
        const [unreadable] = temporal.unreadable;
        expect([event, unreadable].filter((held) => held !== undefined)).toHaveLength(1);
        if (event !== undefined) expect(event.id).toBe(id);
        if (unreadable === undefined) return;
        expect(Buffer.from(unreadable.body, unreadable.bodyEncoding).equals(body)).toBe(true);
      }),
      { numRuns: 200 },
    );
    expect(await readMetric(metrics, 'landfall_deliveries_total', { result: 'refused' })).toBe(0);
    expect(await readMetric(metrics, 'landfall_deliveries_total', { result: 'unreadable' })).toBeGreaterThan(
      0,
    );
    expect(await readMetric(metrics, 'landfall_deliveries_total', { result: 'started' })).toBeGreaterThan(0);
  });
});
