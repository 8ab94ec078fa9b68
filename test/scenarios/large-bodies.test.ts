import { createHash, randomBytes } from 'node:crypto';
import { sign } from '@octokit/webhooks-methods';
import type { WorkflowHandle } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { databaseDestination } from '../../src/destinations/database.ts';
import { httpDestination } from '../../src/destinations/http.ts';
import { VendorUnavailableError } from '../../src/errors.ts';
import { on } from '../../src/handlers/on.ts';
import type { JsonValue } from '../../src/model/json.ts';
import { largestBodyBytes } from '../../src/sources/body-limit.ts';
import type { Source } from '../../src/sources/define-source.ts';
import { readGenericSources } from '../../src/sources/generic.ts';
import { startReconciliation } from '../../src/temporal/reconciliations.ts';
import { createDatabase, query } from '../support/create-database.ts';
import { makeGithub } from '../support/github.ts';
import { fastRetry, type Harness, startHarness, uniqueName, withoutListing } from '../support/harness.ts';
import { runLandfall } from '../support/landfall-command.ts';
import { sha256 } from '../support/receiver.ts';
import { recordHistory } from '../support/record-history.ts';
import { startWebhookTarget, type WebhookTarget } from '../support/webhook-target.ts';

const ada = { by: 'ada@example.com', reason: 'the vendor is back' };
const secret = 'a secret of the repository';
const crmSecret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
/** Of a history, whatever passes through it: ordinary ones of small events have 4 to 20 KB. */
const smallHistoryBytes = 60_000;
/** Text that does not shrink, so that the store has to hold all of it. */
const blobOf = (bytes: number) =>
  randomBytes(Math.ceil(Math.max(bytes, 0) / 2))
    .toString('hex')
    .slice(0, bytes);

/** A customer of the vendor, as its API shows it: with a picture in it. */
interface Customer {
  object: 'customer';
  id: string;
  version: number;
  updated_at: string;
  picture: string;
}

