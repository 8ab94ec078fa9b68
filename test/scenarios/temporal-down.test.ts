import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Connection } from '@temporalio/client';
import getPort from 'get-port';
import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest';
import { startOps } from '../../src/cli/start-ops.ts';
import type { VendorEvent } from '../../src/dev/demo-vendor/company.ts';
import { largestBodyBytes } from '../../src/sources/body-limit.ts';
import { type DevServer, startDevServer } from '../../src/temporal/dev-server/start-dev-server.ts';
import { prepareNamespace } from '../../src/temporal/namespace.ts';
import { type Harness, startHarness, withoutListing } from '../support/harness.ts';
import { sha256 } from '../support/receiver.ts';

const local = '127.0.0.1';
/** The shortest patience among well-known vendors, before they call a delivery failed. */
const vendorTimeoutMilliseconds = 5_000;

describe('while Temporal is down', { timeout: 90_000 }, () => {
  let folder: string;
  let ports: { port: number; uiPort: number };
  let temporal: DevServer;
  let harness: Harness;

  const startTemporal = () =>
    startDevServer({
      binary: inject('temporalCli'),
      databaseFile: join(folder, 'temporal.db'),
      ...ports,
      logFile: join(folder, 'temporal.log'),
      onExit: () => undefined,
    });

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'landfall-temporal-down-'));
    ports = { port: await getPort(), uiPort: await getPort() };
    temporal = await startTemporal();
    const connection = await Connection.connect({ address: temporal.address });
    await prepareNamespace(connection, 'default', { change: true });
    await connection.close();
    harness = await startHarness({
      change: withoutListing,
      temporalAddress: temporal.address,
      settings: { LANDFALL_MAX_BODY_BYTES: String(largestBodyBytes) },
    });
  });

  afterAll(async () => {
    await harness.stop();
    await temporal.stop();
    await rm(folder, { recursive: true, force: true });
  });

  /** Starts it again; nothing else is done about it, the processes here find it by themselves. */
  async function bringBack(): Promise<void> {
    temporal = await startTemporal();
    const { client } = harness.runtime;
    const describeNamespace = () => client.workflowService.describeNamespace({ namespace: 'default' });
    await vi.waitFor(describeNamespace, { timeout: 5_000 });
  }

  /** The receiver finds by itself that Temporal takes events again. */
  async function untilAnswered200(event: VendorEvent): Promise<void> {
    await expect.poll(async () => (await harness.post(event)).status, { timeout: 10_000 }).toBe(200);
  }

  const inboxSize = () => harness.runtime.store.countInbox();

  /** Each has a completed workflow, one revision of its record, and one write at the destination. */
  async function expectProcessedOnce(events: readonly VendorEvent[]): Promise<void> {
    for (const { id, data } of events) {
      await expect(harness.event(id).result()).resolves.toMatchObject({ outcome: 'applied' });
      const record = await harness.runtime.store.findRecord(harness.source.name, {
        type: 'customer',
        id: data.id,
      });
      expect(record).toMatchObject({ revision: 1, lastEventId: id });
    }
    const ids = events.map(({ id }) => id);
    const written = harness.vendor.crm().effects.map(({ eventId }) => eventId);
    expect(written.filter((id) => ids.includes(id)).sort()).toEqual([...ids].sort());
  }

  test('deliveries are answered 202 in time, and processed exactly once when it is back', async () => {
    const { vendor, source } = harness;
    const events = Array.from({ length: 40 }, () => vendor.createCustomer());
    const first = events[0];
    if (first === undefined) throw new Error('there are events');
    await temporal.stop();

    expect(await inTime(harness.post(first))).toMatchObject({
      status: 202,
      body: { eventId: first.id, workflowId: `${source.name}:${first.id}`, duplicate: false },
    });
    const manyTimes = Array.from({ length: 5 }, () => events).flat();
    const answers = await Promise.all(manyTimes.map((event) => inTime(harness.post(event))));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]));
    expect(answers.filter(({ body }) => body.duplicate === false)).toHaveLength(events.length - 1);
    const unreadable = await inTime(harness.post(Buffer.from('{"half":')));
    expect(unreadable).toMatchObject({ status: 202, body: { duplicate: false } });
    expect(await inboxSize()).toBe(events.length + 1);

    await bringBack();
    await expect.poll(inboxSize, { timeout: 30_000 }).toBe(0);
    await expectProcessedOnce(events);
    await untilAnswered200(first);
    const { state, subject } = await harness.deadLetters.show({
      source: source.name,
      eventId: unreadable.body.eventId ?? '',
    });
    expect(state).toMatchObject({ status: 'open' });
    expect(subject.kind).toBe('unreadable');
  });

  test('a body of 25 MiB waits in the inbox by its reference, and is processed when it is back', async () => {
    const { vendor, runtime } = harness;
    const event = vendor.createCustomer();
    const around = Buffer.byteLength(JSON.stringify({ ...event, noise: '' }));
    const large = { ...event, noise: 'x'.repeat(largestBodyBytes - around) };
    await temporal.stop();
    await expect.poll(async () => (await harness.post(large)).status, { timeout: 10_000 }).toBe(202);
    expect(await harness.post(large)).toMatchObject({ status: 202, body: { duplicate: true } });
    expect(await inboxSize()).toBe(1);

    await bringBack();
    await expect.poll(inboxSize, { timeout: 30_000 }).toBe(0);
    await expectProcessedOnce([event]);
    const [started] = (await harness.event(event.id).fetchHistory()).events ?? [];
    expect(Buffer.byteLength(JSON.stringify(started))).toBeLessThan(20_000);
    const body = await runtime.store.readBody(sha256(JSON.stringify(large)));
    expect(body?.length).toBe(largestBodyBytes);
    await untilAnswered200(event);
  });

  test('it may hang instead: starts that it carries out late are not done twice', async () => {
    const events = Array.from({ length: 20 }, () => harness.vendor.createCustomer());
    process.kill(temporal.pid, 'SIGSTOP');
    try {
      const answers = await Promise.all(events.map((event) => inTime(harness.post(event))));
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]));
      expect(await inboxSize()).toBe(events.length);
    } finally {
      process.kill(temporal.pid, 'SIGCONT');
    }

    await expect.poll(inboxSize, { timeout: 30_000 }).toBe(0);
    await expectProcessedOnce(events);
  });

  test('what was under way when it crashed is finished once, by the same worker', async () => {
    const { vendor } = harness;
    await untilAnswered200(vendor.createCustomer());
    const events = Array.from({ length: 20 }, () => vendor.createCustomer());
    const answers = await Promise.all(events.map((event) => harness.post(event)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    process.kill(temporal.pid, 'SIGKILL');
    const late = vendor.createCustomer();
    await expect.poll(async () => (await harness.post(late)).status, { timeout: 10_000 }).toBe(202);
    await temporal.stop();

    await bringBack();
    await expect.poll(inboxSize, { timeout: 30_000 }).toBe(0);
    await expectProcessedOnce([...events, late]);
  });

  test('a receiver stays ready, a worker does not, and both say what is missing', async () => {
    const receiver = await startOps(harness.runtime, { host: local, port: 0, readyWith: 'any' });
    const worker = await startOps(harness.runtime, { host: local, port: 0, readyWith: 'all' });
    const ready = async ({ url }: { url: string }) => {
      const response = await fetch(`${url}/readyz`);
      return { status: response.status, parts: await response.json() };
    };
    const away = { temporal: 'unreachable', store: 'ok' };
    try {
      expect(await ready(worker)).toMatchObject({ status: 200, parts: { status: 'ok' } });
      await temporal.stop();

      expect(await ready(receiver)).toEqual({ status: 200, parts: { status: 'ok', ...away } });
      expect(await ready(worker)).toEqual({ status: 503, parts: { status: 'unavailable', ...away } });

      await bringBack();
      expect(await ready(worker)).toMatchObject({ status: 200, parts: { status: 'ok' } });
    } finally {
      await receiver.stop();
      await worker.stop();
    }
  });
});

/** The answer to a delivery, which the vendor must not have given up waiting for. */
async function inTime<Answer>(answer: Promise<Answer>): Promise<Answer> {
  const before = performance.now();
  const given = await answer;
  expect(performance.now() - before).toBeLessThan(vendorTimeoutMilliseconds);
  return given;
}
