import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { httpDestination } from '../../src/destinations/http.ts';
import { query } from '../support/create-database.ts';
import { recordHistory } from '../support/record-history.ts';
import { type Harness, startHarness, withoutListing } from '../support/harness.ts';

/** A system that keeps its answer to each idempotency key, as Stripe's API does: also the answer that it failed. */
interface Remembering {
  url: string;
  requests: string[];
  /** The keys under which a write was made. */
  writes: string[];
  /** The bodies, each beside its key. */
  bodies: { version: { version: string | null }; record: unknown }[];
  answerNext: (status: number) => void;
  close(): Promise<void>;
}

async function startRemembering(): Promise<Remembering> {
  const answers = new Map<string, number>();
  const requests: string[] = [];
  const writes: string[] = [];
  const bodies: Remembering['bodies'] = [];
  let next = 200;
  const server: Server = createServer((request, response) => {
    const key = String(request.headers['idempotency-key']);
    requests.push(key);
    const known = answers.get(key);
    const status = known ?? next;
    answers.set(key, status);
    if (known === undefined && status === 200) writes.push(key);
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      bodies.push(JSON.parse(Buffer.concat(chunks).toString()));
      response.writeHead(status).end(`status ${status}`);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    requests,
    writes,
    bodies,
    answerNext: (status) => (next = status),
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

describe('a record that is handed on', () => {
  let harness: Harness;
  let crm: Remembering;
  let billing: Remembering;
  beforeAll(async () => {
    [crm, billing] = await Promise.all([startRemembering(), startRemembering()]);
    harness = await startHarness({
      change: (source) => ({
        ...withoutListing(source),
        destinations: [
          httpDestination({ name: 'crm', url: crm.url }),
          httpDestination({ name: 'billing', url: billing.url }),
        ],
      }),
    });
  });
  afterAll(async () => {
    await harness.stop();
    await Promise.all([crm.close(), billing.close()]);
  });
  const decision = { by: 'ada', reason: 'billing was mended' };

  test('reaches the destination that refused it by a replay, under a key that no earlier try has used up', async () => {
    const { vendor, source, runtime } = harness;
    billing.answerNext(422);
    const event = vendor.createCustomer();
    await harness.post(event);
    await expect(harness.event(event.id).result()).rejects.toThrow();
    // What cannot succeed is not tried again.
    expect(billing.requests).toHaveLength(1);
    const ref = { source: source.name, eventId: event.id };
    expect((await harness.deadLetters.show(ref)).state.errors[0]).toMatchObject({
      step: 'deliver billing',
      type: 'LANDFALL_DESTINATION_REFUSED',
      attempts: 1,
    });
    const entity = { type: 'customer', id: event.data.id };
    const written = await runtime.store.findRecord(source.name, entity);
    expect(written).toMatchObject({ version: '1' });

    billing.answerNext(200);
    await harness.deadLetters.replay(ref, decision, 30_000);

    await expect(harness.event(event.id).result()).resolves.toMatchObject({ delivered: ['billing'] });
    expect(new Set(billing.requests).size).toBe(2);
    expect(billing.writes).toHaveLength(1);
    // The other destination had it; the record is as it was.
    expect(crm.requests).toHaveLength(1);
    expect(await runtime.store.findRecord(source.name, entity)).toMatchObject({
      data: written?.data,
      version: '1',
    });
    await recordHistory(runtime.client, 'process-event-delivered-by-replay', harness.event(event.id));
  });

  test('is sent under another key by a replay that finds a newer version, and with that version', async () => {
    const { vendor, source } = harness;
    billing.answerNext(422);
    const event = vendor.createCustomer();
    await harness.post(event);
    await expect(harness.event(event.id).result()).rejects.toThrow();
    const [refused, body] = [billing.requests.at(-1), billing.bodies.at(-1)];
    expect(body).toMatchObject({ version: { version: '1' } });
    expect(refused).toBe(`${source.name}:${event.id}:billing:1`);
    vendor.update(event.data.id);

    billing.answerNext(200);
    await harness.deadLetters.replay({ source: source.name, eventId: event.id }, decision, 30_000);
    expect(billing.requests.at(-1)).toMatch(new RegExp(`^${source.name}:${event.id}:billing:2:.+`));
    expect(billing.writes.at(-1)).toBe(billing.requests.at(-1));
    expect(billing.bodies.at(-1)).toMatchObject({ version: { version: '2' } });
    // Who had the older version gets the newer one as well: it is another write.
    expect(crm.bodies.slice(-2)).toMatchObject([
      { version: { version: '1' } },
      { version: { version: '2' } },
    ]);
  });

  test('is sent under the same key by a reset, which the destination then knows for done', async () => {
    const { vendor, source, runtime } = harness;
    crm.answerNext(200);
    billing.answerNext(200);
    const event = vendor.createCustomer();
    const noted = crm.requests.length;
    await harness.post(event);
    await expect(harness.event(event.id).result()).resolves.toMatchObject({ delivered: ['crm', 'billing'] });
    const { runId } = await harness.event(event.id).describe();
    // As if the answers had been lost: nothing says that anybody has it.
    const database = runtime.config.databaseUrl ?? '';
    const ofIt = `where event_id = '${event.id}'`;
    await query(database, `delete from landfall.deliveries ${ofIt}`);
    await query(database, `update landfall.processed set complete = false ${ofIt}`);
    // A newer version is no reason for another key: the write is still that of the first time.
    await harness.post(vendor.update(event.data.id));
    const before = crm.writes.length;
    await runtime.client.workflowService.resetWorkflowExecution({
      namespace: 'default',
      workflowExecution: { workflowId: `${source.name}:${event.id}`, runId },
      reason: 'to see',
      workflowTaskFinishEventId: 4 as never,
      requestId: event.id,
    });
    await expect(harness.event(event.id).result()).resolves.toMatchObject({ delivered: ['crm', 'billing'] });
    const keys = crm.requests.slice(noted).filter((key) => key.includes(event.id));
    expect(keys).toEqual([`${source.name}:${event.id}:crm:1`, `${source.name}:${event.id}:crm:1`]);
    expect(crm.writes.slice(before).filter((key) => key.includes(event.id))).toEqual([]);
  });

  test('is sent again under the same key when an attempt fails in a way that may pass', async () => {
    const { vendor } = harness;
    const event = vendor.createCustomer();
    const before = billing.requests.length;
    billing.answerNext(503);
    await harness.post(event);
    await expect.poll(() => billing.requests.length, { timeout: 20_000 }).toBe(before + 5);
    expect(new Set(billing.requests.slice(before)).size).toBe(1);
    await expect(harness.event(event.id).result()).rejects.toThrow();
  });
});
