import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { Client, Connection } from '@temporalio/client';
import getPort from 'get-port';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { openStore } from '../../src/store/open-store.ts';
import { surveyEvents } from '../../src/temporal/event-selection.ts';
import { startReplayEvents } from '../../src/temporal/replay-events.ts';
import type { Store } from '../../src/store/store.ts';
import type { processEvent } from '../../workflows/index.ts';
import { createDatabase } from '../support/create-database.ts';
import { uniqueName } from '../support/harness.ts';
import { type CommitHolder, startCommitHolder } from '../support/hold-commit.ts';
import { type HoldingVendor, startHoldingVendor } from '../support/holding-vendor.ts';
import { type LandfallProcess, startProcess } from '../support/landfall-process.ts';

/** Of a busy machine. */
const patience = { timeout: 20_000 };

describe('a process that ends', { timeout: 120_000 }, () => {
  let databaseUrl: string;
  let store: Store;
  let connection: Connection;
  let client: Client;
  let vendor: HoldingVendor;
  let holder: CommitHolder;
  let settings: Record<string, string>;
  let processes: LandfallProcess[];

  beforeAll(async () => {
    databaseUrl = await createDatabase(inject('postgresUrl'));
    store = await openStore({ databaseUrl, dataDirectory: null, poolSize: 2 });
    connection = await Connection.connect({ address: inject('temporalAddress') });
    client = new Client({ connection });
    holder = await startCommitHolder(databaseUrl);
  });
  afterAll(async () => {
    await store.close();
    await connection.close();
    await holder[Symbol.asyncDispose]();
  });

  beforeEach(async () => {
    vendor = await startHoldingVendor();
    settings = {
      ...vendor.settings,
      DATABASE_URL: databaseUrl,
      TEMPORAL_ADDRESS: inject('temporalAddress'),
      LANDFALL_TASK_QUEUE: uniqueName('queue'),
      LANDFALL_HOST: '127.0.0.1',
      LANDFALL_OPS_HOST: '127.0.0.1',
      LANDFALL_OPS_PORT: '0',
      // What is held is the write of an event, not of an alert.
      LANDFALL_ALERT_EVERY: 'off',
    };
    processes = [];
  });
  afterEach(async () => {
    await Promise.all(processes.map((each) => each[Symbol.asyncDispose]()));
    await vendor[Symbol.asyncDispose]();
  });

  async function start(
    command: 'receiver' | 'worker',
    change: Record<string, string> = {},
  ): Promise<LandfallProcess> {
    const started = await startProcess(command, { ...settings, ...change });
    processes.push(started);
    return started;
  }

  async function startReceiver(): Promise<LandfallProcess & { url: string }> {
    const port = await getPort({ host: '127.0.0.1' });
    const started = await start('receiver', { LANDFALL_PORT: String(port) });
    return { ...started, url: `http://127.0.0.1:${port}` };
  }

  const run = (eventId: string) =>
    client.workflow.getHandle<typeof processEvent>(`${vendor.source}:${eventId}`);
  const findRecord = (customer: string) =>
    store.findRecord(vendor.source, { type: 'customer', id: customer });

  test('a worker that is killed is replaced, and each event it had is applied and handed on once', async () => {
    const receiver = await startReceiver();
    const worker = await start('worker', { DATABASE_URL: holder.url });
    const [fetching, writing, applying] = [vendor.newEvent(), vendor.newEvent(), vendor.newEvent()];
    const fetch = vendor.holdFetch(fetching.customer);
    const write = vendor.holdWrite(writing.customer);
    for (const event of [fetching, writing]) expect(await vendor.send(receiver.url, event)).toBe(200);
    await Promise.all([fetch.arrived, write.arrived]);
    const committed = holder.holdNext();
    expect(await vendor.send(receiver.url, applying)).toBe(200);
    await committed;
    worker.kill('SIGKILL');
    expect(await worker.exited).toBeNull();
    // What the killed one had done by then, without having told anybody.
    expect(await findRecord(fetching.customer)).toBeNull();
    expect(await findRecord(applying.customer)).toMatchObject({ revision: 1 });
    expect(vendor.writes(writing.customer)).toHaveLength(1);

    await start('worker');
    for (const { id, customer } of [fetching, writing, applying]) {
      await expect(run(id).result()).resolves.toMatchObject({ outcome: 'applied', delivered: ['crm'] });
      // What the killed one had written is gone on with.
      expect(await findRecord(customer)).toMatchObject({ revision: 1, lastEventId: id });
      expect(await store.findEvent(vendor.source, id)).toMatchObject({ outcome: 'applied', complete: true });
      expect(new Set(vendor.writes(customer)).size).toBe(1);
    }
    expect(vendor.fetches(fetching.customer)).toBe(2);
    // Again, and under the key of the first time: the CRM has the write once.
    expect(vendor.writes(writing.customer)).toHaveLength(2);
    expect(vendor.writes(applying.customer)).toHaveLength(1);
  });

  test('a replay of processed events that a worker dies in is gone on with, and begins no event twice', async () => {
    const receiver = await startReceiver();
    const worker = await start('worker');
    const events = Array.from({ length: 8 }, () => vendor.newEvent());
    for (const event of events) {
      expect(await vendor.send(receiver.url, event)).toBe(200);
      await run(event.id).result();
    }
    const selection = { source: vendor.source, types: ['customer.created'], from: null, to: null };
    await expect
      .poll(async () => (await surveyEvents(client, selection)).events, patience)
      .toBe(events.length);
    const replay = await startReplayEvents(
      client,
      { selection, atMost: null, perSecond: 4, by: 'ada', reason: 'the CRM lost its data' },
      { name: 'by-test', taskQueue: settings['LANDFALL_TASK_QUEUE'] ?? '' },
    );
    const writtenAgain = () => events.filter(({ customer }) => new Set(vendor.writes(customer)).size === 2);
    await expect.poll(() => writtenAgain().length, patience).toBeGreaterThan(1);
    worker.kill('SIGKILL');
    expect(await worker.exited).toBeNull();
    expect(writtenAgain().length).toBeLessThan(events.length);

    await start('worker');
    expect(await replay.result()).toMatchObject({ found: 8, replayed: 8, failed: 0 });
    expect(writtenAgain()).toHaveLength(events.length);
    for (const { id } of events) {
      const runs = [];
      const query = `WorkflowId = '${vendor.source}:${id}'`;
      for await (const each of client.workflow.list({ query })) runs.push(each.runId);
      expect(runs).toHaveLength(2);
    }
  });

  test('a worker that is asked to stop finishes what it does, takes nothing new, and ends with 0', async () => {
    const receiver = await startReceiver();
    const worker = await start('worker');
    const [underWay, later] = [vendor.newEvent(), vendor.newEvent()];
    const write = vendor.holdWrite(underWay.customer);
    await vendor.send(receiver.url, underWay);
    await write.arrived;

    worker.kill('SIGTERM');
    await expect
      .poll(() => worker.messages(), patience)
      .toContain('stopping: activities under way are finished');
    await vendor.send(receiver.url, later);
    write.answer();
    expect(await worker.exited).toBe(0);
    expect(await store.findEvent(vendor.source, underWay.id)).toMatchObject({ complete: true });
    expect(vendor.fetches(later.customer)).toBe(0);

    await start('worker');
    for (const { id, customer } of [underWay, later]) {
      await expect(run(id).result()).resolves.toMatchObject({ outcome: 'applied', delivered: ['crm'] });
      expect(vendor.writes(customer)).toHaveLength(1);
    }
  });

  test('a receiver that is asked to stop answers the request under way, refuses new ones, and ends with 0', async () => {
    const receiver = await startReceiver();
    const event = vendor.newEvent();
    const { body, headers } = vendor.request(event);
    const half = Math.floor(body.length / 2);
    const request = httpRequest(`${receiver.url}/webhooks/${vendor.source}`, {
      method: 'POST',
      headers: { ...headers, 'content-length': body.length, expect: '100-continue' },
    });
    // Told to go on, it is under way.
    await once(request, 'continue');
    request.write(body.slice(0, half));

    receiver.kill('SIGTERM');
    await expect
      .poll(() => fetch(receiver.url).catch((error: unknown) => error), patience)
      .toMatchObject({ cause: { code: 'ECONNREFUSED' } });
    const answered = once(request, 'response');
    request.end(body.slice(half));
    const [response]: unknown[] = await answered;
    expect(response).toMatchObject({ statusCode: 200, headers: { connection: 'close' } });
    expect(await receiver.exited).toBe(0);
    await expect(run(event.id).describe()).resolves.toMatchObject({ status: { name: 'RUNNING' } });
    await run(event.id).terminate('the test is over');
  });
});
