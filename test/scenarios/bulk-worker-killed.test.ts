import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import getPort from 'get-port';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { openStore } from '../../src/store/open-store.ts';
import type { Store } from '../../src/store/store.ts';
import { createBulkActions } from '../../src/temporal/bulk-actions.ts';
import { createDeadLetters } from '../../src/temporal/dead-letters.ts';
import type { bulkAction } from '../../workflows/index.ts';
import { createDatabase } from '../support/create-database.ts';
import { uniqueName } from '../support/harness.ts';
import { startProcess } from '../support/landfall-process.ts';
import {
  type CustomerEvent,
  type OutageVendor,
  outageSecret,
  startOutageVendor,
} from '../support/outage-vendor.ts';

const patience = { timeout: 90_000, interval: 200 };

describe('a worker that is killed in the middle of a bulk action', { timeout: 240_000 }, () => {
  const name = uniqueName('shop');
  let folder: string;
  let vendor: OutageVendor;
  let store: Store;
  let client: Client;
  let settings: Record<string, string>;

  beforeAll(async () => {
    vendor = await startOutageVendor();
    folder = await mkdtemp(join(tmpdir(), 'landfall-bulk-'));
    const file = join(folder, 'sources.json');
    // Never held: each of them is a dead letter.
    await writeFile(file, JSON.stringify([{ ...vendor.describe(name), hold: false }]));
    const databaseUrl = await createDatabase(inject('postgresUrl'));
    settings = {
      DATABASE_URL: databaseUrl,
      TEMPORAL_ADDRESS: inject('temporalAddress'),
      LANDFALL_TASK_QUEUE: uniqueName('queue'),
      LANDFALL_SOURCES_FILE: file,
      LANDFALL_SILENCE: 'off',
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

  test('goes on with another worker: every letter has its result, and none was told twice', async () => {
    const port = await getPort({ host: '127.0.0.1' });
    await using receiver = await startProcess('receiver', { ...settings, LANDFALL_PORT: String(port) });
    await using worker = await startProcess('worker', settings);
    vendor.api = () => 503;
    const events = Array.from({ length: 12 }, () => vendor.change());
    for (const event of events) expect(await send(`http://127.0.0.1:${port}`, event)).toBe(200);
    const deadLetters = createDeadLetters(client);
    await expect.poll(() => deadLetters.list({ source: name }), patience).toHaveLength(12);
    vendor.api = () => 200;

    const bulk = createBulkActions(client, settings['LANDFALL_TASK_QUEUE'] ?? '');
    const { id } = await bulk.begin({
      kind: 'replay',
      filter: { source: name },
      ...{ by: 'ada', reason: 'the vendor is back', canary: 2, perMinute: 30, name: uniqueName('killed') },
    });
    // Some are done, some wait for their turn, and it is about to ask the next ones.
    await expect.poll(async () => (await store.countBulkLetters(id)).done, patience).toBeGreaterThan(2);
    worker.kill('SIGKILL');
    expect(await worker.exited).toBeNull();
    expect((await store.countBulkLetters(id)).waiting).toBeGreaterThan(0);
    await using next = await startProcess('worker', settings);

    const result = client.workflow.getHandle<typeof bulkAction>(id).result();
    await expect(result).resolves.toMatchObject({ done: 12, failed: 0, skipped: 0, waiting: 0, asked: 0 });
    expect(await store.listBulkLetters(id, { statuses: ['done'], limit: 100 })).toHaveLength(12);
    for (const { id: eventId, data } of events) {
      const { state } = await deadLetters.show({ source: name, eventId });
      expect(state).toMatchObject({ status: 'resolved', replays: 1 });
      expect(state.audit.filter(({ what }) => what === 'replay')).toHaveLength(1);
      expect(vendor.writes(data.id)).toEqual([1]);
    }
    expect(await store.listAudit({ target: id }, 10)).toMatchObject([
      { action: 'bulk.replay', result: { outcome: 'done', text: '12 done, 0 failed' } },
    ]);
    for (const process of [receiver, next]) process.kill('SIGTERM');
  });
});
