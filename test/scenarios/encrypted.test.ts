import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { openRuntime, type Runtime } from '../../src/cli/runtime.ts';
import { startWorker } from '../../src/cli/start-worker.ts';
import { httpDestination } from '../../src/destinations/http.ts';
import { wrapKey } from '../../src/privacy/entity-keys.ts';
import type { LandfallEvent } from '../../src/model/event.ts';
import { createKeyRing } from '../../src/privacy/key-ring.ts';
import { createDeadLetters } from '../../src/temporal/dead-letters.ts';
import { type Harness, startHarness, withoutListing } from '../support/harness.ts';
import { startHttpVendor, type HttpVendor } from '../support/http-vendor.ts';
import { payloadKey, recordedEntityKey, recordedKey } from '../support/payload-keys.ts';
import { findIn, readRawRuns } from '../support/raw-runs.ts';
import { recordHistory } from '../support/record-history.ts';

const [first, second] = [recordedKey, payloadKey('second')];
const ring = (...keys: string[]) => createKeyRing(keys.join(','), () => undefined);
const ada = { by: 'ada@example.com', reason: 'the CRM was mended' };

/** Another process of the same deployment, with other keys. */
async function another(
  harness: Harness,
  ...keys: string[]
): Promise<{ runtime: Runtime; stop(): Promise<void> }> {
  const { config, target, sources } = harness.runtime;
  const runtime = await openRuntime(
    { ...config, payloadKeys: ring(...keys) },
    { target, sources: [...sources.values()], dataDirectory: null },
  );
  const worker = await startWorker(runtime);
  return {
    runtime,
    async stop() {
      await worker.stop();
      await runtime.close();
    },
  };
}

/** A destination that refuses a record and says why, with the record in it. */
function startRefusing(): Promise<HttpVendor> {
  return startHttpVendor(({ body }) => ({ status: 422, text: `refused: ${body}` }));
}

const withCrm = (crm: HttpVendor) => ({
  change: (source: Parameters<typeof withoutListing>[0]) => ({
    ...withoutListing(source),
    destinations: [httpDestination({ name: 'crm', url: crm.url })],
  }),
});

describe('what is written to Temporal with a key', () => {
  let harness: Harness;
  let crm: HttpVendor;
  let answer: 'refuse' | 'take' = 'refuse';
  beforeAll(async () => {
    crm = await startHttpVendor(({ body }) =>
      answer === 'take' ? { status: 200 } : { status: 422, text: `refused: ${body}` },
    );
    harness = await startHarness({ ...withCrm(crm), settings: { LANDFALL_PAYLOAD_KEYS: first } });
  });
  afterAll(async () => {
    await harness.stop();
    await crm[Symbol.asyncDispose]();
  });
  afterEach(() => {
    answer = 'refuse';
  });

  /** An event with a marker in its body, one in a header and its record's e-mail address, whose destination refuses it. */
  async function refused(key: { id: string; key: Buffer } | null = null) {
    const event = harness.vendor.createCustomer();
    if (key !== null) {
      const subject = { source: harness.source.name, entity: { type: 'customer', id: event.data.id } };
      await harness.runtime.store.obtainEntityKey(wrapKey(ring(first), { ...key, subject }));
    }
    const markers = [`body-${randomUUID()}`, `header-${randomUUID()}`];
    const [inBody = '', inHeader = ''] = markers;
    await harness.post({ ...event, note: inBody }, { headers: { 'x-note': inHeader } });
    await expect(harness.event(event.id).result()).rejects.toThrow();
    return {
      id: event.id,
      entity: { type: 'customer', id: event.data.id },
      markers: [...markers, emailOf(event.data)],
    };
  }

  test('shows nothing of a body, a header or a record: in histories, failures, memos and summaries', async () => {
    const { source, runtime } = harness;
    // Under a key that test/workflows/replay.test.ts has.
    const { id, markers } = await refused(recordedEntityKey);
    await expect
      .poll(() => readRawRuns(runtime.client, source.name).then((runs) => runs.length), {
        timeout: 30_000,
      })
      .toBeGreaterThan(1);
    const runs = await readRawRuns(runtime.client, source.name);
    expect(runs.map(({ workflowId }) => workflowId)).toEqual(
      expect.arrayContaining([`${source.name}:${id}`, `dead-letter:${source.name}:${id}`]),
    );
    expect(findIn(runs, [...markers, 'refused'])).toEqual([]);
    // They were there to be found: what has the key shows them.
    const { state, subject } = await harness.deadLetters.show({ source: source.name, eventId: id });
    const shown = JSON.stringify({ state, subject });
    for (const marker of markers.slice(0, 2)) expect(shown).toContain(marker);
    expect(state.errors[0]).toMatchObject({ type: 'LANDFALL_DESTINATION_REFUSED' });
    await recordHistory(runtime.client, 'process-event-encrypted', { workflowId: `${source.name}:${id}` });
  });

  test('is read after a rotation by whoever has both keys, and goes on', async () => {
    const { source, runtime, vendor } = harness;
    const { id } = await refused();
    await harness.stopWorker();
    answer = 'take';
    const rotated = await another(harness, second, first);
    try {
      const deadLetters = createDeadLetters(rotated.runtime.client);
      const ref = { source: source.name, eventId: id };
      expect((await deadLetters.show(ref)).state.status).toBe('open');
      const { answered, entries } = await deadLetters.replay(ref, ada, 60_000);
      expect([answered, entries.map(({ what }) => what)]).toEqual([
        true,
        expect.arrayContaining(['resolved']),
      ]);
      // What belongs to a record that is new, nobody reads without the new key.
      const fresh = vendor.createCustomer();
      await rotated.runtime.starter.start(eventOf(source.name, fresh));
      const { client } = rotated.runtime;
      expect(await client.workflow.getHandle(`${source.name}:${fresh.id}`).result()).toMatchObject({
        outcome: 'applied',
      });
      const { store, entityKeys } = rotated.runtime;
      const entity = { type: 'customer', id: fresh.data.id };
      const key = await entityKeys?.of({ source: source.name, entity });
      expect(await store.findEntityKey(key?.id ?? '')).toMatchObject({ wrappedBy: 'second' });
      const result = runtime.client.workflow.getHandle(`${source.name}:${fresh.id}`).result();
      await expect(result).rejects.toMatchObject({ code: 'LANDFALL_PAYLOAD_KEY_UNKNOWN' });
    } finally {
      await rotated.stop();
    }
  });
});

