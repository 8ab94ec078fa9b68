import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { DestinationWrite } from '../../../src/destinations/define-destination.ts';
import type { DemoVendor } from '../../../src/dev/demo-vendor/demo-vendor.ts';
import { noFaults } from '../../../src/dev/demo-vendor/faults.ts';
import { startDemoVendor } from '../../../src/dev/demo-vendor/start-demo-vendor.ts';
import {
  UnreadableEventError,
  VendorAnswerError,
  VendorRateLimitedError,
  VendorRefusedError,
  VendorUnavailableError,
} from '../../../src/errors.ts';
import { compareWithVendor } from '../../../src/dev/compare.ts';
import type { JsonValue } from '../../../src/model/json.ts';
import { readSourceTime, readVersionNumber } from '../../../src/model/version.ts';
import { demoSource } from '../../../src/sources/demo.ts';
import type { StoredRecord } from '../../../src/store/store.ts';
import { startHttpVendor, type VendorReply } from '../../support/http-vendor.ts';
import { startWebhookTarget } from '../../support/webhook-target.ts';
import { latest } from '../../support/latest.ts';

const signal = new AbortController().signal;
const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close()));
});

async function startVendor(options: object = {}): Promise<DemoVendor> {
  const vendor = await startDemoVendor(
    { seed: 7, customers: 3, orders: 4, changesPerSecond: 0, ...options },
    { now: Date.now, warn: () => {} },
  );
  open.push(vendor);
  return vendor;
}

function connect(vendor: { url: string; secret?: string; token?: string }) {
  const settings = z.object(demoSource.settings).parse({
    DEMO_WEBHOOK_SECRET: vendor.secret ?? '',
    DEMO_API_URL: vendor.url,
    DEMO_API_TOKEN: vendor.token ?? 'demo_token',
  });
  const source = demoSource.create(settings);
  const { fetchRecord, listChanged } = source;
  if (fetchRecord === undefined || listChanged === undefined) throw new Error('Both are always there.');
  return { ...source, fetchRecord, listChanged };
}

async function fetchFrom(reply: VendorReply) {
  await using vendor = await startHttpVendor(() => reply);
  return await connect(vendor).fetchRecord({ type: 'customer', id: 'cus_1' }, { signal });
}

describe('events', () => {
  it('verifies what the vendor signed, and nothing forged', async () => {
    const vendor = await startVendor({ faults: { ...noFaults, forged: 1 } });
    const source = connect(vendor);
    const target = await startWebhookTarget(() => vendor.secret);
    open.push(target);
    vendor.sendTo(target.url);
    const event = vendor.createCustomer();
    await vendor.publish(event);
    expect(target.arrived).toHaveLength(2);
    for (const { id, body, headers } of target.arrived) {
      const result = await source.verification.verify({ body: Buffer.from(body), headers, now: Date.now() });
      expect([id, result.verified]).toEqual([id, id === event.id]);
    }
  });

  it('reads what an event announces', async () => {
    const vendor = await startVendor();
    const { id } = vendor.createOrder().data;
    const updated = vendor.update(id);
    const second = updated.created.replace('Z', '.000Z');
    expect(connect(vendor).readEvent({ body: updated, headers: {} })).toEqual({
      id: updated.id,
      type: 'order.updated',
      entity: { type: 'order', id },
      announced: { version: '2', sourceTime: second },
      occurredAt: updated.created,
      deletes: false,
    });
    expect(connect(vendor).readEvent({ body: vendor.remove(id), headers: {} })).toMatchObject({
      deletes: true,
      announced: { version: '3' },
    });
  });

  it('takes an event about anything else, to be ignored', () => {
    const body = { id: 'evt_1', type: 'invoice.paid', created: '2026-01-01T00:00:00Z' };
    expect(connect({ url: 'http://127.0.0.1:1' }).readEvent({ body, headers: {} })).toMatchObject({
      id: 'evt_1',
      entity: null,
    });
  });

  it.each<[string, JsonValue]>([
    ['no id', { type: 'customer.updated', created: '2026-01-01T00:00:00Z' }],
    ['no record', { id: 'evt_1', type: 'customer.updated', created: '2026-01-01T00:00:00Z' }],
    ['no object', []],
    ['nothing', null],
  ])('finds no event in a body with %s', (_what, body) => {
    const { readEvent } = connect({ url: 'http://127.0.0.1:1' });
    expect(() => readEvent({ body, headers: {} })).toThrow(UnreadableEventError);
  });

  it('has a sample that it can read itself', () => {
    const source = connect({ url: 'http://127.0.0.1:1' });
    const sample = source.sample?.();
    expect(source.readEvent({ body: sample?.body ?? null, headers: {} })).toMatchObject({
      entity: { type: 'customer', id: 'cus_sample' },
    });
  });
});

