import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import type { DemoVendor } from '../../../src/dev/demo-vendor/demo-vendor.ts';
import type { DemoVendorOptions } from '../../../src/dev/demo-vendor/options.ts';
import { startDemoVendor } from '../../../src/dev/demo-vendor/start-demo-vendor.ts';
import { vendorStateSchema } from '../../../src/dev/demo-vendor/state-file.ts';
import { ConfigurationError } from '../../../src/errors.ts';
import { startWebhookTarget } from '../../support/webhook-target.ts';

const shownSchema = z.object({ data: z.array(z.object({ id: z.string(), version: z.int() })) });

let folder: string;
let stateFile: string;
const open: { close(): Promise<void> }[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'landfall-'));
  stateFile = join(folder, 'demo', 'vendor.json');
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close()));
  await rm(folder, { recursive: true });
});

async function start(options: DemoVendorOptions = {}): Promise<DemoVendor> {
  const vendor = await startDemoVendor(
    { changesPerSecond: 0, stateFile, ...options },
    { now: Date.now, warn: () => {} },
  );
  open.push(vendor);
  return vendor;
}

describe('a restart', () => {
  it('finds the same company, secret and token, and goes on with new ids', async () => {
    const before = await start();
    const event = before.createCustomer();
    before.update(event.data.id);
    const { records } = before.snapshot();
    await before.close();

    const after = await start();
    expect(after.snapshot().records).toEqual(records);
    expect([after.secret, after.token]).toEqual([before.secret, before.token]);
    const next = after.createCustomer();
    expect(records.map(({ id }) => id)).not.toContain(next.data.id);
    expect(next.id).not.toBe(event.id);
    expect(after.update(event.data.id).data.version).toBe(3);
  });

  it('sends again what had not arrived, and only that', async () => {
    const before = await start({ retryMilliseconds: [60_000] });
    const target = await startWebhookTarget(() => before.secret);
    open.push(target);
    before.sendTo(target.url);
    await before.send(before.createCustomer());
    target.answerWith(503);
    const missed = before.createCustomer();
    void before.send(missed);
    await before.send(before.createCustomer(), { drop: true });
    await vi.waitFor(() => expect(target.arrived).toHaveLength(2), 20_000);
    await before.close();

    target.answerWith(200);
    const after = await start({ target: target.url });
    await vi.waitFor(() => expect(target.arrived).toHaveLength(3), 20_000);
    await after.settle();
    expect(target.arrived).toHaveLength(3);
    expect(JSON.parse(target.arrived[2]?.body ?? '')).toEqual(missed);
  });

  it('shows nothing over the API that a crash could take back', async () => {
    const vendor = await start({ changesPerSecond: 1_000, requestsPerSecond: 10_000 });
    vendor.startChanging();
    const headers = { authorization: `Bearer ${vendor.token}` };
    for (let round = 0; round < 50; round += 1) {
      const since = new Date(Date.now() - 1_000).toISOString();
      const path = `/v1/changes?limit=200&updated_since=${since}`;
      const shown = shownSchema.parse(await (await fetch(vendor.url + path, { headers })).json());
      const kept = vendorStateSchema.parse(JSON.parse(await readFile(stateFile, 'utf8')));
      const versions = new Map(kept.company.records.map(({ record }) => [record.id, record.version]));
      for (const { id, version } of shown.data) {
        expect(versions.get(id) ?? 0, id).toBeGreaterThanOrEqual(version);
      }
    }
    vendor.stopChanging();
  });

  it('remembers the keys that the CRM has seen', async () => {
    const post = async (vendor: DemoVendor) => {
      const { status } = await fetch(`${vendor.url}/crm/records`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'idempotency-key': 'a',
          authorization: `Bearer ${vendor.token}`,
        },
        body: JSON.stringify({
          eventId: 'evt_1',
          entity: { type: 'order', id: 'ord_1' },
          version: { version: '3' },
          deleted: false,
        }),
      });
      return status;
    };
    const before = await start();
    expect(await post(before)).toBe(201);
    await before.close();
    const after = await start();
    expect(await post(after)).toBe(200);
    expect(after.crm().effects).toHaveLength(1);
  });

  it('refuses a state file that is none of its own, and says what to do', async () => {
    await (await start()).close();
    await writeFile(stateFile, '{"half":');
    await expect(start()).rejects.toThrow(ConfigurationError);
    await expect(start()).rejects.toThrow(/Remove it/);
  });
});

describe('a seed', () => {
  it('gives the same company and the same changes, another seed another', async () => {
    const run = async (seed: number) => {
      const vendor = await startDemoVendor(
        { seed, changesPerSecond: 0 },
        { now: () => Date.parse('2026-01-01T00:00:00Z'), warn: () => {} },
      );
      open.push(vendor);
      const { id } = vendor.createCustomer().data;
      vendor.update(id);
      return vendor.snapshot().records;
    };
    expect(await run(1)).toEqual(await run(1));
    expect((await run(1))[0]?.id).not.toBe((await run(2))[0]?.id);
  });
});
