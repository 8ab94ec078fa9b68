import { afterEach, describe, expect, it, vi } from 'vitest';
import { ConfigurationError } from '../../../src/errors.ts';
import type { DemoVendor } from '../../../src/dev/demo-vendor/demo-vendor.ts';
import { allFaults, noFaults, parseFaults, type Faults } from '../../../src/dev/demo-vendor/faults.ts';
import type { DemoVendorOptions } from '../../../src/dev/demo-vendor/options.ts';
import { startDemoVendor } from '../../../src/dev/demo-vendor/start-demo-vendor.ts';
import { startWebhookTarget, type WebhookTarget } from '../../support/webhook-target.ts';

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close()));
});

async function start(
  faults: Partial<Faults>,
  options: DemoVendorOptions = {},
): Promise<{ vendor: DemoVendor; target: WebhookTarget }> {
  const target = await startWebhookTarget(() => vendor.secret);
  const vendor = await startDemoVendor(
    { seed: 7, changesPerSecond: 0, target: target.url, faults: { ...noFaults, ...faults }, ...options },
    { now: Date.now, warn: () => {} },
  );
  open.push(vendor, target);
  return { vendor, target };
}

/** Creates and publishes `count` customers at once; resolves when all deliveries have ended. */
async function publishCustomers(vendor: DemoVendor, count: number) {
  const events = Array.from({ length: count }, () => vendor.createCustomer());
  await Promise.all(events.map((event) => vendor.publish(event)));
  return events;
}

describe('without faults', () => {
  it('delivers each event once, validly signed, with the record in it', async () => {
    const { vendor, target } = await start({});
    const events = await publishCustomers(vendor, 5);
    expect(target.arrived.map(({ id }) => id).sort()).toEqual(events.map(({ id }) => id).sort());
    expect(target.arrived.every(({ signed }) => signed)).toBe(true);
    expect(target.arrived.map(({ body }) => JSON.parse(body)).sort(byId)).toEqual(events.sort(byId));
    expect(vendor.ledger().counts).toMatchObject({ events: 5, delivered: 5, attempts: 5, dropped: 0 });
  });

  it('tries again with the same id and body until the endpoint takes it', async () => {
    const { vendor, target } = await start({}, { retryMilliseconds: Array(100).fill(20) });
    target.answerWith(503);
    const done = publishCustomers(vendor, 1);
    await vi.waitFor(() => expect(target.arrived.length).toBeGreaterThan(2), 20_000);
    target.answerWith(200);
    await done;
    expect(new Set(target.arrived.map(({ id, body }) => id + body)).size).toBe(1);
    expect(
      vendor
        .ledger()
        .entries.at(-1)
        ?.attempts.map(({ status }) => status),
    ).toEqual([...Array(target.arrived.length - 1).fill(503), 200]);
  });

  it('gives up after the last pause and says so in the ledger', async () => {
    const { vendor, target } = await start({}, { retryMilliseconds: [1, 1] });
    target.answerWith(500);
    await publishCustomers(vendor, 1);
    expect(target.arrived).toHaveLength(3);
    expect(vendor.ledger().entries.at(-1)).toMatchObject({ state: 'given-up' });
  });

  it('keeps no more webhooks under way at once than it may', async () => {
    const { vendor, target } = await start({}, { concurrency: 3 });
    const release = target.hold();
    const done = publishCustomers(vendor, 10);
    await vi.waitFor(() => expect(target.arrived).toHaveLength(3), 20_000);
    release();
    await done;
    expect(target.arrived).toHaveLength(10);
    expect(target.mostAtOnce()).toBe(3);
  });
});

