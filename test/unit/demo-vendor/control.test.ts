import { afterEach, describe, expect, it, vi } from 'vitest';
import type { DemoVendor } from '../../../src/dev/demo-vendor/demo-vendor.ts';
import { noFaults } from '../../../src/dev/demo-vendor/faults.ts';
import type { DemoVendorOptions } from '../../../src/dev/demo-vendor/options.ts';
import { startDemoVendor } from '../../../src/dev/demo-vendor/start-demo-vendor.ts';
import { ConfigurationError } from '../../../src/errors.ts';
import { startWebhookTarget, type WebhookTarget } from '../../support/webhook-target.ts';

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close()));
});

async function start(options: DemoVendorOptions): Promise<{ vendor: DemoVendor; target: WebhookTarget }> {
  const target = await startWebhookTarget(() => vendor.secret);
  const vendor = await startDemoVendor(
    { seed: 7, changesPerSecond: 200, target: target.url, ...options },
    { now: Date.now, warn: () => {} },
  );
  open.push(vendor, target);
  return { vendor, target };
}

function post(vendor: DemoVendor, path: string, body: object = {}): Promise<Response> {
  return fetch(vendor.url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
}

describe('the company', () => {
  it('creates, updates and deletes by itself, several changes of a record within one second', async () => {
    const { vendor, target } = await start({});
    await vi.waitFor(() => expect(target.arrived.length).toBeGreaterThan(150), 20_000);
    await vendor.settle();
    const kinds = new Set(vendor.ledger().entries.map(({ type }) => type));
    expect([...kinds].sort()).toEqual(
      ['customer', 'order'].flatMap((kind) => [`${kind}.created`, `${kind}.deleted`, `${kind}.updated`]),
    );
    const bodies = target.arrived.map(({ body }) => JSON.parse(body).data);
    const seconds = bodies.map(({ id, updated_at }) => `${id} ${updated_at}`);
    expect(new Set(seconds).size).toBeLessThan(seconds.length);
    expect(bodies.every(({ updated_at }) => /T\d\d:\d\d:\d\dZ$/.test(updated_at))).toBe(true);
  });

  it('counts each change of a record, without a gap', async () => {
    const { vendor } = await start({});
    await vi.waitFor(() => expect(vendor.ledger().counts.events).toBeGreaterThan(100), 20_000);
    const { records } = await vendor.settle();
    const announced = new Map<string, number[]>();
    for (const { entity, version } of vendor.ledger().entries) {
      const id = entity?.id ?? '';
      announced.set(id, [...(announced.get(id) ?? []), version ?? 0]);
    }
    for (const [id, versions] of announced) {
      const last = records.find((record) => record.id === id)?.version ?? 0;
      const expected = Array.from(
        { length: versions.length },
        (_, index) => last - versions.length + 1 + index,
      );
      expect([id, versions]).toEqual([id, expected]);
    }
  });
});

describe('the back room', () => {
  it('settles: afterwards nothing changes and nothing is under way', async () => {
    const { vendor, target } = await start({ faults: { ...noFaults, delays: 1 } });
    await vi.waitFor(() => expect(vendor.ledger().counts.events).toBeGreaterThan(20), 20_000);
    const answer = await (await post(vendor, '/control/settle')).json();
    const { counts } = vendor.ledger();
    expect(answer).toEqual({ settled: true, counts });
    expect(counts.delivered).toBe(counts.events);
    expect(new Set(target.arrived.map(({ id }) => id)).size).toBe(counts.events);
  });

  it('finishes retries when it settles, though their pauses are long', async () => {
    const { vendor, target } = await start({ changesPerSecond: 0, retryMilliseconds: [600_000, 600_000] });
    target.answerWith(500);
    void vendor.send(vendor.createCustomer());
    await vi.waitFor(() => expect(vendor.ledger().counts.attempts).toBe(1), 20_000);
    target.answerWith(200);
    await vendor.settle();
    expect(vendor.ledger().counts).toMatchObject({ delivered: 1, givenUp: 0 });
  });

  it('tells the truth about every record, and what was done with each event', async () => {
    const { vendor, target } = await start({ changesPerSecond: 0 });
    const event = vendor.createCustomer();
    await vendor.send(event, { times: 3 });
    await vendor.send(vendor.update(event.data.id), { drop: true });
    const read = async (path: string) => (await fetch(vendor.url + path)).json();
    expect(await read('/control/records')).toMatchObject({ records: vendor.snapshot().records });
    expect(await read('/control/ledger')).toEqual(JSON.parse(JSON.stringify(vendor.ledger())));
    expect(await read('/control/crm')).toEqual({ effects: [], repeated: 0 });
    expect(target.arrived).toHaveLength(3);
    expect(vendor.ledger().entries.map(({ state, attempts }) => [state, attempts.length])).toEqual([
      ['delivered', 3],
      ['dropped', 0],
    ]);
  });

  it('takes other faults, and stops and starts the changes', async () => {
    const { vendor } = await start({});
    expect((await post(vendor, '/control/faults', { drops: 1 })).status).toBe(200);
    await vi.waitFor(() => expect(vendor.ledger().counts.dropped).toBeGreaterThan(3), 20_000);
    expect((await post(vendor, '/control/faults', { drops: 3 })).status).toBe(400);
    expect((await post(vendor, '/control/change', { on: false })).status).toBe(200);
    const { events } = vendor.ledger().counts;
    await post(vendor, '/control/settle');
    expect(vendor.ledger().counts.events).toBe(events);
    await post(vendor, '/control/change', { on: true });
    await vi.waitFor(() => expect(vendor.ledger().counts.events).toBeGreaterThan(events), 20_000);
  });
});

describe('a start', () => {
  it('refuses wrong options and names them', async () => {
    const deps = { now: Date.now, warn: () => {} };
    await expect(startDemoVendor({ target: 'nowhere', secret: 'short' }, deps)).rejects.toThrow(
      ConfigurationError,
    );
    await expect(startDemoVendor({ target: 'nowhere' }, deps)).rejects.toThrow(/target/);
  });

  it('says so when its port is taken', async () => {
    const { vendor } = await start({ changesPerSecond: 0 });
    const port = Number(new URL(vendor.url).port);
    await expect(startDemoVendor({ port }, { now: Date.now, warn: () => {} })).rejects.toThrow(
      /choose another/,
    );
  });
});
