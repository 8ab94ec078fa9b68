import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { httpDestination } from '../../src/destinations/http.ts';
import { noFaults } from '../../src/dev/demo-vendor/faults.ts';
import type { EventSelection, ReplayEventsInput, ReplayReport } from '../../src/model/replay-events.ts';
import { surveyEvents } from '../../src/temporal/event-selection.ts';
import { startReplayEvents } from '../../src/temporal/replay-events.ts';
import { replayProgressQuery } from '../../workflows/messages.ts';
import { type Harness, startHarness, uniqueName, withoutListing } from '../support/harness.ts';
import { type HttpVendor, startHttpVendor } from '../support/http-vendor.ts';
import { recordHistory } from '../support/record-history.ts';

const ada = { by: 'ada@example.com', reason: 'the CRM lost its data' };
const patience = { timeout: 50_000, interval: 100 };

describe('processed events that are replayed', () => {
  let crm: HttpVendor;
  let held: Promise<void> | null = null;
  let harness: Harness;
  let everything: EventSelection;
  beforeAll(async () => {
    crm = await startHttpVendor(async () => {
      await held;
      return {};
    });
    harness = await startHarness({
      change: (source) => ({
        ...withoutListing(source),
        destinations: [httpDestination({ name: 'crm', url: `${crm.url}/records`, headers: {} })],
      }),
    });
    everything = { source: harness.source.name, types: [], from: null, to: null };
  });
  afterAll(async () => {
    await harness.stop();
    await crm[Symbol.asyncDispose]();
  });
  beforeEach(() => {
    harness.vendor.setFaults(noFaults);
    held = null;
  });

  /** Processes events to their end, and waits until visibility knows so many in all. */
  async function land(events: { id: string }[]): Promise<void> {
    for (const event of events) {
      await harness.post(event);
      await harness.event(event.id).result();
    }
  }
  const seen = (selection: EventSelection, events: number) =>
    vi.waitFor(async () => {
      const survey = await surveyEvents(harness.runtime.client, selection);
      expect(survey.events).toBe(events);
      return survey;
    }, patience);
  const begin = (selection: EventSelection, more: Partial<ReplayEventsInput> = {}) =>
    startReplayEvents(
      harness.runtime.client,
      { selection, atMost: null, perSecond: 500, ...ada, ...more },
      { name: uniqueName('by-test'), taskQueue: harness.runtime.config.taskQueue },
    );
  const replay = async (
    selection: EventSelection,
    more?: Partial<ReplayEventsInput>,
  ): Promise<ReplayReport> => (await begin(selection, more)).result();
  /** What the destination has been given, by event. */
  const given = () =>
    crm.requests.map(({ body, headers }) => {
      const { eventId, record, outcome } = JSON.parse(body) as Record<string, unknown>;
      return { eventId, record, outcome, key: headers['idempotency-key'] };
    });
  const wipe = () => {
    crm.requests.length = 0;
  };
  const skips = (counts: Partial<ReplayReport['skipped']> = {}) => ({
    running: 0,
    'dead-letter': 0,
    discarded: 0,
    gone: 0,
    ...counts,
  });

  test('are handed on again, those of the type and time and no others, with what the vendor has today', async () => {
    const { vendor, runtime, source } = harness;
    const created = [vendor.createCustomer(), vendor.createCustomer()];
    const [first] = created;
    if (first === undefined) throw new Error('there are two');
    await land([...created, vendor.createOrder(first.data.id)]);
    const changed = vendor.update(first.data.id);
    await land([changed]);
    const before = new Date().toISOString();
    await land([vendor.createCustomer()]);
    const customers = { ...everything, types: ['customer.*'], to: before };
    const survey = await seen(customers, 3);
    expect(survey.byType).toEqual([
      ['customer.created', 2],
      ['customer.updated', 1],
    ]);
    await seen(everything, 5);
    const keysBefore = given().map(({ key }) => key);
    wipe();

    const handle = await begin(customers);
    expect(await handle.result()).toMatchObject({
      source: source.name,
      found: 3,
      replayed: 3,
      failed: 0,
      skipped: skips(),
    });
    const now = await runtime.store.findRecord(source.name, { type: 'customer', id: first.data.id });
    expect(
      given()
        .map(({ eventId }) => eventId)
        .sort(),
    ).toEqual([...created, changed].map(({ id }) => id).sort());
    expect(given().find(({ eventId }) => eventId === first.id)).toMatchObject({
      outcome: 'unchanged',
      record: now?.data,
    });
    const keys = given().map(({ key }) => key);
    expect(new Set([...keys, ...keysBefore]).size).toBe(keys.length + keysBefore.length);
    for (const { id } of [...created, changed]) {
      expect(await runtime.store.findEvent(source.name, id)).toMatchObject({ complete: true });
    }
    const described = await handle.describe();
    expect(described.status.name).toBe('COMPLETED');
    expect(await handle.query(replayProgressQuery)).toMatchObject({ replayed: 3, underWay: 0, listed: true });
    expect(await runtime.store.listAudit({ target: handle.workflowId }, 10)).toMatchObject([
      {
        ...{ ...ada, via: 'temporal', action: 'replay.begin', source: source.name },
        result: { outcome: 'done', text: '3 found, 3 replayed, 0 failed, 0 skipped' },
      },
    ]);
    await recordHistory(runtime.client, 'replay-events-replayed', handle);
    await recordHistory(runtime.client, 'process-event-replayed-again', harness.event(first.id));

    // Its own runs began after it: asking for the same again finds the same events, and a narrow type only its own.
    wipe();
    expect(await replay({ ...customers, types: ['customer.updated'] })).toMatchObject({
      found: 1,
      replayed: 1,
    });
    expect(given()).toMatchObject([{ eventId: changed.id }]);
  });

  test('are replayed once, though they have been replayed before within the same time', async () => {
    const { vendor } = harness;
    const event = vendor.createCustomer();
    const from = new Date().toISOString();
    await land([event]);
    const recent = { ...everything, from };
    await seen(recent, 1);
    await replay(recent);
    await vi.waitFor(async () => {
      const query = `WorkflowId = '${harness.source.name}:${event.id}' AND ExecutionStatus = 'Completed'`;
      expect((await harness.runtime.client.workflow.count(query)).count).toBe(2);
    }, patience);
    wipe();
    // One run to a page: the second page finds the event that the first one has replayed.
    expect(await replay(recent, { pageSize: 1 })).toMatchObject({ found: 1, replayed: 1 });
    expect(given()).toMatchObject([{ eventId: event.id }]);
  });

  test('are no more than were asked for', async () => {
    const { vendor } = harness;
    const from = new Date().toISOString();
    await land(Array.from({ length: 5 }, () => vendor.createCustomer()));
    await seen({ ...everything, from }, 5);
    wipe();
    expect(await replay({ ...everything, from }, { atMost: 3, pageSize: 2 })).toMatchObject({ replayed: 3 });
    expect(new Set(given().map(({ eventId }) => eventId)).size).toBe(3);
  });

  test('are left alone where they are an open dead letter, were discarded, or are under way', async () => {
    const { vendor, runtime, source, deadLetters } = harness;
    const from = new Date().toISOString();
    const [discarded, open, busy] = [
      vendor.createCustomer(),
      vendor.createCustomer(),
      vendor.createCustomer(),
    ];
    vendor.setFaults({ ...noFaults, apiErrors: 1 });
    for (const event of [discarded, open]) {
      await harness.post(event);
      await expect(harness.event(event.id).result()).rejects.toThrow();
    }
    vendor.setFaults(noFaults);
    await deadLetters.discard({ source: source.name, eventId: discarded.id }, ada, 30_000);
    await land([busy]);
    await seen({ ...everything, from }, 3);
    wipe();

    let release = (): void => undefined;
    held = new Promise((resolve) => (release = resolve));
    const first = await begin({ ...everything, from });
    await vi.waitFor(() => {
      expect(given()).toMatchObject([{ eventId: busy.id }]);
    }, patience);
    const second = await replay({ ...everything, from });
    release();
    expect(second).toMatchObject({
      found: 3,
      replayed: 0,
      skipped: skips({ running: 1, 'dead-letter': 1, discarded: 1 }),
    });
    expect(await first.result()).toMatchObject({
      found: 3,
      replayed: 1,
      skipped: skips({ 'dead-letter': 1, discarded: 1 }),
    });
    expect(given()).toHaveLength(1);
    expect(await runtime.store.findEvent(source.name, open.id)).toMatchObject({ deadLetterOpen: true });
    await deadLetters.discard({ source: source.name, eventId: open.id }, ada, 30_000);
  });

  test('are dead letters where they fail, whose own replay makes the missing deliveries', async () => {
    const { vendor, source, deadLetters } = harness;
    const event = vendor.createCustomer();
    const from = new Date().toISOString();
    await land([event]);
    await seen({ ...everything, from }, 1);
    vendor.setFaults({ ...noFaults, apiErrors: 1 });
    expect(await replay({ ...everything, from })).toMatchObject({ found: 1, replayed: 0, failed: 1 });
    vendor.setFaults(noFaults);
    wipe();
    const ref = { source: source.name, eventId: event.id };
    expect((await deadLetters.replay(ref, ada, 30_000)).state.status).toBe('resolved');
    expect(given()).toMatchObject([{ eventId: event.id }]);
  });
});