describe('faults', () => {
  it('drops: the event never arrives, and the ledger knows', async () => {
    const { vendor, target } = await start({ drops: 1 });
    await publishCustomers(vendor, 3);
    expect(target.arrived).toEqual([]);
    expect(vendor.ledger().entries.map(({ state }) => state)).toEqual(['dropped', 'dropped', 'dropped']);
  });

  it('duplicates: the event arrives several times at once, with the same bytes', async () => {
    const { vendor, target } = await start({ duplicates: 1 });
    const release = target.hold();
    const done = publishCustomers(vendor, 1);
    await vi.waitFor(() => expect(target.arrived.length).toBeGreaterThan(1), 20_000);
    release();
    await done;
    expect(target.mostAtOnce()).toBeGreaterThan(1);
    expect(new Set(target.arrived.map(({ body }) => body)).size).toBe(1);
    expect(vendor.ledger().counts).toMatchObject({
      events: 1,
      duplicates: 1,
      attempts: target.arrived.length,
    });
  });

  it('shuffles: a later change of a record arrives before an earlier one', async () => {
    const { vendor, target } = await start({ shuffles: 1 });
    const created = vendor.createCustomer();
    const { id } = created.data;
    const events = [created, vendor.update(id), vendor.update(id), vendor.update(id)];
    await Promise.all(events.map((event) => vendor.publish(event)));
    const versions = target.arrived.map(({ body }) => JSON.parse(body).data.version);
    expect(versions).not.toEqual([1, 2, 3, 4]);
    expect(versions.sort()).toEqual([1, 2, 3, 4]);
  });

  it('delays: the event arrives later than one that was made after it', async () => {
    const { vendor, target } = await start({ delays: 1 });
    const late = vendor.publish(vendor.createCustomer());
    const prompt = vendor.createCustomer();
    await vendor.send(prompt);
    expect(target.arrived.map(({ id }) => id)).toEqual([prompt.id]);
    await vendor.settle();
    await late;
    expect(target.arrived).toHaveLength(2);
  });

  it('forged: a delivery of a wrong signature comes beside the true one, and is not tried again', async () => {
    const { vendor, target } = await start({ forged: 1 }, { retryMilliseconds: [1] });
    target.answerWith(401);
    const events = await publishCustomers(vendor, 2);
    const forged = target.arrived.filter(({ signed }) => !signed).map(({ body }) => JSON.parse(body).type);
    expect(forged.sort()).toEqual(['customer.deleted', 'customer.updated']);
    const genuine = target.arrived.filter(({ signed }) => signed).map(({ id }) => id);
    expect(genuine.sort()).toEqual(events.flatMap(({ id }) => [id, id]).sort());
  });

  it('malformed: a validly signed delivery comes in which there is no event', async () => {
    const { vendor, target } = await start({ malformed: 1 });
    const events = await publishCustomers(vendor, 3);
    const ids = new Set(events.map(({ id }) => id));
    const malformed = target.arrived.filter(({ id }) => !ids.has(id));
    expect(malformed).toHaveLength(3);
    expect(malformed.every(({ signed, body }) => signed && !hasId(body))).toBe(true);
  });

  it('conflicts: the id of an event comes again with another body', async () => {
    const { vendor, target } = await start({ conflicts: 1 });
    const [event] = await publishCustomers(vendor, 1);
    expect(target.arrived.map(({ id, signed }) => ({ id, signed }))).toEqual([
      { id: event?.id, signed: true },
      { id: event?.id, signed: true },
    ]);
    expect(JSON.parse(target.arrived[0]?.body ?? '')).toEqual(event);
    expect(target.arrived[0]?.body).not.toBe(target.arrived[1]?.body);
  });

  it('all at once: settling leaves every event delivered or dropped', async () => {
    const { vendor, target } = await start(allFaults, {
      changesPerSecond: 200,
      retryMilliseconds: [20, 20, 20],
    });
    await vi.waitFor(() => expect(vendor.ledger().counts.events).toBeGreaterThan(200), 20_000);
    await vendor.settle();
    const { counts, entries } = vendor.ledger();
    expect(counts.delivered + counts.dropped).toBe(counts.events);
    const arrived = new Set(target.arrived.map(({ id }) => id));
    for (const { id, state } of entries.filter(({ kind }) => kind === 'event')) {
      expect([id, arrived.has(id)]).toEqual([id, state === 'delivered']);
    }
    expect(Math.min(counts.dropped, counts.duplicates, counts.forged, counts.conflicts)).toBeGreaterThan(0);
  });

  it('earlyDeletes: what an event announces is gone before anybody can look', async () => {
    const { vendor, target } = await start({ earlyDeletes: 1 }, { changesPerSecond: 100 });
    await vi.waitFor(() => expect(target.arrived.length).toBeGreaterThan(10), 20_000);
    const { records } = await vendor.settle();
    const gone = new Set(records.filter((record) => 'deleted' in record).map(({ id }) => id));
    const announced = vendor.ledger().entries.filter(({ type }) => !type.endsWith('.deleted'));
    expect(announced.length).toBeGreaterThan(0);
    expect(announced.every(({ entity }) => entity !== null && gone.has(entity.id))).toBe(true);
  });
});

describe('parseFaults', () => {
  it('reads all, none and a list of rates', () => {
    expect(parseFaults('all')).toEqual(allFaults);
    expect(parseFaults('none')).toEqual(noFaults);
    expect(parseFaults('duplicates=0.2, drops=1')).toEqual({ ...noFaults, duplicates: 0.2, drops: 1 });
  });

  it.each(['duplicate=0.2', 'drops=2', 'drops', 'drops=', 'drops=often'])(
    'refuses %s and names what it knows',
    (text) => {
      expect(() => parseFaults(text)).toThrow(ConfigurationError);
      expect(() => parseFaults(text)).toThrow(/earlyDeletes/);
    },
  );
});

function byId(a: { id: string }, b: { id: string }): number {
  return a.id < b.id ? -1 : 1;
}

function hasId(body: string): boolean {
  try {
    return 'id' in JSON.parse(body);
  } catch {
    return false;
  }
}
