import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import getPort from 'get-port';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { openStore } from '../../src/store/open-store.ts';
import type { Store } from '../../src/store/store.ts';
import { createDeadLetters } from '../../src/temporal/dead-letters.ts';
import { createHolds } from '../../src/temporal/holds.ts';
import type { processEvent } from '../../workflows/index.ts';
import { createDatabase } from '../support/create-database.ts';
import { uniqueName } from '../support/harness.ts';
import { startProcess } from '../support/landfall-process.ts';
import {
  type CustomerEvent,
  type OutageVendor,
  outageSecret,
  startOutageVendor,
} from '../support/outage-vendor.ts';

const patience = { timeout: 60_000, interval: 200 };

describe('a worker that is killed while its source is held', { timeout: 180_000 }, () => {
  const name = uniqueName('shop');
  let folder: string;
  let vendor: OutageVendor;
  let store: Store;
  let client: Client;
  let settings: Record<string, string>;

  beforeAll(async () => {
    vendor = await startOutageVendor();
    folder = await mkdtemp(join(tmpdir(), 'landfall-outage-'));
    const file = join(folder, 'sources.json');
    await writeFile(file, JSON.stringify([vendor.describe(name)]));
    const databaseUrl = await createDatabase(inject('postgresUrl'));
    settings = {
      DATABASE_URL: databaseUrl,
      TEMPORAL_ADDRESS: inject('temporalAddress'),
      LANDFALL_TASK_QUEUE: uniqueName('queue'),
      LANDFALL_SOURCES_FILE: file,
      SHOP_SECRET: outageSecret,
      LANDFALL_HOST: '127.0.0.1',
      LANDFALL_OPS_HOST: '127.0.0.1',
      LANDFALL_OPS_PORT: '0',
    };
    store = await openStore({ databaseUrl, dataDirectory: null, poolSize: 2 });
    client = new Client({ connection: await Connection.connect({ address: inject('temporalAddress') }) });
  });
  afterAll(async () => {
    await client.connection.close();
    await store.close();
    await vendor[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  async function send(url: string, event: CustomerEvent): Promise<number> {
    const body = Buffer.from(JSON.stringify(event));
    const headers = await vendor.source().verification.sign(body, { id: event.id, now: Date.now() });
    const response = await fetch(`${url}/webhooks/${name}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body,
    });
    await response.body?.cancel();
    return response.status;
  }

  test('loses none of those that wait: another worker ends the hold, and each lands once', async () => {
    const port = await getPort({ host: '127.0.0.1' });
    await using receiver = await startProcess('receiver', { ...settings, LANDFALL_PORT: String(port) });
    await using worker = await startProcess('worker', settings);
    vendor.api = () => 503;
    const events = Array.from({ length: 6 }, () => vendor.change());
    for (const event of events) expect(await send(`http://127.0.0.1:${port}`, event)).toBe(200);
    const held = async () => (await createHolds(client).list()).filter(({ source }) => source === name);
    await expect.poll(async () => (await held())[0]?.state?.waiting, patience).toBe(4);

    worker.kill('SIGKILL');
    expect(await worker.exited).toBeNull();
    vendor.api = () => 200;
    await using next = await startProcess('worker', settings);

    for (const { id, data } of events) {
      const outcome = async () => (await store.findEvent(name, id))?.outcome;
      await expect.poll(outcome, patience).toBe('applied');
      await expect.poll(() => vendor.writes(data.id), patience).toEqual([1]);
    }
    await expect.poll(() => held(), patience).toEqual([]);
    await expect.poll(() => createDeadLetters(client).list({ source: name }), patience).toEqual([]);
    for (const process of [receiver, next]) process.kill('SIGTERM');
    for (const workflowId of [`watch:${name}`]) await client.workflow.getHandle(workflowId).terminate();
    const runs = events.map(({ id }) => client.workflow.getHandle<typeof processEvent>(`${name}:${id}`));
    for (const run of runs) await expect(run.result()).resolves.toMatchObject({ outcome: 'applied' });
  });
});
