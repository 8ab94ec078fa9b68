import { afterEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { noFaults } from '../../../src/dev/demo-vendor/faults.ts';
import type { DemoVendor } from '../../../src/dev/demo-vendor/demo-vendor.ts';
import type { DemoVendorOptions } from '../../../src/dev/demo-vendor/options.ts';
import { startDemoVendor } from '../../../src/dev/demo-vendor/start-demo-vendor.ts';

const vendors: DemoVendor[] = [];
afterEach(async () => {
  await Promise.all(vendors.splice(0).map((vendor) => vendor.close()));
});

async function start(options: DemoVendorOptions = {}, now: () => number = Date.now): Promise<DemoVendor> {
  const vendor = await startDemoVendor(
    { seed: 7, customers: 3, orders: 5, changesPerSecond: 0, ...options },
    { now, warn: () => {} },
  );
  vendors.push(vendor);
  return vendor;
}

function get(vendor: DemoVendor, path: string): Promise<Response> {
  return fetch(vendor.url + path, { headers: { authorization: `Bearer ${vendor.token}` } });
}

const pageSchema = z.object({
  data: z.array(z.object({ id: z.string(), version: z.int(), deleted: z.boolean().optional() })),
  next_cursor: z.string().nullable(),
});

/** Reads all pages; `between` runs after each. */
async function listAll(vendor: DemoVendor, query: string, between: () => void = () => {}) {
  const seen: z.infer<typeof pageSchema>['data'] = [];
  let cursor: string | null = null;
  do {
    const more: string = cursor === null ? '' : `&cursor=${cursor}`;
    const page = pageSchema.parse(await (await get(vendor, `/v1/changes?${query}${more}`)).json());
    seen.push(...page.data);
    cursor = page.next_cursor;
    between();
  } while (cursor !== null);
  return seen;
}

describe('the API', () => {
  it('shows a record as it is now', async () => {
    const vendor = await start();
    const { data } = vendor.createCustomer();
    const { data: updated } = vendor.update(data.id);
    const response = await get(vendor, `/v1/customers/${data.id}`);
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual(updated);
    expect(updated.version).toBe(2);
  });

  it('tells a deleted record (410) from one that never was, or is of another kind (404)', async () => {
    const vendor = await start();
    const { id } = vendor.createOrder().data;
    vendor.remove(id);
    expect((await get(vendor, `/v1/orders/${id}`)).status).toBe(410);
    expect((await get(vendor, '/v1/orders/ord_none')).status).toBe(404);
    expect((await get(vendor, `/v1/customers/${id}`)).status).toBe(404);
  });

  it.each(['', 'Bearer wrong', 'Basic abc'])('refuses the credentials "%s"', async (authorization) => {
    const vendor = await start();
    for (const path of ['/v1/changes', '/crm/records']) {
      expect((await fetch(vendor.url + path, { headers: { authorization } })).status).toBe(401);
    }
  });

  it('answers 429 with Retry-After beyond its rate, and goes on in the next second', async () => {
    let now = Date.parse('2026-01-01T12:00:00Z');
    const vendor = await start({ requestsPerSecond: 3 }, () => now);
    const statuses = async () =>
      Promise.all(Array.from({ length: 5 }, async () => (await get(vendor, '/v1/changes')).status));
    expect((await statuses()).sort()).toEqual([200, 200, 200, 429, 429]);
    expect((await get(vendor, '/v1/changes')).headers.get('retry-after')).toBe('1');
    now += 1_000;
    expect((await statuses()).sort()).toEqual([200, 200, 200, 429, 429]);
  });

  it('answers 500 or 503 as often as apiErrors says', async () => {
    const vendor = await start({ faults: { ...noFaults, apiErrors: 1 } });
    expect([500, 503]).toContain((await get(vendor, '/v1/changes')).status);
    vendor.setFaults(noFaults);
    expect((await get(vendor, '/v1/changes')).status).toBe(200);
  });

  it('cannot be reached for the share of time that outages says', async () => {
    let now = 0;
    const vendor = await start({ faults: { ...noFaults, outages: 0.25 } }, () => now);
    expect((await get(vendor, '/v1/changes')).status).toBe(200);
    now = 16_000;
    await expect(get(vendor, '/v1/changes')).rejects.toThrow();
    now = 21_000;
    expect((await get(vendor, '/v1/changes')).status).toBe(200);
  });
});

describe('the list of changes', () => {
  it('has every record once, the deleted ones as tombstones', async () => {
    const vendor = await start();
    const { id } = vendor.createOrder().data;
    vendor.remove(id);
    const seen = await listAll(vendor, 'limit=2');
    expect(seen).toHaveLength(9);
    expect(new Set(seen.map((record) => record.id)).size).toBe(9);
    expect(seen.find((record) => record.id === id)).toMatchObject({ version: 2, deleted: true });
  });

  it('begins at the second of updated_since, that second included', async () => {
    let now = Date.parse('2026-01-01T12:00:00Z');
    const vendor = await start({}, () => now);
    now += 10_900;
    const late = vendor.createCustomer().data.id;
    const seen = await listAll(vendor, 'updated_since=2026-01-01T12:00:10.950Z');
    expect(seen.map(({ id }) => id)).toEqual([late]);
  });

  it('loses nothing when records change, come and go while its pages are read', async () => {
    const vendor = await start({ customers: 10, orders: 10 });
    let changes = 0;
    const seen = await listAll(vendor, 'limit=3', () => {
      if ((changes += 1) > 8) return;
      const living = vendor.snapshot().records.filter((record) => !('deleted' in record));
      vendor.createOrder();
      const [first] = living;
      const last = living.at(-1);
      if (first !== undefined) vendor.remove(first.id);
      if (last !== undefined) vendor.update(last.id);
    });
    const newest = new Map(seen.map(({ id, version }) => [id, version]));
    const truth = new Map(vendor.snapshot().records.map(({ id, version }) => [id, version]));
    expect(changes).toBeGreaterThan(8);
    expect(newest).toEqual(truth);
  });

  it.each(['limit=0', 'cursor=3', 'updated_since=yesterday', 'since=1'])(
    'refuses the query %s',
    async (query) => {
      expect((await get(await start(), `/v1/changes?${query}`)).status).toBe(400);
    },
  );
});

describe('the CRM', () => {
  const write = {
    eventId: 'evt_1',
    entity: { type: 'order', id: 'ord_1' },
    version: { version: '3', sourceTime: null },
    deleted: false,
  };
  const post = (vendor: DemoVendor, key: string | null, body: unknown = write) =>
    fetch(`${vendor.url}/crm/records`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${vendor.token}`,
        ...(key === null ? {} : { 'idempotency-key': key }),
      },
      body: JSON.stringify(body),
    });

  it('makes a write once for each key, and counts what came again', async () => {
    const vendor = await start();
    const statuses = [];
    for (const key of ['a', 'a', 'b', 'a']) statuses.push((await post(vendor, key)).status);
    expect(statuses).toEqual([201, 200, 201, 200]);
    expect(vendor.crm().effects.map(({ key }) => key)).toEqual(['a', 'b']);
    expect(vendor.crm()).toMatchObject({ repeated: 2 });
  });

  it('makes it once when many of one key come at once', async () => {
    const vendor = await start();
    const answers = await Promise.all(Array.from({ length: 20 }, () => post(vendor, 'a')));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(vendor.crm().effects).toHaveLength(1);
  });

  it('sometimes makes a write and answers 503, so that only the key keeps it single', async () => {
    const vendor = await start({ faults: { ...noFaults, apiErrors: 1 } });
    await vi.waitFor(async () => {
      expect((await post(vendor, 'a')).status).toBe(503);
      expect(vendor.crm().repeated).toBeGreaterThan(0);
    }, 20_000);
    expect(vendor.crm().effects).toHaveLength(1);
  });

  it('refuses a write without a key, or of no record', async () => {
    const vendor = await start();
    expect((await post(vendor, null)).status).toBe(400);
    expect((await post(vendor, 'a', { eventId: 'evt_1' })).status).toBe(400);
    expect(vendor.crm().effects).toEqual([]);
  });
});
