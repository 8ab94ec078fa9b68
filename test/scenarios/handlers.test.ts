import { afterAll, beforeAll, beforeEach, describe, expect, inject, test, vi } from 'vitest';
import { databaseDestination } from '../../src/destinations/database.ts';
import type { DestinationWrite } from '../../src/destinations/define-destination.ts';
import {
  DestinationDeniedError,
  DestinationUnavailableError,
  HandlerRefusedError,
} from '../../src/errors.ts';
import type { HandlerContext } from '../../src/handlers/define-handler.ts';
import { on } from '../../src/handlers/on.ts';
import type { JsonObject } from '../../src/model/json.ts';
import { startReconciliation } from '../../src/temporal/reconciliations.ts';
import { createDatabase, query } from '../support/create-database.ts';
import { fastRetry, type Harness, startHarness, withoutListing } from '../support/harness.ts';
import { recordHistory } from '../support/record-history.ts';

const ada = { by: 'ada@example.com', reason: 'it was mended' };

/** What each throws at its next calls, oldest first. */
const failures: Record<'crm' | 'billing' | 'welcome' | 'plan', Error[]> = {
  crm: [],
  billing: [],
  welcome: [],
  plan: [],
};
/** The writes and calls that ended well, and all that were tried. */
const done: Record<string, string[]> = {};
const tried: Record<string, string[]> = {};
const told: { record: JsonObject | null; context: HandlerContext }[] = [];

function take(name: keyof typeof failures, key: string): void {
  (tried[name] ??= []).push(key);
  const failure = failures[name].shift();
  if (failure !== undefined) throw failure;
  (done[name] ??= []).push(key);
}

const remote = (name: 'crm' | 'billing') => ({
  name,
  deliver: async ({ idempotencyKey }: DestinationWrite) => take(name, idempotencyKey),
});