describe('records', () => {
  it('are fetched as they are now, with their version and time', async () => {
    const vendor = await startVendor();
    const { id } = vendor.createCustomer().data;
    const { data } = vendor.update(id);
    const record = await connect(vendor).fetchRecord({ type: 'customer', id }, { signal });
    expect(record).toEqual({ data, version: 2, sourceTime: data.updated_at });
  });

  it('are null where the vendor deleted them or never had them', async () => {
    const vendor = await startVendor();
    const source = connect(vendor);
    const { id } = vendor.createCustomer().data;
    vendor.remove(id);
    expect(await source.fetchRecord({ type: 'customer', id }, { signal })).toBeNull();
    expect(await source.fetchRecord({ type: 'order', id: 'ord_none' }, { signal })).toBeNull();
  });

  it("a 404 that is not the vendor's own word is no deletion", async () => {
    await expect(fetchFrom({ status: 404, json: { message: 'no route' } })).rejects.toThrow(
      VendorAnswerError,
    );
    await expect(fetchFrom({ status: 404, text: '<h1>nginx</h1>' })).rejects.toThrow(/DEMO_API_URL/);
  });

  it('another record than the one asked for is not taken', async () => {
    const json = { object: 'customer', id: 'cus_2', version: 1, updated_at: '2026-01-01T00:00:00Z' };
    await expect(fetchFrom({ json })).rejects.toThrow(VendorAnswerError);
  });

  it.each([
    ['too many requests', { status: 429, headers: { 'retry-after': '2' } }, VendorRateLimitedError],
    ['a server error', { status: 500 }, VendorUnavailableError],
    ['a broken connection', 'reset', VendorUnavailableError],
    ['a refused token', { status: 401 }, VendorRefusedError],
    ['no record', { json: { hello: 'world' } }, VendorAnswerError],
    ['no JSON', { text: '{"half":' }, VendorAnswerError],
  ] as const)(
    'an answer with %s is an error of its class, and names no token',
    async (_what, reply, expected) => {
      const failure = await fetchFrom(reply).catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(expected);
      expect(String(failure)).not.toContain('demo_token');
    },
  );

  it('a cancelled call ends with its own reason', async () => {
    await using vendor = await startHttpVendor(() => 'hang');
    const cancel = new AbortController();
    const call = connect(vendor).fetchRecord({ type: 'customer', id: 'cus_1' }, { signal: cancel.signal });
    cancel.abort(new Error('cancelled by the worker'));
    await expect(call).rejects.toThrow('cancelled by the worker');
  });
});

describe('reconciliation', () => {
  it("lists every record and, fetched one by one, has the vendor's whole truth", async () => {
    const vendor = await startVendor({ customers: 150, orders: 150, requestsPerSecond: 10_000 });
    const source = connect(vendor);
    vendor.remove(vendor.createOrder().data.id);
    const records: StoredRecord[] = [];
    let cursor: string | null = null;
    do {
      const page: Awaited<ReturnType<typeof source.listChanged>> = await source.listChanged(
        { since: null, cursor },
        { signal },
      );
      for (const { entity, version, sourceTime, deleted } of page.changes) {
        const record = deleted ? null : await source.fetchRecord(entity, { signal });
        records.push({
          source: 'demo',
          entity,
          data: record?.data ?? null,
          version: readVersionNumber(version),
          sourceTime: readSourceTime(sourceTime, Date.now()),
          deleted,
          deletionAnnounced: deleted,
          revision: 1,
          lastEventId: 'evt_1',
        });
      }
      cursor = page.nextCursor;
    } while (cursor !== null);
    expect(compareWithVendor({ snapshot: vendor.snapshot(), records })).toEqual({
      equal: true,
      compared: 301,
      differences: [],
    });
  });
});

describe('the CRM', () => {
  const write = (key: string): DestinationWrite => ({
    source: 'demo',
    eventId: 'evt_1',
    eventType: 'order.updated',
    entity: { type: 'order', id: 'ord_1' },
    record: { id: 'ord_1' },
    version: { version: '2', sourceTime: null },
    deleted: false,
    outcome: 'applied',
    idempotencyKey: key,
  });

  it('gets each write once, however often it is tried', async () => {
    const vendor = await startVendor();
    const [crm] = connect(vendor).destinations;
    for (const key of ['a', 'a', 'b']) await crm?.deliver(write(key), { signal, latest });
    expect(vendor.crm().effects.map(({ key, eventId, version }) => [key, eventId, version])).toEqual([
      ['a', 'evt_1', '2'],
      ['b', 'evt_1', '2'],
    ]);
  });
});
