import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { httpDestination } from '../../src/destinations/http.ts';
import { recordHistory } from '../support/record-history.ts';
import { type Harness, startHarness, withoutListing } from '../support/harness.ts';

/** A system that keeps its answer to each idempotency key, as Stripe's API does: also the answer that it failed. */
interface Remembering {
  url: string;
  requests: string[];
  /** The keys under which a write was made. */
  writes: string[];
  answerNext: (status: number) => void;
  close(): Promise<void>;
}

async function startRemembering(): Promise<Remembering> {
  const answers = new Map<string, number>();
  const requests: string[] = [];
  const writes: string[] = [];
  let next = 200;
  const server: Server = createServer((request, response) => {
    const key = String(request.headers['idempotency-key']);
    requests.push(key);
    const known = answers.get(key);
    const status = known ?? next;
    answers.set(key, status);
    if (known === undefined && status === 200) writes.push(key);
    request.resume().on('end', () => response.writeHead(status).end(`status ${status}`));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    requests,
    writes,
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
