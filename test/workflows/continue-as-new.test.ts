import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { DemoVendor } from '../../src/dev/demo-vendor/demo-vendor.ts';
import { noFaults } from '../../src/dev/demo-vendor/faults.ts';
import type { Source } from '../../src/sources/define-source.ts';
import { createBulkActions } from '../../src/temporal/bulk-actions.ts';
import { surveyEvents } from '../../src/temporal/event-selection.ts';
import { startReplayEvents } from '../../src/temporal/replay-events.ts';
import type { bulkAction } from '../../workflows/index.ts';
import {
  createDemoSource,
  type Harness,
  startHarness,
  uniqueName,
  withoutListing,
} from '../support/harness.ts';
import { type OwnTemporal, startOwnTemporal } from '../support/own-temporal.ts';
import { type OutageVendor, startOutageVendor } from '../support/outage-vendor.ts';
import { recordHistory } from '../support/record-history.ts';

/** On a server that suggests to continue as new after a few events instead of thousands. */
describe('a run whose history grows long', () => {
  let server: OwnTemporal;
  let harness: Harness;
  let outage: OutageVendor;
  let shop: Source;
  /** Its records are processed one event at a time; `handed` says in which order. */
  let ordered: Source;
  const handed: string[] = [];
  beforeAll(async () => {
    outage = await startOutageVendor();
    shop = outage.source({ firstProbeMilliseconds: 50, longestProbeMilliseconds: 50 });
    server = await startOwnTemporal({ dynamicConfig: { 'limit.historyCount.suggestContinueAsNew': '60' } });
    harness = await startHarness({
      vendor: { customers: 250, orders: 0 },
      temporalAddress: server.address,
      sources: (vendor) => [shop, (ordered = inOrder(vendor))],
      change: (source) => ({
        ...source,
        reconcile: { ...source.reconcile, everyMilliseconds: 86_400_000, overlapMilliseconds: 1_000 },
      }),
    });
  });
  afterAll(async () => {
    await harness.stop();
    await server.stop();
    await outage[Symbol.asyncDispose]();
  });

  const inOrder = (vendor: DemoVendor): Source => {
    const witness = {
      name: 'witness',
      deliver: ({ eventId }: { eventId: string }) => Promise.resolve(void handed.push(eventId)),
    };
    return {
      ...withoutListing(createDemoSource(vendor)),
      name: uniqueName('ordered'),
      ordering: { kind: 'per-entity', consecutiveVersions: true, gapMilliseconds: 60_000 },
      destinations: [witness],
    };
  };
  const runsOf = async (query: string) => {
    const runs = [];
    for await (const run of harness.runtime.client.workflow.list({ query })) runs.push(run);
    return runs;
  };

  test('continues as new: a backfill of many pages is one report', { timeout: 120_000 }, async () => {
    const { runtime, source } = harness;
    const report = await vi.waitFor(
      async () => {
        const [newest] = await runtime.store.listReports(source.name, 1);
        if (newest === undefined) throw new Error('no report yet');
        return newest;
      },
      { timeout: 90_000, interval: 250 },
    );
    expect(report).toMatchObject({ missing: 250, repaired: 250, complete: true });
    // And again what had changed shortly before it began.
    expect(report.pages).toBeGreaterThanOrEqual(3);
    expect(await runtime.store.listRecords(source.name, null, 1_000)).toHaveLength(250);
    const continued = await vi.waitFor(
      async () => {
        const runs = await runsOf("WorkflowType = 'reconcile' AND ExecutionStatus = 'ContinuedAsNew'");
        expect(runs.length).toBeGreaterThan(0);
        return runs;
      },
      { timeout: 20_000, interval: 250 },
    );
    const [first] = continued;
    if (first !== undefined) await recordHistory(runtime.client, 'reconcile-continued-as-new', first);
    await recordHistory(runtime.client, 'reconcile-after-continuing', report);
  });

  test('continues as new: a replay of many events counts each once', { timeout: 120_000 }, async () => {
    const { runtime, source, vendor } = harness;
    const selection = { source: source.name, types: ['customer.*'], from: null, to: null };
    await vi.waitFor(
      async () => {
        expect((await surveyEvents(runtime.client, selection)).events).toBe(250);
      },
      { timeout: 20_000, interval: 250 },
    );
    const before = vendor.crm().effects.length;
    const handle = await startReplayEvents(
      runtime.client,
      { selection, atMost: 60, perSecond: 500, pageSize: 4, by: 'ada', reason: 'the CRM lost its data' },
      { name: 'many', taskQueue: runtime.config.taskQueue },
    );
    expect(await handle.result()).toMatchObject({ found: 60, replayed: 60, failed: 0 });
    const effects = vendor.crm().effects.slice(before);
    expect(effects).toHaveLength(60);
    expect(new Set(effects.map(({ eventId }) => eventId)).size).toBe(60);
    const [first] = await vi.waitFor(
      async () => {
        const runs = await runsOf("WorkflowType = 'replayEvents' AND ExecutionStatus = 'ContinuedAsNew'");
        expect(runs.length).toBeGreaterThan(0);
        return runs;
      },
      { timeout: 20_000, interval: 250 },
    );
    if (first !== undefined) await recordHistory(runtime.client, 'replay-events-continued-as-new', first);
    await recordHistory(runtime.client, 'replay-events-after-continuing', { workflowId: handle.workflowId });
  });

  test('continues as new: a dead letter that was looked into many times keeps its record', async () => {
    const { vendor, source, runtime } = harness;
    vendor.setFaults({ ...noFaults, apiErrors: 1 });
    const event = vendor.createCustomer();
    await harness.post(event);
    await expect(harness.event(event.id).result()).rejects.toThrow();
    const ref = { source: source.name, eventId: event.id };
    for (let count = 1; count <= 30; count += 1) {
      await harness.deadLetters.investigate(ref, { by: 'ada', owner: 'bob', note: `look ${count}` }, 20_000);
    }

    const { state } = await harness.deadLetters.show(ref);
    expect(state.audit.filter(({ what }) => what === 'investigate')).toHaveLength(30);
    expect(state.errors).toHaveLength(1);
    const workflowId = `dead-letter:${source.name}:${event.id}`;
    const continued = await vi.waitFor(
      async () => {
        const runs = await runsOf(`WorkflowId = '${workflowId}' AND ExecutionStatus = 'ContinuedAsNew'`);
        expect(runs.length).toBeGreaterThan(0);
        return runs;
      },
      { timeout: 20_000, interval: 250 },
    );
    vendor.setFaults(noFaults);
    await harness.deadLetters.replay(ref, { by: 'ada', reason: 'mended' }, 30_000);
    await expect(runtime.client.workflow.getHandle(workflowId).result()).resolves.toMatchObject({
      resolution: 'replayed',
    });
    const [first] = continued;
    if (first !== undefined) await recordHistory(runtime.client, 'dead-letter-continued-as-new', first);
    await recordHistory(runtime.client, 'dead-letter-after-continuing', { workflowId });
  });

  test('continues as new: a bulk action of many pages and batches', { timeout: 120_000 }, async () => {
    const { vendor, source, runtime } = harness;
    vendor.setFaults({ ...noFaults, apiErrors: 1 });
    const events = Array.from({ length: 24 }, () => vendor.createCustomer());
    for (const event of events) await harness.post(event);
    for (const { id } of events) await expect(harness.event(id).result()).rejects.toThrow();
    vendor.setFaults(noFaults);
    const bulk = createBulkActions(runtime.client, runtime.config.taskQueue);
    const filter = { source: source.name };
    await vi.waitFor(async () => expect((await bulk.survey(filter)).letters).toBe(24), {
      timeout: 20_000,
      interval: 250,
    });
    // Found two at a time: more than one run's history.
    const { id } = await bulk.begin({
      ...{ kind: 'discard', filter, by: 'ada', reason: 'test data', name: 'many' },
      ...{ canary: 1, perMinute: 600, pageSize: 2 },
    });
    const handle = runtime.client.workflow.getHandle<typeof bulkAction>(id);
    expect(await handle.result()).toMatchObject({ done: 24, failed: 0, skipped: 0, waiting: 0 });
    expect(await runtime.store.listBulkLetters(id, { statuses: ['done'], limit: 100 })).toHaveLength(24);
    const [first] = await vi.waitFor(
      async () => {
        const runs = await runsOf("WorkflowType = 'bulkAction' AND ExecutionStatus = 'ContinuedAsNew'");
        expect(runs.length).toBeGreaterThan(0);
        return runs;
      },
      { timeout: 20_000, interval: 250 },
    );
    expect(await runtime.store.listAudit({ target: id }, 10)).toMatchObject([
      { action: 'bulk.discard', result: { outcome: 'done', text: '24 done, 0 failed' } },
    ]);
    if (first !== undefined) await recordHistory(runtime.client, 'bulk-action-continued-as-new', first);
    await recordHistory(runtime.client, 'bulk-action-after-continuing', { workflowId: id });
  });

  test('continues as new: a hold that was probed many times still ends', { timeout: 120_000 }, async () => {
    const { runtime } = harness;
    outage.api = () => 503;
    const events = Array.from({ length: 4 }, () => outage.change());
    for (const event of events) await harness.post(event, { source: shop });
    const workflowId = `hold:${shop.name}:fetchRecord:LANDFALL_VENDOR_UNAVAILABLE`;
    const continued = await vi.waitFor(
      async () => {
        const runs = await runsOf(`WorkflowId = '${workflowId}' AND ExecutionStatus = 'ContinuedAsNew'`);
        expect(runs.length).toBeGreaterThan(0);
        return runs;
      },
      { timeout: 60_000, interval: 250 },
    );
    const state = await runtime.client.workflow.getHandle(workflowId).query('state');
    expect(state).toMatchObject({ status: 'holding', waiting: 2 });
    outage.api = () => 200;
    await expect(runtime.client.workflow.getHandle(workflowId).result()).resolves.toMatchObject({
      ended: 'probe',
      released: 1,
      replayed: 2,
    });
    for (const event of events) {
      const outcome = async () => (await runtime.store.findEvent(shop.name, event.id))?.outcome;
      await expect.poll(outcome, { timeout: 30_000 }).toBe('applied');
    }
    const [first] = continued;
    if (first !== undefined) await recordHistory(runtime.client, 'hold-continued-as-new', first);
    await recordHistory(runtime.client, 'hold-after-continuing', { workflowId });
  });

  test(
    'continues as new: the turns of a record with many events stay in order',
    { timeout: 120_000 },
    async () => {
      const { runtime, vendor } = harness;
      const first = vendor.createCustomer();
      const events = [first, ...Array.from({ length: 29 }, () => vendor.update(first.data.id))];
      // The newest first: none but the first event may begin when it comes.
      for (const event of events.toReversed()) await harness.post(event, { source: ordered });
      await Promise.all(events.map(({ id }) => harness.event(id, ordered).result()));
      expect(handed).toEqual(events.map(({ id }) => id));
      const workflowId = `entity:${ordered.name}:customer/${first.data.id}`;
      await expect(runtime.client.workflow.getHandle(workflowId).result()).resolves.toEqual({ granted: 30 });
      const [continued] = await vi.waitFor(
        async () => {
          const runs = await runsOf(`WorkflowId = '${workflowId}' AND ExecutionStatus = 'ContinuedAsNew'`);
          expect(runs.length).toBeGreaterThan(0);
          return runs;
        },
        { timeout: 20_000, interval: 250 },
      );
      if (continued !== undefined)
        await recordHistory(runtime.client, 'entity-turns-continued-as-new', continued);
      await recordHistory(runtime.client, 'entity-turns-after-continuing', { workflowId });
    },
  );
});
