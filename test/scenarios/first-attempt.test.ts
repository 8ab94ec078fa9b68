import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { VendorRateLimitedError, VendorRefusedError } from '../../src/errors.ts';
import { type Harness, startHarness, withoutListing } from '../support/harness.ts';

/** What the vendor throws at the next fetches, oldest first. */
const failures: Error[] = [];
/** The event whose first write to a destination is made and never answered. */
let unanswered: string | null = null;
const ended = new AbortController();

describe('the first attempt of an event', () => {
  let harness: Harness;
  beforeAll(async () => {
    harness = await startHarness({
      change: (source) => ({
        ...withoutListing(source),
        fetchRecord: async (entity, context) => {
          const failure = failures.shift();
          if (failure !== undefined) throw failure;
          if (source.fetchRecord === undefined) throw new Error('the demo source fetches');
          return source.fetchRecord(entity, context);
        },
        destinations: source.destinations.map((destination) => ({
          ...destination,
          deliver: async (write, context) => {
            await destination.deliver(write, context);
            if (write.eventId !== unanswered) return;
            unanswered = null;
            // As one that does not heed its signal: the attempt ends without a word of how far it got.
            await once(ended.signal, 'abort');
          },
        })),
      }),
    });
  });
  afterAll(() => {
    ended.abort();
    return harness.stop();
  });

  async function outcomeOf(id: string): Promise<{ result: unknown; events: string[] }> {
    const result: unknown = await harness
      .event(id)
      .result()
      .catch((error: unknown) => error);
    const { events } = await harness.event(id).fetchHistory();
    return { result, events: (events ?? []).map(nameOf) };
  }

  async function post(...thrown: Error[]) {
    failures.push(...thrown);
    const event = harness.vendor.createCustomer();
    const before = performance.now();
    await harness.post(event);
    return { event, ...(await outcomeOf(event.id)), milliseconds: performance.now() - before };
  }

  test('lands it within six events of history, its deliveries included', async () => {
    const { event, result, events } = await post();
    expect(result).toMatchObject({ outcome: 'applied', delivered: ['crm'] });
    expect(events).toEqual([
      'workflowExecutionStarted',
      'workflowTaskScheduled',
      'workflowTaskStarted',
      'workflowTaskCompleted',
      'markerRecorded',
      'workflowExecutionCompleted',
    ]);
    expect(harness.vendor.crm().effects.filter(({ eventId }) => eventId === event.id)).toHaveLength(1);
  });

  test('is followed by ordinary attempts, after the pause that the vendor asked for', async () => {
    const limited = new VendorRateLimitedError('Slow down.', 1_500);
    const { result, events, milliseconds } = await post(limited);
    expect(result).toMatchObject({ outcome: 'applied', delivered: ['crm'] });
    expect(milliseconds).toBeGreaterThan(1_500);
    expect(events.filter((name) => name === 'timerFired')).toHaveLength(1);
    // Fetch, apply and deliver, each seen in the UI.
    expect(events.filter((name) => name === 'activityTaskCompleted')).toHaveLength(3);
  });

  test('may have reached a destination that did not answer: the next ones are the same write to it', async () => {
    const { vendor } = harness;
    const event = vendor.createCustomer();
    const effectsOf = (id: string) => vendor.crm().effects.filter(({ eventId }) => eventId === id);
    unanswered = event.id;
    await harness.post(event);
    await expect.poll(() => effectsOf(event.id)).toHaveLength(1);
    const newer = vendor.update(event.data.id);
    await harness.post(newer);
    expect((await outcomeOf(newer.id)).result).toMatchObject({ outcome: 'applied', delivered: ['crm'] });
    expect((await outcomeOf(event.id)).result).toMatchObject({ outcome: 'applied', delivered: ['crm'] });
    expect(effectsOf(event.id)).toHaveLength(1);
    expect(effectsOf(newer.id)).toMatchObject([{ version: '2' }]);
    expect(vendor.crm().repeated).toBe(1);
  });

  test('is the only one where no attempt can help', async () => {
    const { event, events } = await post(new VendorRefusedError('The credentials are refused.'));
    expect(events).not.toContain('timerStarted');
    const { state } = await harness.deadLetters.show({ source: harness.source.name, eventId: event.id });
    expect(state.errors[0]).toMatchObject({
      step: 'fetchRecord',
      type: 'LANDFALL_VENDOR_REFUSED',
      attempts: 1,
      retryable: false,
    });
  });
});

/** Which of its attributes an event of a history has: `timerFired`. */
function nameOf(event: object): string {
  const attribute = Object.entries(event).find(([name, value]) => name.endsWith('EventAttributes') && value);
  return (attribute?.[0] ?? 'unknown').replace('EventAttributes', '');
}
