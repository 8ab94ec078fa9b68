import { fileURLToPath } from 'node:url';
import type { Client, WorkflowHandle } from '@temporalio/client';
import { bundleWorkflowCode } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { LandfallEvent } from '../../src/model/event.ts';
import { eventWorkflowId } from '../../src/model/ids.ts';
import { eventStartOptions, type ProcessEventInput, workflowVersion } from '../../src/model/process-event.ts';
import type { ReconcileProgress } from '../../src/model/reconciliation.ts';
import type { Source } from '../../src/sources/define-source.ts';
import { createHolds } from '../../src/temporal/holds.ts';
import { startReconciliation } from '../../src/temporal/reconciliations.ts';
import type { processEvent } from '../../workflows/index.ts';
import { buildInboxItem } from '../support/build-apply.ts';
import { query } from '../support/create-database.ts';
import { type Harness, startHarness, withoutListing } from '../support/harness.ts';
import { type CustomerEvent, type OutageVendor, startOutageVendor } from '../support/outage-vendor.ts';

/** Of a busy machine; after a worker has gone its runs are handed out again within ten seconds. */
const patience = { timeout: 90_000, interval: 200 };
const longAgo = '2000-01-01T00:00:00.000Z';
/** Longer than the test takes, and so nobody's attempts are used up. */
const slowRetry = {
  maximumAttempts: 1_000,
  initialIntervalMilliseconds: 300,
  backoffCoefficient: 1,
  maximumIntervalMilliseconds: 300,
};
const ada = { by: 'ada@example.com', reason: 'the new version is out' };

/** A source for each thing that can be under way. */
type Kind = 'patient' | 'poison' | 'ordered' | 'held';

/** docs/deploys.md: what is under way when the code of a workflow changes. */
describe('Runs that are under way when the workflows change', { timeout: 300_000 }, () => {
  let vendor: OutageVendor;
  let harness: Harness;
  let sources: Record<Kind, Source>;
  let letPass = (): void => undefined;
  let pages = 0;

  beforeAll(async () => {
    vendor = await startOutageVendor();
    const gate = new Promise<void>((resolve) => (letPass = resolve));
    const plain = (parts: Partial<Source>): Source => ({ ...vendor.source(), hold: null, ...parts });
    sources = {
      patient: plain({ retry: slowRetry }),
      poison: plain({}),
      ordered: plain({
        ordering: { kind: 'per-entity', consecutiveVersions: true, gapMilliseconds: 600_000 },
      }),
      held: vendor.source(),
    };
    harness = await startHarness({
      sources: () => Object.values(sources),
      vendor: { customers: 120, orders: 0 },
      change: ({ listChanged, ...source }) => ({
        ...source,
        async listChanged(range, context) {
          if (range.since === longAgo) {
            pages += 1;
            await gate;
          }
          return (await listChanged?.(range, context)) ?? { changes: [], nextCursor: null };
        },
      }),
    });
  });
  afterAll(async () => {
    letPass();
    await harness.stop();
    await vendor[Symbol.asyncDispose]();
  });

  /** Begins an event as the receiver does. */
  async function begin(
    kind: Kind,
    { id, type, data }: CustomerEvent,
    version: ProcessEventInput['workflowVersion'] = workflowVersion,
  ): Promise<WorkflowHandle<typeof processEvent>> {
    const { name, retry } = sources[kind];
    const event: LandfallEvent = {
      source: name,
      id,
      type,
      entity: { type: 'customer', id: data.id },
      announced: { version: String(data.version), sourceTime: null },
      occurredAt: null,
      deletes: false,
      snapshot: null,
      payload: { id, type, data },
      headers: {},
      bodySha256: 'b0d1',
      receivedAt: new Date().toISOString(),
      foundBy: 'webhook',
    };
    const input: ProcessEventInput = { workflowVersion: version, event, retry, replay: null };
    return harness.runtime.client.workflow.start<typeof processEvent>('processEvent', {
      ...eventStartOptions(input),
      taskQueue: harness.runtime.config.taskQueue,
      workflowId: eventWorkflowId(name, id),
      args: [input],
    });
  }

  const casesOf = (kind: Kind) => harness.deadLetters.list({ source: sources[kind].name });
  const holdsOf = async () =>
    (await createHolds(harness.runtime.client).list()).filter(({ source }) => source === sources.held.name);

  // Workers are upgraded before receivers.
  test.each([1, 2] as const)('are begun by receivers of before, in version %i', async (version) => {
    vendor.api = () => 200;
    const event = vendor.change();
    const run = await begin('patient', event, version);
    await expect(run.result()).resolves.toMatchObject({ outcome: 'applied', delivered: ['crm'] });
    expect(vendor.writes(event.data.id)).toHaveLength(1);
  });

  test('wait where the change has no patch, and go on when it is taken back', async () => {
    vendor.api = () => 503;
    const event = vendor.change();
    const customer = event.data.id;
    const run = await begin('patient', event);
    await expect.poll(() => vendor.fetches(customer), patience).toBeGreaterThan(1);
    await harness.replaceWorker(await bundle('without-patch'));
    vendor.api = () => 200;
    await expect
      .poll(() => failedTasks(harness.runtime.client, run.workflowId), patience)
      .toEqual(expect.arrayContaining([expect.stringMatching(/nondeterminism/i)]));
    expect((await run.describe()).status.name).toBe('RUNNING');
    await harness.replaceWorker();
    await expect(run.result()).resolves.toMatchObject({ outcome: 'applied', delivered: ['crm'] });
    expect(vendor.writes(customer)).toHaveLength(1);
  });

  test('go on where it has one: each ends as it should, and no task fails', async () => {
    const { client, config } = harness.runtime;
    // What cannot go on now: the vendor is away.
    vendor.api = () => 503;
    const waiting = await begin('patient', vendor.change());
    const poison = vendor.change();
    const failing = await begin('poison', poison);
    await expect(failing.result()).rejects.toThrow();
    const outage = Array.from({ length: 5 }, () => vendor.change());
    const held: WorkflowHandle<typeof processEvent>[] = [];
    for (const event of outage) held.push(await begin('held', event));
    // An event whose predecessor has not come.
    const first = vendor.change();
    const second = vendor.change(first.data.id);
    const later = await begin('ordered', second);
    const turns = client.workflow.getHandle(`entity:${sources.ordered.name}:customer/${first.data.id}`);
    // A reconciliation, paused behind its first page.
    await query(config.databaseUrl ?? '', 'delete from landfall.records');
    const reconciliation = await startReconciliation(
      client,
      { source: harness.source.name, since: longAgo },
      config.taskQueue,
    );
    await expect.poll(() => pages, patience).toBe(1);
    await reconciliation.signal('pause', ada);
    const progress = () => reconciliation.query<ReconcileProgress | null>('progress');
    await expect.poll(async () => (await progress())?.paused?.by, patience).toBe(ada.by);
    letPass();
    await expect.poll(async () => (await progress())?.counts.pages, patience).toBeGreaterThan(0);

    await expect.poll(() => casesOf('poison'), patience).toHaveLength(1);
    await expect.poll(() => vendor.fetches(second.data.id), patience).toBe(0);
    await expect.poll(async () => (await turns.describe()).status.name, patience).toBe('RUNNING');
    await expect.poll(async () => (await holdsOf())[0]?.state?.waiting, patience).toBe(3);
    const deadLetter = client.workflow.getHandle(`dead-letter:${sources.poison.name}:${poison.id}`);

    await harness.replaceWorker(await bundle('with-patch'));

    vendor.api = () => 200;
    await expect(waiting.result()).resolves.toMatchObject({ outcome: 'applied', delivered: ['crm'] });
    await harness.deadLetters.replay({ source: sources.poison.name, eventId: poison.id }, ada, 60_000);
    await expect(deadLetter.result()).resolves.toMatchObject({ resolution: 'replayed', by: ada.by });
    expect(vendor.writes(poison.data.id)).toHaveLength(1);

    const earlier = await begin('ordered', first);
    await expect(earlier.result()).resolves.toMatchObject({ delivered: ['crm'] });
    await expect(later.result()).resolves.toMatchObject({ delivered: ['crm'] });
    await expect(turns.result()).resolves.toMatchObject({ granted: 2 });

    await reconciliation.signal('resume', ada);
    await expect(reconciliation.result()).resolves.toMatchObject({ pages: 2, scanned: 120, complete: true });

    for (const { data } of outage) await expect.poll(() => vendor.writes(data.id), patience).toHaveLength(1);
    await expect.poll(() => holdsOf(), patience).toEqual([]);
    await expect.poll(() => casesOf('held'), patience).toEqual([]);

    const begun = [waiting, later, turns, reconciliation, deadLetter];
    for (const { workflowId } of [...begun, ...held]) {
      expect(await failedTasks(client, workflowId), workflowId).toEqual([]);
    }
    // Of those that were held some have been replayed since, in a run that is new.
    for (const { workflowId } of begun) expect(await hasNewStep(client, workflowId), workflowId).toBe(false);
    expect(await hasNewStep(client, earlier.workflowId)).toBe(true);
  });
});

