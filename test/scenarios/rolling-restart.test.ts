import { Agent, request as httpRequest } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import getPort from 'get-port';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { openStore } from '../../src/store/open-store.ts';
import type { Store } from '../../src/store/store.ts';
import { type Backend, type Balancer, startBalancer } from '../support/balancer.ts';
import { createDatabase } from '../support/create-database.ts';
import { uniqueName } from '../support/harness.ts';
import { type HoldingVendor, startHoldingVendor } from '../support/holding-vendor.ts';
import { type LandfallProcess, startProcess } from '../support/landfall-process.ts';

const patience = { timeout: 90_000, interval: 200 };
const local = '127.0.0.1';
const senders = 6;
/** So many from all senders together: enough to meet each moment of a restart, and no more than two cores can take. */
const pauseMilliseconds = 300;

/** What one delivery was answered with: a status, or what broke instead. */
interface Answer {
  id: string;
  status: number | string;
  connection: string | undefined;
}

describe('A rolling restart under load', { timeout: 400_000 }, () => {
  let vendor: HoldingVendor;
  let store: Store;
  let settings: Record<string, string>;
  let backends: Backend[];

  beforeAll(async () => {
    vendor = await startHoldingVendor();
    const databaseUrl = await createDatabase(inject('postgresUrl'));
    store = await openStore({ databaseUrl, dataDirectory: null, poolSize: 2 });
    settings = {
      ...vendor.settings,
      DATABASE_URL: databaseUrl,
      TEMPORAL_ADDRESS: inject('temporalAddress'),
      LANDFALL_TASK_QUEUE: uniqueName('queue'),
      LANDFALL_HOST: local,
      LANDFALL_OPS_HOST: local,
      LANDFALL_OPS_PORT: '0',
      LANDFALL_DRAIN: '2s',
      LANDFALL_SHUTDOWN_GRACE: '10s',
    };
    const ports: number[] = [];
    while (ports.length < 4) ports.push(await getPort({ host: local, exclude: ports }));
    const [port = 0, opsPort = 0, otherPort = 0, otherOpsPort = 0] = ports;
    backends = [
      { port, opsPort },
      { port: otherPort, opsPort: otherOpsPort },
    ];
  });
  afterAll(async () => {
    await store.close();
    await vendor[Symbol.asyncDispose]();
  });

  const startReceiver = ({ port, opsPort }: Backend): Promise<LandfallProcess> =>
    startProcess('receiver', {
      ...settings,
      LANDFALL_PORT: String(port),
      LANDFALL_OPS_PORT: String(opsPort),
    });

  test('answers no vendor with an error, and loses nothing', async () => {
    const receivers = await Promise.all(backends.map(startReceiver));
    const workers = await Promise.all([startProcess('worker', settings), startProcess('worker', settings)]);
    await using balancer = await startBalancer(backends);
    expect(balancer.ready()).toEqual([0, 1]);
    const load = startLoad(balancer, vendor);

    for (const [index, backend] of backends.entries()) {
      const before = load.answers.length;
      await stopped(receivers[index]);
      expect(balancer.ready()).toEqual([1 - index]);
      receivers[index] = await startReceiver(backend);
      await expect.poll(() => balancer.ready(), patience).toEqual([0, 1]);
      expect(load.answers.length).toBeGreaterThan(before);
    }
    for (const index of workers.keys()) {
      await stopped(workers[index]);
      workers[index] = await startProcess('worker', settings);
    }
    await load.end();

    expect(load.answers.filter(({ status }) => status !== 200 && status !== 202)).toEqual([]);
    // A receiver that stops has its clients open new connections, which the balancer leads elsewhere.
    expect(load.answers.map(({ connection }) => connection)).toContain('close');
    const ids = load.answers.map(({ id }) => id);
    expect(ids.length).toBeGreaterThan(100);
    const landed = async () => {
      const counts = (await store.countEvents()).filter(({ source }) => source === vendor.source);
      return counts.reduce((sum, { count }) => sum + count, 0);
    };
    await expect.poll(landed, patience).toBe(ids.length);
    for (const { id, customer } of load.events) {
      await expect.poll(() => store.findEvent(vendor.source, id), patience).toMatchObject({ complete: true });
      expect(new Set(vendor.writes(customer)).size).toBe(1);
    }
    for (const each of [...receivers, ...workers]) await stopped(each);
  });
});

/** Ends a process as a deployment does. */
async function stopped(running: LandfallProcess | undefined): Promise<void> {
  running?.kill('SIGTERM');
  expect(await running?.exited, running?.output()).toBe(0);
}

/** Delivers events one after the other, from several clients that keep their connections. */
function startLoad(balancer: Balancer, vendor: HoldingVendor) {
  const url = `${balancer.url}/webhooks/${vendor.source}`;
  const agent = new Agent({ keepAlive: true, maxSockets: senders });
  const answers: Answer[] = [];
  const events: { id: string; customer: string }[] = [];
  const load = { over: false };
  const send = async () => {
    while (!load.over) {
      const event = vendor.newEvent();
      events.push(event);
      answers.push({ id: event.id, ...(await post(url, agent, vendor.request(event))) });
      await wait(pauseMilliseconds);
    }
  };
  const sending = Promise.all(Array.from({ length: senders }, send));
  return {
    answers,
    events,
    async end() {
      load.over = true;
      await sending;
      agent.destroy();
    },
  };
}

function post(
  url: string,
  agent: Agent,
  { body, headers }: ReturnType<HoldingVendor['request']>,
): Promise<Omit<Answer, 'id'>> {
  return new Promise((resolve) => {
    const request = httpRequest(url, { agent, method: 'POST', headers });
    request.once('error', (error) => resolve({ status: String(error), connection: undefined }));
    request.once('response', (response) => {
      response.resume();
      response.once('end', () =>
        resolve({ status: response.statusCode ?? 0, connection: response.headers.connection }),
      );
    });
    request.end(body);
  });
}