describe('an event that is handed on to two destinations, two handlers and a table', () => {
  let harness: Harness;
  let tables: string;
  beforeAll(async () => {
    tables = await createDatabase(inject('postgresUrl'));
    await query(
      tables,
      `create table customers (id text primary key, name text, landfall_event_id text not null, landfall_revision bigint not null)`,
    );
    harness = await startHarness({
      change: (source) => ({
        ...withoutListing(source),
        destinations: [
          remote('crm'),
          remote('billing'),
          databaseDestination({
            ...{ name: 'tables', connectionString: tables, table: 'customers', entity: 'customer' },
            columns: { name: '/name' },
          }),
        ],
        handlers: [
          on('customer.created', (_customer, { idempotencyKey }) => take('welcome', idempotencyKey), {
            name: 'welcome',
            retry: { maximumAttempts: 2 },
          }),
          on(
            'customer.*',
            (record, context) => {
              told.push({ record, context });
              take('plan', context.idempotencyKey);
            },
            { name: 'plan' },
          ),
        ],
      }),
    });
  });
  afterAll(() => harness.stop());
  beforeEach(() => {
    for (const name of ['crm', 'billing', 'welcome', 'plan'] as const) {
      failures[name] = [];
      done[name] = [];
      tried[name] = [];
    }
    told.length = 0;
  });

  const all = ['crm', 'billing', 'tables', 'handler:welcome', 'handler:plan'];
  const ref = (eventId: string) => ({ source: harness.source.name, eventId });
  const show = async (eventId: string) => (await harness.deadLetters.show(ref(eventId))).state;
  const row = (id: string) => query(tables, `select * from customers where id = '${id}'`);
  const counts = (of: Record<string, string[]>) =>
    Object.fromEntries(Object.entries(of).map(([name, keys]) => [name, keys.length]));
  async function namesOf(eventId: string): Promise<string[]> {
    const { events } = await harness.event(eventId).fetchHistory();
    return (events ?? []).flatMap((event) => {
      const activity = event.activityTaskScheduledEventAttributes?.activityType?.name;
      return activity == null ? [] : [activity];
    });
  }

  test('reaches them all within its first workflow task', async () => {
    const event = harness.vendor.createCustomer();
    await harness.post(event);
    await expect(harness.event(event.id).result()).resolves.toMatchObject({ delivered: all });
    expect(await namesOf(event.id)).toEqual([]);
    expect(await row(event.data.id)).toMatchObject([
      { landfall_event_id: event.id, name: Reflect.get(event.data, 'name') },
    ]);
    expect(told).toMatchObject([{ record: event.data, context: { previous: null, attempt: 1 } }]);
  });

  test('is written once by each, though the second and a handler fail some times', async () => {
    failures.billing = [new DestinationUnavailableError('503'), new DestinationUnavailableError('503')];
    failures.plan = [new Error('not now'), new Error('not now'), new Error('not now')];
    const event = harness.vendor.createCustomer();
    await harness.post(event);
    await expect(harness.event(event.id).result()).resolves.toMatchObject({ delivered: all });
    expect(counts(done)).toEqual({ crm: 1, billing: 1, welcome: 1, plan: 1 });
    expect(counts(tried)).toEqual({ crm: 1, billing: 3, welcome: 1, plan: 4 });
    for (const keys of Object.values(tried)) expect(new Set(keys).size).toBe(1);
    expect(told.map(({ context }) => context.attempt)).toEqual([1, 2, 3, 4]);
    // After the first attempt, each goes on as an activity of its own.
    expect((await namesOf(event.id)).sort()).toEqual(['deliver', 'deliver']);
    await recordHistory(harness.runtime.client, 'process-event-handed-on-at-once', harness.event(event.id));
  });

  test('is a dead letter for the two that fail for good, each after its own attempts; a replay asks them alone', async () => {
    failures.welcome = Array.from({ length: 2 }, () => new Error('no mail today'));
    failures.billing = Array.from(
      { length: fastRetry.maximumAttempts },
      () => new DestinationUnavailableError('503'),
    );
    const event = harness.vendor.createCustomer();
    await harness.post(event);
    await expect(harness.event(event.id).result()).rejects.toThrow();
    expect(counts(tried)).toEqual({ crm: 1, billing: 5, welcome: 2, plan: 1 });
    expect(counts(done)).toEqual({ crm: 1, billing: 0, welcome: 0, plan: 1 });
    const { errors } = await show(event.id);
    expect(errors).toMatchObject([
      {
        step: 'deliver billing',
        type: 'LANDFALL_DESTINATION_UNAVAILABLE',
        attempts: 5,
        beside: [
          'deliver handler:welcome: LANDFALL_HANDLER_FAILED: The handler "welcome" failed: Error: no mail today',
        ],
      },
    ]);
    await harness.deadLetters.replay(ref(event.id), ada, 30_000);
    await expect(harness.event(event.id).result()).resolves.toMatchObject({
      delivered: ['billing', 'handler:welcome'],
    });
    expect(counts(done)).toEqual({ crm: 1, billing: 1, welcome: 1, plan: 1 });
    // Under a key that no earlier try has used up.
    expect(new Set(tried['billing']).size).toBe(2);
    await recordHistory(harness.runtime.client, 'process-event-two-failed', {
      workflowId: `${harness.source.name}:${event.id}`,
      runId: errors[0]?.runId ?? '',
    });
  });

  test('goes to the dead letters at once for who refuses it, and the others go on with their retries', async () => {
    failures.welcome = [new HandlerRefusedError('there is no such customer with us')];
    failures.billing = [new DestinationUnavailableError('503')];
    const event = harness.vendor.createCustomer();
    await harness.post(event);
    await expect(harness.event(event.id).result()).rejects.toThrow();
    expect(counts(tried)).toEqual({ crm: 1, billing: 2, welcome: 1, plan: 1 });
    expect((await show(event.id)).errors).toMatchObject([
      { step: 'deliver handler:welcome', type: 'LANDFALL_HANDLER_REFUSED', attempts: 1, retryable: false },
    ]);
  });

  test('tells a handler the same `previous` on each attempt, after a replay and after a reset', async () => {
    const { vendor, runtime, source } = harness;
    const created = vendor.createCustomer();
    await harness.post(created);
    await harness.event(created.id).result();
    told.length = 0;
    failures.plan = [new HandlerRefusedError('not this plan')];
    const updated = vendor.update(created.data.id);
    await harness.post(updated);
    await expect(harness.event(updated.id).result()).rejects.toThrow();
    const { runId } = await harness.event(updated.id).describe();
    // The record goes on meanwhile, by another event.
    const later = vendor.update(created.data.id);
    await harness.post(later);
    await harness.event(later.id).result();
    failures.plan = [new HandlerRefusedError('not yet')];
    await harness.deadLetters.replay(ref(updated.id), ada, 30_000);
    await expect(harness.event(updated.id).result()).rejects.toThrow();

    await runtime.client.workflowService.resetWorkflowExecution({
      namespace: 'default',
      workflowExecution: { workflowId: `${source.name}:${updated.id}`, runId },
      reason: 'mended',
      workflowTaskFinishEventId: 4 as never,
      requestId: updated.id,
    });
    await expect(harness.event(updated.id).result()).resolves.toMatchObject({ delivered: ['handler:plan'] });
    expect(await runtime.store.findEvent(source.name, updated.id)).toMatchObject({ complete: true });
    const ofIt = told.filter(({ context }) => context.event.id === updated.id);
    expect(ofIt).toHaveLength(3);
    for (const { context } of ofIt) expect(context.previous?.data).toEqual(created.data);
    expect(ofIt.at(-1)?.record).toEqual(later.data);
  });

  test('is refused by a table that is not as it should be, and is there after a replay', async () => {
    await query(tables, 'alter table customers rename column name to full_name');
    const event = harness.vendor.createCustomer();
    await harness.post(event);
    await expect(harness.event(event.id).result()).rejects.toThrow();
    expect((await show(event.id)).errors).toMatchObject([
      { step: 'deliver tables', type: new DestinationDeniedError('').code, attempts: 1 },
    ]);
    await query(tables, 'alter table customers rename column full_name to name');
    await harness.deadLetters.replay(ref(event.id), ada, 30_000);
    expect(await row(event.data.id)).toMatchObject([{ landfall_event_id: event.id }]);
    expect(counts(done)).toEqual({ crm: 1, billing: 1, welcome: 1, plan: 1 });
  });
});