test('An event of a later version than its worker waits for one that knows it, and is no dead letter', async () => {
  const harness = await startHarness({ change: withoutListing });
  const { client, config } = harness.runtime;
  const { event } = buildInboxItem('evt_ahead', { source: harness.source.name });
  const later = { workflowVersion: 99, event, retry: harness.source.retry, replay: null };
  const run = await client.workflow.start('processEvent', {
    taskQueue: config.taskQueue,
    workflowId: eventWorkflowId(harness.source.name, event.id),
    args: [later],
  });
  await expect
    .poll(() => failedTasks(client, run.workflowId), patience)
    .toEqual(expect.arrayContaining([expect.stringContaining('version 99')]));
  expect((await run.describe()).status.name).toBe('RUNNING');
  expect(await harness.runtime.store.findEvent(harness.source.name, event.id)).toBeNull();
  await run.terminate('the test is over');
  await harness.stop();
});

/** The workflows of `test/support/changed-workflows`. */
function bundle(name: 'with-patch' | 'without-patch'): Promise<{ code: string }> {
  const workflowsPath = fileURLToPath(new URL(`../support/changed-workflows/${name}.ts`, import.meta.url));
  const say = () => undefined;
  const logger = { log: say, trace: say, debug: say, info: say, warn: say, error: say };
  return bundleWorkflowCode({ workflowsPath, logger });
}

/** Whether a run has the new step of `one-more-step.ts`. */
async function hasNewStep(client: Client, workflowId: string): Promise<boolean> {
  const { events } = await client.workflow.getHandle(workflowId).fetchHistory();
  return (events ?? []).some(({ markerRecordedEventAttributes: marker }) =>
    Object.values(marker?.details ?? {}).some(({ payloads }) =>
      payloads?.some(({ data }) => Buffer.from(data ?? []).includes('one-more-step')),
    ),
  );
}

/** Why tasks of a run failed: of a history that the code does not replay, above all. */
async function failedTasks(client: Client, workflowId: string): Promise<unknown[]> {
  const { events } = await client.workflow.getHandle(workflowId).fetchHistory();
  return (events ?? []).flatMap(({ workflowTaskFailedEventAttributes: failed }) =>
    failed == null ? [] : [failed.failure?.message],
  );
}