describe('bodies and records of up to 25 MiB', { timeout: 180_000 }, () => {
  let harness: Harness;
  let github: Source;
  let letters: Source;
  let crm: WebhookTarget;
  let tables: string;
  /** What the vendor's API shows and lists, and how often it fails before. */
  const vendor = { customers: new Map<string, Customer>(), listed: [] as Customer[], failures: 0 };
  /** What a handler was given, and how often it fails before. */
  const handler = { given: [] as JsonValue[], failures: 0 };

  beforeAll(async () => {
    crm = await startWebhookTarget(() => crmSecret);
    tables = await createDatabase(inject('postgresUrl'));
    await query(
      tables,
      `create table customers (id text primary key, picture text, landfall_event_id text not null, landfall_revision bigint not null)`,
    );
    github = {
      ...makeGithub({ GITHUB_WEBHOOK_SECRET: secret }),
      name: uniqueName('github'),
      retry: fastRetry,
    };
    const [described] = readGenericSources(
      JSON.stringify([
        {
          ...{ name: uniqueName('letters'), scheme: 'shopify', secretEnv: 'SECRET' },
          ...{ id: '/id', type: '/type', entity: { type: 'letter', id: '/letter/id' } },
          ...{ record: '/letter', version: '/letter/version' },
        },
      ]),
      { SECRET: 'a-secret' },
    );
    if (described === undefined) throw new Error('There is one.');
    letters = { ...described, maxBodyBytes: largestBodyBytes, retry: fastRetry };
    harness = await startHarness({
      sources: () => [github, letters],
      change: (source) => ({
        ...source,
        // Only what the test asks for.
        reconcile: { ...source.reconcile, everyMilliseconds: 86_400_000 },
        maxBodyBytes: largestBodyBytes,
        fetchRecord: ({ id }) => {
          if (vendor.failures > 0) {
            vendor.failures -= 1;
            return Promise.reject(new VendorUnavailableError('The vendor is down.'));
          }
          const data = vendor.customers.get(id);
          if (data === undefined) return Promise.resolve(null);
          return Promise.resolve({ data: { ...data }, version: data.version, sourceTime: data.updated_at });
        },
        listChanged: () =>
          Promise.resolve({
            changes: vendor.listed.map(({ id, version, updated_at }) => ({
              ...{ entity: { type: 'customer', id }, version, sourceTime: updated_at, deleted: false },
            })),
            nextCursor: null,
          }),
        destinations: [
          httpDestination({ name: 'crm', url: crm.url, secret: crmSecret }),
          databaseDestination({
            ...{ name: 'tables', connectionString: tables, table: 'customers', entity: 'customer' },
            columns: { picture: '/picture' },
          }),
        ],
        handlers: [
          on(
            'customer.*',
            (record) => {
              if (handler.failures > 0) {
                handler.failures -= 1;
                throw new Error('not yet');
              }
              handler.given.push(record);
            },
            { name: 'albums' },
          ),
        ],
      }),
    });
  });
  afterAll(async () => {
    await harness.stop();
    await crm.close();
  });
  beforeEach(() => {
    vendor.customers.clear();
    vendor.listed = [];
    vendor.failures = 0;
    handler.failures = 0;
    handler.given.length = 0;
    crm.arrived.length = 0;
    crm.answerWith(200);
  });

  const store = () => harness.runtime.store;
  const run = (workflowId: string): WorkflowHandle => harness.runtime.client.workflow.getHandle(workflowId);

  /** The vendor has a customer whose record takes so many bytes, as JSON. */
  function newCustomer(bytes: number, parts: Partial<Customer> = {}): Customer {
    const customer: Customer = {
      ...{ object: 'customer', id: `cus_${randomBytes(6).toString('hex')}`, version: 1 },
      ...{ updated_at: '2026-01-01T00:00:00.000Z', picture: '', ...parts },
    };
    customer.picture = blobOf(bytes - Buffer.byteLength(JSON.stringify(customer)));
    vendor.customers.set(customer.id, customer);
    return customer;
  }

  /** An event about it: of so many bytes, of which the record says nothing. */
  function eventOf(customer: Customer, bytes: number): { id: string; body: Buffer } {
    const data: Partial<Customer> = { ...customer };
    delete data.picture;
    const id = `evt_${randomBytes(6).toString('hex')}`;
    const around = { id, type: 'customer.updated', created: customer.updated_at, data, noise: '' };
    const noise = blobOf(bytes - Buffer.byteLength(JSON.stringify(around)));
    return { id, body: Buffer.from(JSON.stringify({ ...around, noise })) };
  }

  async function expectLanded(customer: Customer, eventId: string): Promise<void> {
    const entity = { type: 'customer', id: customer.id };
    const record = await store().findRecord(harness.source.name, entity);
    expect(record).toMatchObject({ version: String(customer.version), lastEventId: eventId });
    expect(sha256(JSON.stringify(record?.data))).toBe(sha256(JSON.stringify(customer)));
  }

  /** To the byte, and under one key. */
  async function expectHandedOn(customer: Customer): Promise<void> {
    const sent = crm.arrived.filter(({ signed, body }) => signed && body.includes(customer.picture));
    expect(sent).toHaveLength(crm.arrived.length);
    expect(new Set(sent.map(({ headers }) => headers['idempotency-key'])).size).toBe(1);
    expect(handler.given.map((record) => sha256(JSON.stringify(record)))).toEqual([
      sha256(JSON.stringify(customer)),
    ]);
    const md5 = createHash('md5').update(customer.picture).digest('hex');
    expect(await query(tables, 'select md5(picture) from customers')).toContainEqual({ md5 });
  }

  /** The activities of a run. Nothing large stands in its history, and none gets a reference that takes it for a record. */
  async function activitiesOf(handle: WorkflowHandle): Promise<string[]> {
    const history = await handle.fetchHistory();
    expect(Buffer.byteLength(historyToJSON(history))).toBeLessThan(smallHistoryBytes);
    const names = (history.events ?? []).flatMap((event) => {
      const activity = event.activityTaskScheduledEventAttributes?.activityType?.name;
      return activity == null ? [] : [activity];
    });
    expect(names).not.toContain('applyRecord');
    expect(names).not.toContain('deliver');
    return names;
  }

  test('a delivery of 25 MiB that GitHub’s own library signs lands its record, and comes again as a duplicate', async () => {
    const { store: ofRun } = harness.runtime;
    const issue = { number: 5, title: 'large', updated_at: '2026-01-01T00:00:00Z' };
    const around = { action: 'edited', repository: { full_name: 'octo/hello' }, issue, noise: '' };
    const noise = blobOf(largestBodyBytes - Buffer.byteLength(JSON.stringify(around)));
    const body = Buffer.from(JSON.stringify({ ...around, noise }));
    expect(body.length).toBe(largestBodyBytes);
    const deliver = async (bytes: Buffer, id: string) =>
      harness.post(bytes, {
        source: github,
        headers: {
          'x-github-event': 'issues',
          'x-github-delivery': id,
          'x-hub-signature-256': await sign(secret, bytes.toString()),
        },
      });

    expect(await deliver(body, 'large-1')).toMatchObject({ status: 200, body: { duplicate: false } });
    await expect(harness.event('large-1', github).result()).resolves.toMatchObject({ outcome: 'applied' });
    const record = await ofRun.findRecord(github.name, { type: 'issue', id: 'octo/hello#5' });
    expect(record?.data).toEqual(issue);
    expect((await ofRun.readBody(sha256(body)))?.equals(body)).toBe(true);
    await activitiesOf(harness.event('large-1', github));

    expect(await deliver(body, 'large-1')).toMatchObject({ status: 200, body: { duplicate: true } });
    const tooLarge = await deliver(Buffer.concat([body, Buffer.from(' ')]), 'large-2');
    expect(tooLarge).toMatchObject({ status: 413, body: { code: 'LANDFALL_BODY_TOO_LARGE' } });
  });

  test('a record of 24 MiB that the vendor’s API shows is applied, and handed on whole, once the first attempt has failed at it', async () => {
    const customer = newCustomer(24 * 1_048_576);
    const { id, body } = eventOf(customer, 500);
    crm.answerWith(503);
    handler.failures = 1;
    expect((await harness.post(body)).status).toBe(200);
    await expect.poll(() => crm.arrived.length, { timeout: 60_000 }).toBeGreaterThan(0);
    crm.answerWith(200);

    await expect(harness.event(id).result()).resolves.toMatchObject({
      outcome: 'applied',
      delivered: ['crm', 'tables', 'handler:albums'],
    });
    await expectLanded(customer, id);
    await expectHandedOn(customer);
    expect(await activitiesOf(harness.event(id))).toContain('deliverStored');
  });

  test('so is one that ordinary activities fetch, with a body of 25 MiB around the news of it', async () => {
    const customer = newCustomer(20 * 1_048_576);
    const { id, body } = eventOf(customer, largestBodyBytes);
    vendor.failures = 2;
    expect((await harness.post(body)).status).toBe(200);
    await expect(harness.event(id).result()).resolves.toMatchObject({ outcome: 'applied' });
    await expectLanded(customer, id);
    await expectHandedOn(customer);
    expect(await activitiesOf(harness.event(id))).toEqual(
      expect.arrayContaining(['fetchRecord', 'applyStored', 'deliverStored']),
    );
    await recordHistory(harness.runtime.client, 'process-event-stored-record', harness.event(id));
  });

  test('one that is all that the payload says is kept by the way, without an API to ask', async () => {
    const letter = { id: 'let_1', version: 3, text: blobOf(20 * 1_048_576) };
    const body = { id: 'evt_1', type: 'letter.written', letter };
    expect((await harness.post(body, { source: letters })).status).toBe(200);
    await expect(harness.event('evt_1', letters).result()).resolves.toMatchObject({ outcome: 'applied' });
    const record = await store().findRecord(letters.name, { type: 'letter', id: 'let_1' });
    expect(sha256(JSON.stringify(record?.data))).toBe(sha256(JSON.stringify(letter)));
    await activitiesOf(harness.event('evt_1', letters));
  });

  test('an event that fails is a dead letter whose body the command line shows, and that a replay lands', async () => {
    const customer = newCustomer(1_000);
    const { id, body } = eventOf(customer, largestBodyBytes);
    vendor.failures = 5;
    expect((await harness.post(body)).status).toBe(200);
    await expect(harness.event(id).result()).rejects.toThrow();
    const workflowId = `dead-letter:${harness.source.name}:${id}`;
    expect(await activitiesOf(harness.event(id))).toContain('openDeadLetter');
    await activitiesOf(run(workflowId));

    const env = {
      TEMPORAL_ADDRESS: inject('temporalAddress'),
      DATABASE_URL: harness.runtime.config.databaseUrl ?? '',
    };
    const json = await runLandfall(['dead-letters', 'show', `${harness.source.name}:${id}`, '--json'], env);
    expect(json).toMatchObject({ exitCode: 0, stderr: '' });
    const shown = JSON.parse(json.stdout) as { subject: { event: { payload: JsonValue } } };
    expect(sha256(JSON.stringify(shown.subject.event.payload))).toBe(sha256(body));
    // What it fails with is seen without the store as well.
    const withoutStore = await runLandfall(['dead-letters', 'show', `${harness.source.name}:${id}`], {
      TEMPORAL_ADDRESS: inject('temporalAddress'),
    });
    expect(withoutStore.exitCode).toBe(0);
    expect(withoutStore.stdout).toContain('fetchRecord failed with LANDFALL_VENDOR_UNAVAILABLE');
    expect(withoutStore.stdout).toContain(
      `${largestBodyBytes} bytes of application/json, kept in the store as ${sha256(body)}`,
    );
    expect(withoutStore.stderr).toContain('DATABASE_URL');

    const replayed = await harness.deadLetters.replay(
      { source: harness.source.name, eventId: id },
      ada,
      60_000,
    );
    expect(replayed.answered).toBe(true);
    await expect(run(workflowId).result()).resolves.toMatchObject({ resolution: 'replayed' });
    await expectLanded(customer, id);
    await recordHistory(harness.runtime.client, 'dead-letter-stored-body', run(workflowId));
  });

  test('a delivery that cannot be read is shown to the byte, and a replay reads it once the adapter is mended', async () => {
    const bytes = Buffer.concat([Buffer.from('{"half":"'), Buffer.from(blobOf(10 * 1_048_576))]);
    const { body } = await harness.post(bytes);
    const eventId = body.eventId ?? '';
    const shown = await runLandfall(['dead-letters', 'show', `${harness.source.name}:${eventId}`, '--json'], {
      TEMPORAL_ADDRESS: inject('temporalAddress'),
      DATABASE_URL: harness.runtime.config.databaseUrl ?? '',
    });
    const { subject } = JSON.parse(shown.stdout) as { subject: { delivery: { body: string } } };
    expect(sha256(subject.delivery.body)).toBe(sha256(bytes));

    const { entries } = await harness.deadLetters.replay(
      { source: harness.source.name, eventId },
      ada,
      60_000,
    );
    // Read from the store, and still no JSON.
    expect(entries.map(({ text }) => text).join('\n')).toContain('not JSON');
    await harness.deadLetters.discard({ source: harness.source.name, eventId }, ada, 60_000);
  });

  test('a reconciliation brings a record of 20 MiB that no webhook told of', async () => {
    const customer = newCustomer(20 * 1_048_576, { version: 7 });
    vendor.listed = [customer];
    const reconciling = await startReconciliation(
      harness.runtime.client,
      { source: harness.source.name, since: '2025-12-01T00:00:00.000Z' },
      harness.runtime.taskQueueOf(harness.source.name),
    );
    await expect(reconciling.result()).resolves.toMatchObject({ missing: 1, repaired: 1, failed: 0 });
    const entity = { type: 'customer', id: customer.id };
    const record = await store().findRecord(harness.source.name, entity);
    expect(sha256(JSON.stringify(record?.data))).toBe(sha256(JSON.stringify(customer)));
    await expectHandedOn(customer);
    await activitiesOf(run(reconciling.workflowId));
  });
});