describe('a handler that may take long', () => {
  let harness: Harness;
  const heard: { attempt: number; key: string }[] = [];
  beforeAll(async () => {
    harness = await startHarness({
      change: (source) => ({
        ...withoutListing(source),
        destinations: [],
        handlers: [
          on(
            '*',
            (_record, { attempt, idempotencyKey }) => {
              heard.push({ attempt, key: idempotencyKey });
              if (heard.length === 1) throw new Error('not now');
            },
            { name: 'slow', timeoutMilliseconds: 60_000 },
          ),
        ],
      }),
    });
  });
  afterAll(() => harness.stop());

  test('is an activity of its own from the first attempt on', async () => {
    const event = harness.vendor.createCustomer();
    await harness.post(event);
    await expect(harness.event(event.id).result()).resolves.toMatchObject({ delivered: ['handler:slow'] });
    expect(heard.map(({ attempt }) => attempt)).toEqual([1, 2]);
    expect(new Set(heard.map(({ key }) => key)).size).toBe(1);
    const { events } = await harness.event(event.id).fetchHistory();
    const scheduled = (events ?? []).flatMap((each) => each.activityTaskScheduledEventAttributes ?? []);
    expect(scheduled.map(({ activityType }) => activityType?.name)).toEqual(['deliver']);
    expect(Number(scheduled[0]?.heartbeatTimeout?.seconds)).toBe(30);
    expect(Number(scheduled[0]?.startToCloseTimeout?.seconds)).toBeGreaterThan(60);
    await recordHistory(harness.runtime.client, 'process-event-slow-handler', harness.event(event.id));
  });
});

describe('a change that only reconciliation finds', () => {
  let harness: Harness;
  const heard: string[] = [];
  beforeAll(async () => {
    const hear = (_record: unknown, { event, previous }: HandlerContext) =>
      void heard.push(`${event.type} ${previous === null ? 'new' : 'known'}`);
    harness = await startHarness({
      vendor: { customers: 3 },
      change: (source) => ({
        ...source,
        destinations: [],
        handlers: [on('customer.updated', hear), on('customer.deleted', hear), on('customer.paid', hear)],
        reconcile: { ...source.reconcile, everyMilliseconds: 86_400_000, graceMilliseconds: 0 },
      }),
    });
    // The schedule's first run lists everything.
    await vi.waitFor(
      async () =>
        expect(await harness.runtime.store.listReports(harness.source.name, 1)).toMatchObject([
          { missing: 3, repaired: 3, complete: true },
        ]),
      { timeout: 60_000, interval: 100 },
    );
  });
  afterAll(() => harness.stop());

  test('runs the handlers that have missed it; a first run does not', async () => {
    const { vendor, runtime, source } = harness;
    const reconcile = async () =>
      (
        await startReconciliation(
          runtime.client,
          { source: source.name, since: null },
          runtime.config.taskQueue,
        )
      ).result();
    expect(heard).toEqual([]);
    const [known] = vendor.snapshot().records;
    vendor.update(known?.id ?? '');
    expect(await reconcile()).toMatchObject({ complete: true, stale: 1, repaired: 1 });
    expect(heard).toEqual(['customer.reconciled known']);
    vendor.createCustomer();
    expect(await reconcile()).toMatchObject({ complete: true, missing: 1, repaired: 1 });
    expect(heard).toEqual(['customer.reconciled known', 'customer.reconciled new']);
  });
});