describe('a worker without the key', () => {
  test('fails no event: its task is tried again, says what is missing, and goes on where the key is', async () => {
    await using crm = await startHttpVendor(() => ({ status: 200 }));
    // Its own worker has no key at all; whoever accepts has one.
    const harness = await startHarness(withCrm(crm));
    const receiver = await openRuntime(
      { ...harness.runtime.config, payloadKeys: ring(first) },
      { target: harness.runtime.target, sources: [harness.source], dataDirectory: null },
    );
    try {
      const change = harness.vendor.createCustomer();
      await receiver.starter.start(eventOf(harness.source.name, change));
      const { workflowService, options } = receiver.client;
      const failed = async () => {
        const { history } = await workflowService.getWorkflowExecutionHistory({
          namespace: options.namespace,
          execution: { workflowId: `${harness.source.name}:${change.id}` },
        });
        return JSON.stringify(
          history?.events?.map((each) => each.workflowTaskFailedEventAttributes?.failure),
        );
      };
      await expect.poll(failed, { timeout: 30_000 }).toContain('LANDFALL_PAYLOAD_KEYS');
      await harness.stopWorker();
      const able = await another(harness, first);
      try {
        await expect(
          receiver.client.workflow.getHandle(`${harness.source.name}:${change.id}`).result(),
        ).resolves.toMatchObject({ outcome: 'applied' });
      } finally {
        await able.stop();
      }
    } finally {
      await receiver.close();
      await harness.stop();
    }
  });
});

describe('histories of before there was a key', () => {
  test('go on beside encrypted ones', async () => {
    await using crm = await startRefusing();
    const harness = await startHarness(withCrm(crm));
    try {
      const event = harness.vendor.createCustomer();
      await harness.post(event);
      await expect(harness.event(event.id).result()).rejects.toThrow();
      const runs = await readRawRuns(harness.runtime.client, harness.source.name);
      expect(findIn(runs, ['refused']).length).toBeGreaterThan(0);

      await harness.stopWorker();
      const keyed = await another(harness, first);
      try {
        const deadLetters = createDeadLetters(keyed.runtime.client);
        const ref = { source: harness.source.name, eventId: event.id };
        const { state } = await deadLetters.replay(ref, ada, 30_000);
        expect(state.errors).toHaveLength(2);
      } finally {
        await keyed.stop();
      }
    } finally {
      await harness.stop();
    }
  });
});

function eventOf(
  source: string,
  { id, type, data }: { id: string; type: string; data: { id: string } },
): LandfallEvent {
  return {
    ...{ source, id, type, entity: { type: 'customer', id: data.id }, announced: null, occurredAt: null },
    ...{ deletes: false, snapshot: null, payload: null, headers: {}, bodySha256: '' },
    ...{ receivedAt: new Date().toISOString(), foundBy: 'webhook' },
  };
}

function emailOf(record: unknown): string {
  const { email } = record as { email?: unknown };
  if (typeof email !== 'string') throw new TypeError('a customer has an e-mail address');
  return email;
}
