import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import type { HoldReport } from '../../src/model/hold.ts';
import type { Source } from '../../src/sources/define-source.ts';
import { createHolds } from '../../src/temporal/holds.ts';
import { fastRetry, type Harness, startHarness, withoutListing } from '../support/harness.ts';
import { type CustomerEvent, type OutageVendor, startOutageVendor } from '../support/outage-vendor.ts';
import { readSearchAttribute } from '../support/read-search-attribute.ts';
import { recordHistory } from '../support/record-history.ts';

/** Of a busy machine. */
const patience = { timeout: 90_000, interval: 200 };

describe('an outage of the other side', { timeout: 240_000 }, () => {
  let vendor: OutageVendor;
  let harness: Harness;
  let sources: Source[];
  let shop: Source;
  /** Its events ask soon whether they are still held. */
  let asking: Source;
  /** Its CRM has attempts of its own. */
  let patient: Source;
  /** A mailing list before the CRM. */
  let withMail: Source[];
  /** Nothing is probed; the first lets go one event a second. */
  let slow: Source[];
  /** Given up as no outage soon. */
  let partial: Source;

  beforeAll(async () => {
    vendor = await startOutageVendor();
    // A source for each test: none sees the failures of another.
    sources = Array.from({ length: 12 }, () => vendor.source());
    asking = vendor.source({ askAfterMilliseconds: 500 });
    const retry = { ...fastRetry, maximumAttempts: 3 };
    patient = vendor.source({}, { destination: { name: 'crm', url: `${vendor.url}/crm`, retry } });
    const both = ['mail', 'crm'].map((name) => ({ name, url: `${vendor.url}/${name}` }));
    withMail = [0, 1].map(() => vendor.source({}, { destination: undefined, destinations: both }));
    slow = [1, 20].map((releasesPerSecond) =>
      vendor.source({ firstProbeMilliseconds: 600_000, releasesPerSecond }),
    );
    partial = vendor.source({ othersPassMilliseconds: 1_500 });
    harness = await startHarness({
      change: withoutListing,
      sources: () => [...sources, asking, patient, ...withMail, ...slow, partial],
    });
  });
  afterAll(async () => {
    await harness.stop();
    await vendor[Symbol.asyncDispose]();
  });
  afterEach(() => {
    vendor.api = () => 200;
    vendor.crm = () => 200;
    vendor.mail = () => 200;
  });

  const take = (): Source => {
    const source = sources.find((each) => !used.has(each.name));
    if (source === undefined) throw new Error('more sources are needed');
    used.add(source.name);
    return source;
  };
  const used = new Set<string>();

  const post = (event: CustomerEvent, source = shop) => harness.post(event, { source });
  const postNew = async (count: number, source = shop): Promise<CustomerEvent[]> => {
    const events = Array.from({ length: count }, () => vendor.change());
    for (const event of events) expect((await post(event, source)).status).toBe(200);
    return events;
  };
  const run = (event: CustomerEvent, source = shop) => harness.event(event.id, source);
  const outcomeOf = async (event: CustomerEvent): Promise<string | null> =>
    (await harness.runtime.store.findEvent(shop.name, event.id))?.outcome ?? null;
  const attributeOf = async (event: CustomerEvent) =>
    readSearchAttribute(await run(event).describe(), 'LandfallOutcome');
  const holds = async (source = shop) =>
    (await createHolds(harness.runtime.client).list()).filter((row) => row.source === source.name);
  const openCases = (source = shop) => harness.deadLetters.list({ source: source.name });
  const holdId = (step = 'fetchRecord', error = 'LANDFALL_VENDOR_UNAVAILABLE') =>
    `hold:${shop.name}:${step}:${error}`;
  const hold = (step?: string, error?: string) =>
    harness.runtime.client.workflow.getHandle(holdId(step, error));
  const untilHeld = (events: readonly CustomerEvent[], at = 'fetchRecord') =>
    vi.waitFor(async () => {
      const found = await Promise.all(events.map(attributeOf));
      expect(found).toEqual(events.map(() => `held at ${at}`));
    }, patience);
  const reportOf = async (step?: string, error?: string): Promise<HoldReport> =>
    (await hold(step, error).result()) as HoldReport;

  test('that hits all records is held: nothing is left in the dead letters, and a probe ends it', async () => {
    shop = take();
    const other = take();
    vendor.api = () => 503;
    const [first, second] = await postNew(2);
    // Two alone are cases, and are so at once.
    await expect(run(first!).result()).rejects.toThrow();
    await expect(run(second!).result()).rejects.toThrow();
    const held = await postNew(6);
    await untilHeld(held);
    await expect.poll(() => holds(), patience).toHaveLength(1);
    expect(await hold().query('state')).toMatchObject({
      status: 'holding',
      message: expect.stringContaining('503'),
    });

    // What comes now tries once, and waits.
    const [late] = await postNew(1);
    await untilHeld([late!]);
    await expect.poll(async () => (await holds())[0]?.state?.waiting, patience).toBe(7);
    const probes = (await holds())[0]?.state?.probes ?? 0;
    expect(vendor.fetches(late!.data.id)).toBeLessThanOrEqual(1 + probes + 1);
    expect(await openCases()).toHaveLength(2);

    // Another source of the same vendor is not held.
    const elsewhere = vendor.change();
    vendor.api = (customer) => (elsewhere.data.id === customer ? 200 : 503);
    await post(elsewhere, other);
    await expect(run(elsewhere, other).result()).resolves.toMatchObject({ outcome: 'applied' });

    vendor.api = () => 200;
    for (const event of [...held, late!]) {
      await expect(run(event).result()).resolves.toMatchObject({ outcome: 'applied', delivered: ['crm'] });
    }
    const report = await reportOf();
    expect(report).toMatchObject({ ended: 'probe', by: 'landfall', replayed: 2 });
    expect(report.probes).toBeGreaterThan(0);
    // The two of the first minutes are replayed by themselves.
    await expect.poll(() => openCases(), patience).toEqual([]);
    for (const event of [first!, second!])
      await expect.poll(() => outcomeOf(event), patience).toBe('applied');
    for (const event of [first!, second!, ...held, late!]) {
      expect(vendor.writes(event.data.id)).toEqual([1]);
    }
    expect(await attributeOf(held[0]!)).toBeUndefined();
    await expect.poll(() => holds(), patience).toEqual([]);

    const { client, metrics } = harness.runtime;
    const counted = (await metrics.holds.get()).values.filter(({ labels }) => labels.source === shop.name);
    expect(counted).toMatchObject([{ value: 1, labels: { code: 'LANDFALL_VENDOR_UNAVAILABLE' } }]);
    const probe = report.reason.replace(' got through', '');
    const waited = held.map(({ id }) => `${shop.name}:${id}`).find((id) => id !== probe) ?? '';
    await recordHistory(client, 'hold-ended-by-probe', { workflowId: holdId() });
    await recordHistory(client, 'process-event-probe', { workflowId: probe });
    await recordHistory(client, 'process-event-held', { workflowId: waited });
  });

  test('is told from a poison event: that one alone becomes a dead letter, and others are not held up', async () => {
    shop = take();
    const poison = vendor.change();
    vendor.api = (customer) => (customer === poison.data.id ? 503 : 200);
    await post(poison);
    // As often as it may come: it is one record.
    const again = Array.from({ length: 4 }, () => vendor.change(poison.data.id));
    for (const event of again) await post(event);
    const others = await postNew(4);

    for (const event of others)
      await expect(run(event).result()).resolves.toMatchObject({ outcome: 'applied' });
    for (const event of [poison, ...again]) await expect(run(event).result()).rejects.toThrow();
    await expect.poll(() => openCases(), patience).toHaveLength(5);
    await expect(hold().describe()).rejects.toThrow();
  });

  test('of our access to the vendor is held as well, after the first attempt of each', async () => {
    shop = take();
    vendor.api = () => 401;
    const events = await postNew(6);
    await expect
      .poll(
        async () =>
          (await Promise.all(events.map(attributeOf))).filter((each) => each === 'held at fetchRecord')
            .length,
        patience,
      )
      .toBe(4);
    vendor.api = () => 200;
    for (const event of events) await expect.poll(() => outcomeOf(event), patience).toBe('applied');
    await expect.poll(() => openCases(), patience).toEqual([]);
    expect(await reportOf('fetchRecord', 'LANDFALL_VENDOR_DENIED')).toMatchObject({
      ended: 'probe',
      replayed: 2,
    });
  });

  test('of a destination is held for it, and leaves it with the newest, in whatever order events are let go', async () => {
    shop = take();
    vendor.crm = () => 503;
    const cases = await postNew(2);
    for (const event of cases) await expect(run(event).result()).rejects.toThrow();
    const first = vendor.change();
    await post(first);
    await untilHeld([first], 'deliver crm');
    const second = vendor.change(first.data.id);
    await post(second);
    await untilHeld([second], 'deliver crm');

    vendor.crm = () => 200;
    await expect(run(first).result()).resolves.toMatchObject({ delivered: ['crm'] });
    await expect(run(second).result()).resolves.toMatchObject({ delivered: ['crm'] });
    expect(vendor.writes(first.data.id).length).toBeGreaterThan(0);
    expect(new Set(vendor.writes(first.data.id))).toEqual(new Set([2]));
    await expect.poll(() => openCases(), patience).toEqual([]);
    expect(await reportOf('deliver:crm', 'LANDFALL_DESTINATION_UNAVAILABLE')).toMatchObject({
      ended: 'probe',
    });
  });

  test('is none where records are refused for their content: each is a dead letter, and nothing waits', async () => {
    shop = take();
    vendor.crm = () => 422;
    const events = await postNew(6);
    for (const event of events) await expect(run(event).result()).rejects.toThrow();
    await expect.poll(() => openCases(), patience).toHaveLength(6);
    expect(await holds()).toEqual([]);
    for (const event of events) expect(vendor.hands(event.data.id)).toBe(1);

    shop = take();
    vendor.api = () => 400;
    const asked = await postNew(6);
    for (const event of asked) await expect(run(event).result()).rejects.toThrow();
    expect(await holds()).toEqual([]);
  });

  test('is probed by one attempt, however many the destination has of its own', async () => {
    shop = patient;
    vendor.crm = () => 503;
    const events = await postNew(3);
    await expect.poll(async () => (await holds())[0]?.state?.probes ?? 0, patience).toBeGreaterThanOrEqual(3);
    const waiting = events.filter(({ data }) => vendor.hands(data.id) > 3);
    expect(waiting).toHaveLength(1);
    const hands = vendor.hands(waiting[0]!.data.id);
    const probes = (await holds())[0]?.state?.probes ?? 0;
    // Three attempts before it was held, then one for each probe; one more may be under way.
    expect(hands).toBeGreaterThanOrEqual(3 + 2);
    expect(hands).toBeLessThanOrEqual(3 + probes + 1);
    vendor.crm = () => 200;
    await expect(run(waiting[0]!).result()).resolves.toMatchObject({ delivered: ['crm'] });
    await recordHistory(harness.runtime.client, 'process-event-probed-once', {
      workflowId: `${shop.name}:${waiting[0]!.id}`,
    });
  });

  test('of the second destination is waited for, though the first one fails too, and no failure of that ends the hold', async () => {
    shop = withMail[0]!;
    const crm = ['deliver:crm', 'LANDFALL_DESTINATION_UNAVAILABLE'] as const;
    vendor.crm = () => 503;
    const cases = await postNew(2);
    for (const event of cases) await expect(run(event).result()).rejects.toThrow();
    const alone = vendor.change();
    vendor.mail = (customer) => (customer === alone.data.id ? 503 : 200);
    await post(alone);
    await untilHeld([alone], 'deliver crm');

    // Each probe fails at both now, and the mailing list is the first of the two.
    await expect.poll(async () => (await holds())[0]?.state?.probes ?? 0, patience).toBeGreaterThanOrEqual(3);
    expect(await hold(...crm).query('state')).toMatchObject({ status: 'holding', released: 0 });

    vendor.mail = () => 200;
    vendor.crm = () => 200;
    await expect(run(alone).result()).resolves.toMatchObject({ delivered: ['mail', 'crm'] });
    expect(await reportOf(...crm)).toMatchObject({ ended: 'probe' });
    await expect.poll(() => openCases(), patience).toEqual([]);
    await recordHistory(harness.runtime.client, 'process-event-held-at-second', {
      workflowId: `${shop.name}:${alone.id}`,
    });
  });

  test('does not hide that another destination refuses the record', async () => {
    shop = withMail[1]!;
    vendor.crm = () => 503;
    await postNew(3);
    await expect.poll(() => holds(), patience).toHaveLength(1);
    vendor.mail = () => 422;
    const [refused] = await postNew(1);
    await expect(run(refused!).result()).rejects.toThrow();
    const { state } = await harness.deadLetters.show({ source: shop.name, eventId: refused!.id });
    expect(state.errors).toMatchObject([
      {
        step: 'deliver mail',
        type: 'LANDFALL_DESTINATION_REFUSED',
        beside: [expect.stringContaining('crm')],
      },
    ]);
  });

  test('is none where others get through while every probe fails: it is given up', async () => {
    shop = partial;
    const gone = new Set(Array.from({ length: 3 }, (_, index) => `cus_gone_${index}`));
    vendor.api = (customer) => (gone.has(customer) ? 403 : 200);
    const events = [...gone].map((customer) => vendor.change(customer));
    for (const event of events) await post(event);
    await expect.poll(() => holds(), patience).toHaveLength(1);
    const others: CustomerEvent[] = [];
    await expect
      .poll(
        async () => {
          others.push(...(await postNew(1)));
          return holds();
        },
        { ...patience, interval: 250 },
      )
      .toEqual([]);
    expect(await reportOf('fetchRecord', 'LANDFALL_VENDOR_DENIED')).toMatchObject({
      ended: 'others-pass',
      by: 'landfall',
      replayed: 0,
    });
    for (const event of events) await expect(run(event).result()).rejects.toThrow();
    await expect.poll(() => openCases(), patience).toHaveLength(3);
    for (const event of others) await expect.poll(() => outcomeOf(event), patience).toBe('applied');
    await recordHistory(harness.runtime.client, 'hold-others-pass', {
      workflowId: holdId('fetchRecord', 'LANDFALL_VENDOR_DENIED'),
    });
  });

  test('of a destination that loses its answers doubles nothing: what it left is replayed under the same idempotency keys', async () => {
    shop = take();
    vendor.crm = () => 503;
    const cases = await postNew(2);
    for (const event of cases) await expect(run(event).result()).rejects.toThrow();
    const held = await postNew(1);
    await untilHeld(held, 'deliver crm');

    vendor.crm = () => 200;
    await expect.poll(() => openCases(), patience).toEqual([]);
    for (const event of [...cases, ...held]) {
      await expect.poll(() => vendor.writes(event.data.id), patience).toEqual([1]);
      expect(vendor.hands(event.data.id)).toBeGreaterThan(1);
      expect(vendor.keys(event.data.id)).toEqual([`${shop.name}:${event.id}:crm:1`]);
    }
  });

  test('is over when a probe says so, however late it answers', async () => {
    shop = slow[1]!;
    vendor.api = () => 503;
    const events = await postNew(3);
    await expect.poll(() => holds(), patience).toHaveLength(1);
    vendor.api = () => 200;
    // As an event that had to wait for its turn, or for a slow handler.
    const answer = { workflowId: `${shop.name}:${events[2]!.id}`, passed: true, message: '' };
    await hold().signal('probed', answer);
    expect(await reportOf()).toMatchObject({ ended: 'probe', probes: 0, replayed: 2 });
    for (const event of events) await expect.poll(() => outcomeOf(event), patience).toBe('applied');
  });

  test('can be given up while its events are let go: the rest of them become dead letters', async () => {
    shop = slow[0]!;
    const { client } = harness.runtime;
    vendor.api = () => 503;
    const events = await postNew(10);
    const waiting = `LandfallSource = '${shop.name}' AND LandfallOutcome = 'held at fetchRecord'`;
    await expect.poll(async () => (await client.workflow.count(waiting)).count, patience).toBe(8);
    vendor.api = () => 200;
    const decision = { by: 'ada@example.com', reason: 'is back' };
    await createHolds(client).release(holdId(), decision);
    // The two of before the hold are replayed; a third is the first that is let go.
    const applied = async () =>
      (await Promise.all(events.map(outcomeOf))).filter((each) => each === 'applied');
    await expect
      .poll(async () => (await applied()).length, { ...patience, interval: 50 })
      .toBeGreaterThanOrEqual(3);
    await createHolds(client).giveUp(holdId(), { ...decision, reason: 'those are wrong' });
    expect(await reportOf()).toMatchObject({ ended: 'given-up', released: 8, reason: 'those are wrong' });
    // Five are told in one go; the two of before the hold are replayed.
    const ends = async () => (await Promise.all(events.map(outcomeOf))).sort();
    const expected = [
      ...Array.from({ length: 7 }, () => 'applied'),
      ...Array.from({ length: 3 }, () => 'dead-lettered'),
    ];
    await expect.poll(ends, patience).toEqual(expected);
  });

  test('is given up by hand: each event that waits becomes a dead letter', async () => {
    shop = take();
    vendor.api = () => 503;
    const events = await postNew(5);
    await expect.poll(() => holds(), patience).toHaveLength(1);
    await expect.poll(async () => (await holds())[0]?.state?.waiting, patience).toBe(3);

    // Without a name it is refused.
    await hold().signal('give-up', { reason: 'nobody' });
    const decision = { by: 'ada@example.com', reason: 'the vendor is no more' };
    await createHolds(harness.runtime.client).giveUp(holdId(), decision);

    for (const event of events) await expect(run(event).result()).rejects.toThrow();
    expect(await reportOf()).toMatchObject({ ended: 'given-up', released: 3, replayed: 0, ...decision });
    // The signal without a name decided nothing, and is no decision.
    expect(await harness.runtime.store.listAudit({ target: holdId() }, 10)).toMatchObject([
      {
        ...decision,
        via: 'temporal',
        action: 'hold.give-up',
        source: shop.name,
        result: { outcome: 'done' },
      },
    ]);
    await expect.poll(() => openCases(), patience).toHaveLength(5);
    const [given] = (await openCases()).filter(({ eventId }) => eventId === events[4]!.id);
    const { state } = await harness.deadLetters.show({ source: shop.name, eventId: given!.eventId });
    expect(state.errors).toMatchObject([{ step: 'fetchRecord', type: 'LANDFALL_VENDOR_UNAVAILABLE' }]);
    await recordHistory(harness.runtime.client, 'hold-given-up', { workflowId: holdId() });
    await recordHistory(harness.runtime.client, 'process-event-given-up', {
      workflowId: `${shop.name}:${events[4]!.id}`,
    });
  });

  test('is released by hand too early: what fails again is held again, and nothing is lost', async () => {
    shop = take();
    vendor.api = () => 503;
    const events = await postNew(6);
    await expect.poll(async () => (await holds())[0]?.state?.waiting, patience).toBe(4);
    await createHolds(harness.runtime.client).release(holdId(), { by: 'ada', reason: 'looks fine' });
    await expect
      .poll(
        async () =>
          (await holds()).length > 0 &&
          (await Promise.all(events.map(attributeOf))).includes('held at fetchRecord'),
        patience,
      )
      .toBe(true);

    vendor.api = () => 200;
    for (const event of events) await expect.poll(() => outcomeOf(event), patience).toBe('applied');
    await expect.poll(() => openCases(), patience).toEqual([]);
  });

  test('whose hold was ended without a word to those that wait is over for them when they ask', async () => {
    shop = asking;
    vendor.api = () => 503;
    const events = await postNew(5);
    await expect.poll(async () => (await holds())[0]?.state?.waiting, patience).toBe(3);
    await hold().terminate('by mistake');
    vendor.api = () => 200;
    await expect
      .poll(
        async () => (await Promise.all(events.map(outcomeOf))).filter((each) => each === 'applied').length,
        patience,
      )
      .toBe(3);
  });
});
