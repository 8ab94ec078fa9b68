import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import getPort from 'get-port';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import type { DemoVendor } from '../../src/dev/demo-vendor/demo-vendor.ts';
import { noFaults } from '../../src/dev/demo-vendor/faults.ts';
import { startDemoVendor } from '../../src/dev/demo-vendor/start-demo-vendor.ts';
import { describeVerdict, judge, type Verdict } from '../../src/dev/verdict.ts';
import { openStore } from '../../src/store/open-store.ts';
import type { Store } from '../../src/store/store.ts';
import { prepareNamespace } from '../../src/temporal/namespace.ts';
import { scheduleId } from '../../src/temporal/schedules.ts';
import { type FullTemporal, startFullTemporal } from '../support/full-temporal.ts';
import { type LandfallProcess, startProcess } from '../support/landfall-process.ts';
import { startPostgres } from '../support/postgres.ts';

const local = '127.0.0.1';
const eventsWanted = 300;
const source = 'demo';
type Command = 'receiver' | 'worker';
const commands: readonly Command[] = ['receiver', 'worker'];
const composeSchema = z.object({
  services: z.record(z.string(), z.object({ environment: z.record(z.string(), z.string()).optional() })),
});

let directory: string;
let postgres: Awaited<ReturnType<typeof startPostgres>>;
let temporal: FullTemporal | { unavailable: string };
let connection: Connection;
let client: Client;
let store: Store;
let vendor: DemoVendor;
let settings: Record<Command, Record<string, string>>;
let running: Record<Command, LandfallProcess>;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'landfall-application-'));
  postgres = await startPostgres();
  temporal = await startFullTemporal({
    postgresUrl: postgres.url,
    directory,
    onProgress: (message) => process.stderr.write(`${message}\n`),
    searchAttributes: false,
  });
  if ('unavailable' in temporal) {
    // A machine without Go may skip this, the machine that decides about a release may not.
    if (process.env['CI'] !== undefined) throw new Error(temporal.unavailable);
    return;
  }
  connection = await Connection.connect({ address: temporal.address });
  client = new Client({ connection });
  vendor = await startDemoVendor(
    {
      customers: 20,
      orders: 40,
      changesPerSecond: 30,
      faults: { ...noFaults, duplicates: 0.3, shuffles: 0.2, drops: 0.1, apiErrors: 0.05, forged: 0.05 },
    },
    { now: Date.now, warn: () => undefined },
  );
  const databaseUrl = await postgres.createDatabase();
  store = await openStore({ databaseUrl, dataDirectory: null, poolSize: 2 });
  settings = {
    receiver: await settingsOf('receiver', temporal.address, databaseUrl),
    worker: await settingsOf('worker', temporal.address, databaseUrl),
  };
  running = await startAll();
  vendor.sendTo(`http://${local}:${settings.receiver['LANDFALL_PORT'] ?? ''}/webhooks/${source}`);
});

afterAll(async () => {
  if ('address' in temporal) {
    await vendor.close();
    for (const command of commands) await running[command][Symbol.asyncDispose]();
    await store.close();
    await connection.close();
    await temporal.stop();
  }
  await postgres.stop();
  await rm(directory, { recursive: true, force: true });
});

beforeEach(({ skip }) => {
  if ('unavailable' in temporal) skip(temporal.unavailable);
});

test('both processes are ready, and the worker has prepared Temporal', async () => {
  expect(await readiness()).toEqual({ receiver: 200, worker: 200 });
  expect(await prepareNamespace(connection, 'default', { change: false })).toEqual({
    namespace: 'default',
    retentionDays: 30,
    warnings: [],
    changes: [],
  });
  expect(preparations(running.worker)).toHaveLength(1);
  const { action } = await client.schedule.getHandle(scheduleId(source)).describe();
  expect(action).toMatchObject({ workflowType: 'reconcile', taskQueue: 'landfall' });
});

test('some hundred events, repeated, shuffled, lost and forged, end in the vendor’s state, each handed on once', async () => {
  vendor.startChanging();
  await expect.poll(() => vendor.ledger().entries.length, { timeout: 60_000 }).toBeGreaterThan(eventsWanted);
  const verdict = await judged();
  expect(verdict, describeVerdict(verdict)).toMatchObject({ equal: true, openDeadLetters: 0 });
  expect(verdict.delivered).toBeGreaterThan(eventsWanted / 2);
  const { counts } = vendor.ledger();
  expect(counts.dropped).toBeGreaterThan(0);
});

test('a restart of both processes changes nothing, and the next event is processed', async () => {
  const before = await state();
  for (const command of commands) running[command].kill('SIGTERM');
  for (const command of commands) expect(await running[command].exited).toBe(0);

  running = await startAll();
  expect(await readiness()).toEqual({ receiver: 200, worker: 200 });
  expect(preparations(running.worker)).toEqual([]);
  expect(await state()).toEqual(before);
  const event = vendor.createCustomer();
  await vendor.send(event);
  const verdict = await judged();
  expect(verdict, describeVerdict(verdict)).toMatchObject({ equal: true });
  // The scheduled reconciliation may have met the change too, and repaired it by an event of its own.
  expect(vendor.crm().effects.filter(({ eventId }) => eventId === event.id)).toHaveLength(1);
});

/** The environment that docker-compose.yml gives a process, with the addresses of this machine, and a source switched on. */
async function settingsOf(
  command: Command,
  temporalAddress: string,
  databaseUrl: string,
): Promise<Record<string, string>> {
  const file = await readFile(new URL('../../docker-compose.yml', import.meta.url), 'utf8');
  const { environment } = composeSchema.parse(parse(file, { merge: true })).services[command] ?? {};
  const here = {
    DATABASE_URL: databaseUrl,
    TEMPORAL_ADDRESS: temporalAddress,
    LANDFALL_HOST: local,
    LANDFALL_PORT: String(await getPort({ host: local })),
    LANDFALL_OPS_HOST: local,
    LANDFALL_OPS_PORT: String(await getPort({ host: local })),
    LANDFALL_TEMPORAL_UI_URL: 'http://127.0.0.1:8233',
  };
  expect(Object.keys(environment ?? {})).toEqual(expect.arrayContaining(Object.keys(here)));
  return {
    ...environment,
    ...here,
    DEMO_WEBHOOK_SECRET: vendor.secret,
    DEMO_API_URL: vendor.url,
    DEMO_API_TOKEN: vendor.token,
  };
}

async function startAll(): Promise<Record<Command, LandfallProcess>> {
  const [receiver, worker] = await Promise.all([
    startProcess('receiver', settings.receiver),
    startProcess('worker', settings.worker),
  ]);
  return { receiver, worker };
}

async function readiness(): Promise<Record<Command, number>> {
  const statusOf = async (command: Command) =>
    (await fetch(`http://${local}:${settings[command]['LANDFALL_OPS_PORT'] ?? ''}/readyz`)).status;
  return { receiver: await statusOf('receiver'), worker: await statusOf('worker') };
}

/** What a worker says that it changed about the namespace. */
function preparations(worker: LandfallProcess): string[] {
  return worker.messages().filter((message) => /^(registered|raised)/.test(message));
}

function judged(): Promise<Verdict> {
  return judge({ vendor, store, client, source, taskQueue: 'landfall' });
}

async function state() {
  const { info } = await client.schedule.getHandle(scheduleId(source)).describe();
  return {
    events: await store.countEvents(),
    records: await store.listRecords(source, null, 10_000),
    effects: vendor.crm().effects,
    inbox: await store.countInbox(),
    scheduleMadeAt: info.createdAt,
  };
}