describe('with LANDFALL_INLINE_BODY_BYTES=0', { timeout: 120_000 }, () => {
  const marker = 'ada.lovelace@example.com';
  let harness: Harness;
  const vendor = { failures: 0 };
  const given: JsonValue[] = [];
  beforeAll(async () => {
    harness = await startHarness({
      settings: { LANDFALL_INLINE_BODY_BYTES: '0' },
      change: (source) => ({
        ...withoutListing(source),
        destinations: [],
        fetchRecord: ({ id }) => {
          if (vendor.failures > 0) {
            vendor.failures -= 1;
            return Promise.reject(new VendorUnavailableError('The vendor is down.'));
          }
          return Promise.resolve({ data: { id, email: marker }, version: 1, sourceTime: null });
        },
        handlers: [on('customer.*', (record) => void given.push(record), { name: 'albums' })],
      }),
    });
  });
  afterAll(() => harness.stop());

  test('no body and no record stands in a history, however its event goes', async () => {
    const { vendor: demo, source, runtime, deadLetters } = harness;
    const send = async (failures: number) => {
      vendor.failures = failures;
      const event = demo.createCustomer();
      expect((await harness.post({ ...event, email: marker })).status).toBe(200);
      return { id: event.id, record: { id: event.data.id, email: marker } };
    };
    const handle = (workflowId: string, runId?: string) =>
      runtime.client.workflow.getHandle(workflowId, runId);

    const atOnce = await send(0);
    await expect(harness.event(atOnce.id).result()).resolves.toMatchObject({ outcome: 'applied' });
    const later = await send(2);
    await expect(harness.event(later.id).result()).resolves.toMatchObject({ outcome: 'applied' });
    const failed = await send(5);
    await expect(harness.event(failed.id).result()).rejects.toThrow();
    const first = await harness.event(failed.id).describe();
    await deadLetters.replay({ source: source.name, eventId: failed.id }, ada, 30_000);
    const letter = handle(`dead-letter:${source.name}:${failed.id}`);
    await expect(letter.result()).resolves.toMatchObject({ resolution: 'replayed' });

    expect(given).toEqual([atOnce, later, failed].map(({ record }) => record));
    const runs = [
      ...[atOnce, later, failed].map(({ id }) => harness.event(id)),
      ...[handle(first.workflowId, first.runId), letter],
    ];
    for (const run of runs) {
      expect(decodePayloads(historyToJSON(await run.fetchHistory()))).not.toContain(marker);
    }
  });

  /** A history with each payload as what it says. */
  function decodePayloads(history: string): string {
    return history.replaceAll(/"data": ?"([A-Za-z0-9+/=]*)"/g, (_, data: string) =>
      Buffer.from(data, 'base64').toString('utf8'),
    );
  }
});
