import { Client as PostgresClient } from 'pg';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { DestinationUnavailableError, VendorDeniedError, VendorRateLimitedError } from '../../src/errors.ts';
import type { Source } from '../../src/sources/define-source.ts';
import { signalReconciliations, startReconciliation } from '../../src/temporal/reconciliations.ts';
import type { ReconcileInput, ReconcileProgress } from '../../src/model/reconciliation.ts';
import { type Harness, startHarness } from '../support/harness.ts';
import { quickHold } from '../support/outage-vendor.ts';
import { readSearchAttribute } from '../support/read-search-attribute.ts';
import { recordHistory } from '../support/record-history.ts';

describe('a reconciliation in earnest', () => {
  let harness: Harness;
  afterEach(() => harness.stop());

  /** With what the vendor has in our copies already. */
  async function start({ change, ...options }: Parameters<typeof startHarness>[0] = {}): Promise<void> {
    harness = await startHarness({
      vendor: { customers: 5, orders: 0 },
      ...options,
      // No other run than the first one and those of the test.
      change: (source) => daily(change?.(source) ?? source),
    });
    await vi.waitFor(async () => expect(await reports()).toHaveLength(1), { timeout: 60_000, interval: 100 });
  }
  const reports = () => harness.runtime.store.listReports(harness.source.name, 10);
  const copy = (id: string) =>
    harness.runtime.store.findRecord(harness.source.name, { type: 'customer', id });
  async function reconcile(how: Partial<ReconcileInput> = {}) {
    const { runtime, source } = harness;
    const input = { source: source.name, since: null, ...how };
    const handle = await startReconciliation(runtime.client, input, runtime.config.taskQueue);
    return { handle, report: await handle.result() };
  }
  const withReconcile =
    (settings: Partial<Source['reconcile']>) =>
    (source: Source): Source => ({ ...source, reconcile: { ...source.reconcile, ...settings } });
  const daily = withReconcile({ everyMilliseconds: 86_400_000 });

  test('leaves a young change to its webhook, and repairs it where none came', async () => {
    await start({ change: withReconcile({ graceMilliseconds: 4_000 }) });
    const { vendor, runtime, source } = harness;
    const lost = vendor.createCustomer();
    await vendor.send(lost, { drop: true });
    const slow = vendor.createCustomer();
    const handle = await startReconciliation(
      runtime.client,
      { source: source.name, since: null },
      runtime.config.taskQueue,
    );
    await vi.waitFor(
      async () => {
        const progress = await handle.query<ReconcileProgress | null>('progress');
        expect(progress?.young).toHaveLength(2);
      },
      { timeout: 20_000, interval: 50 },
    );
    await vendor.send(slow);
    expect(await handle.result()).toMatchObject({ missing: 1, repaired: 1, settled: 1, failed: 0 });
    expect(await copy(lost.data.id)).not.toBeNull();
    expect(await copy(slow.data.id)).toMatchObject({ lastEventId: slow.id });
    await recordHistory(runtime.client, 'reconcile-young', handle);
  });

  test('says only what differs in a dry run', async () => {
    await start();
    const { vendor, runtime, source } = harness;
    const cursor = await runtime.store.findCursor(source.name);
    const created = vendor.createCustomer();
    await vendor.send(created, { drop: true });
    const { handle, report } = await reconcile({ dryRun: true });
    expect(report).toMatchObject({ missing: 1, repaired: 0, complete: true });
    expect(report.differences).toMatchObject([
      { kind: 'missing', entity: { type: 'customer', id: created.data.id } },
    ]);
    expect(await copy(created.data.id)).toBeNull();
    expect(await runtime.store.findCursor(source.name)).toEqual(cursor);
    expect(await reports()).toHaveLength(1);
    await recordHistory(runtime.client, 'reconcile-dry-run', handle);

    expect((await reconcile()).report).toMatchObject({ missing: 1, repaired: 1 });
    expect(await copy(created.data.id)).not.toBeNull();
  });

  test('finds by an audit what no version says: other content, and records that went without a word', async () => {
    await start();
    const { vendor, runtime } = harness;
    const [damaged, ...others] = vendor.snapshot().records;
    if (damaged === undefined) throw new Error('the vendor has records');
    await query(`update landfall.records set data = '{"name": "somebody else"}' where entity_id = $1`, [
      damaged.id,
    ]);
    await query(
      `insert into landfall.records select source, entity_type, 'cus_ghost', version, source_time, deleted, deletion_announced,
         revision, data, last_event_id, updated_at from landfall.records where entity_id = $1`,
      [others[0]?.id],
    );
    const untouched = await Promise.all(others.map(({ id }) => copy(id)));

    expect((await reconcile({ since: '2000-01-01T00:00:00.000Z' })).report).toMatchObject({
      missing: 0,
      stale: 0,
    });
    expect((await reconcile({ mode: 'audit', dryRun: true })).report).toMatchObject({
      ...{ scanned: 5, audited: 6, missing: 0, stale: 0, different: 1, gone: 1, repaired: 0 },
    });
    const { handle, report } = await reconcile({ mode: 'audit' });
    expect(report).toMatchObject({
      audited: 6,
      different: 1,
      gone: 1,
      repaired: 2,
      failed: 0,
      mode: 'audit',
    });
    await recordHistory(runtime.client, 'reconcile-audit', handle);

    expect(await copy(damaged.id)).toMatchObject({ data: { id: damaged.id } });
    expect(await copy('cus_ghost')).toMatchObject({ deleted: true, data: null });
    expect(await Promise.all(others.map(({ id }) => copy(id)))).toEqual(untouched);
    expect((await reconcile({ mode: 'audit' })).report).toMatchObject({ different: 0, gone: 0, repaired: 0 });
  });

  test('audits a source that lists nothing', async () => {
    harness = await startHarness({
      vendor: { customers: 0, orders: 0 },
      change: ({ listChanged: _listChanged, ...source }) => source,
    });
    const { vendor } = harness;
    const created = vendor.createCustomer();
    await vendor.send(created);
    await harness.event(created.id).result();
    await vendor.send(vendor.update(created.data.id), { drop: true });
    expect((await reconcile({ mode: 'audit' })).report).toMatchObject({
      ...{ scanned: 0, audited: 1, stale: 1, repaired: 1, complete: true },
    });
    expect(await copy(created.data.id)).toMatchObject({ version: '2' });
  });

  test('waits where it is paused, and goes on from there', async () => {
    let letPass = (): void => undefined;
    const gate = new Promise<void>((resolve) => {
      letPass = resolve;
    });
    let pages = 0;
    await start({
      vendor: { customers: 120, orders: 0 },
      change: ({ listChanged, ...source }) => ({
        ...source,
        listChanged: async (range, context) => {
          if (range.since === '2000-01-01T00:00:00.000Z') {
            pages += 1;
            // A differing page brings its call home; the next one is behind the pause.
            await gate;
          }
          return (await listChanged?.(range, context)) ?? { changes: [], nextCursor: null };
        },
      }),
    });
    await query('delete from landfall.records', []);
    const { runtime, source } = harness;
    const handle = await startReconciliation(
      runtime.client,
      { source: source.name, since: '2000-01-01T00:00:00.000Z' },
      runtime.config.taskQueue,
    );
    await vi.waitFor(() => expect(pages).toBe(1), { timeout: 20_000, interval: 20 });
    const decision = { by: 'ada', reason: 'the vendor asks us to wait' };
    expect(await signalReconciliations(runtime.client, source.name, { signal: 'pause', decision })).toEqual([
      handle.workflowId,
    ]);
    const progress = () => handle.query<ReconcileProgress | null>('progress');
    await vi.waitFor(async () => expect((await progress())?.paused).toMatchObject(decision), {
      timeout: 20_000,
      interval: 50,
    });
    letPass();
    await vi.waitFor(async () => expect((await progress())?.counts.pages).toBe(1), {
      timeout: 20_000,
      interval: 50,
    });
    // Not even the first page's differences are repaired.
    expect((await progress())?.counts).toMatchObject({ repaired: 0 });
    expect(pages).toBe(1);
    await signalReconciliations(runtime.client, source.name, { signal: 'resume', decision });
    expect(await handle.result()).toMatchObject({ pages: 2, scanned: 120, repaired: 120, complete: true });
    const noted = await runtime.store.listAudit({ source: source.name, action: 'reconcile.*' }, 10);
    expect(noted).toMatchObject([
      { ...decision, action: 'reconcile.resume', target: handle.workflowId, result: { outcome: 'done' } },
      { ...decision, action: 'reconcile.pause', via: 'temporal', result: { outcome: 'done' } },
    ]);
    await recordHistory(runtime.client, 'reconcile-paused', handle);
  });

  test('does not wait for repairs that are held: it says so, and they go on by themselves', async () => {
    const crm = { away: false };
    await start({
      change: (source) => ({
        ...source,
        hold: { ...quickHold, entities: 2 },
        destinations: [
          {
            name: 'crm',
            deliver: () =>
              crm.away
                ? Promise.reject(new DestinationUnavailableError('The CRM is away.'))
                : Promise.resolve(),
          },
        ],
      }),
    });
    const { vendor, runtime, source } = harness;
    crm.away = true;
    const lost = Array.from({ length: 4 }, () => vendor.createCustomer());
    for (const event of lost) await vendor.send(event, { drop: true });
    const { handle, report } = await reconcile();
    // The first one is a case: nobody can know yet.
    expect(report).toMatchObject({ missing: 4, repaired: 0, failed: 1, held: 3, complete: true });
    expect(await runtime.metrics.registry.metrics()).toMatch(
      new RegExp(`^landfall_reconciliation_held_total\\{source="${source.name}"\\} 3$`, 'm'),
    );
    await recordHistory(runtime.client, 'reconcile-held', handle);
    const query = `ParentWorkflowId = '${handle.workflowId}' AND LandfallOutcome = 'held at deliver crm'`;
    const waiting: string[] = [];
    for await (const { workflowId } of runtime.client.workflow.list({ query })) waiting.push(workflowId);
    expect(waiting.length).toBeGreaterThan(0);

    crm.away = false;
    for (const workflowId of waiting) {
      await expect(runtime.client.workflow.getHandle(workflowId).result()).resolves.toMatchObject({
        outcome: 'applied',
        delivered: ['crm'],
      });
    }
    await vi.waitFor(
      async () => expect(await harness.deadLetters.list({ source: source.name })).toEqual([]),
      { timeout: 60_000, interval: 200 },
    );
    await recordHistory(runtime.client, 'process-event-held-repair', { workflowId: waiting[0] ?? '' });
    for (const { data } of lost) expect(await copy(data.id)).not.toBeNull();
  });

  test('is not complete where a page could not be read: its range is covered again; a throttled one reads on', async () => {
    let failing: (() => Error) | null = null;
    let failed = 0;
    await start({
      vendor: { customers: 120, orders: 0 },
      change: ({ listChanged, ...source }) => ({
        ...source,
        listChanged: async (range, context) => {
          if (range.cursor !== null && failing !== null) {
            failed += 1;
            throw failing();
          }
          return (await listChanged?.(range, context)) ?? { changes: [], nextCursor: null };
        },
      }),
    });
    const { runtime, source } = harness;
    const { store, client } = runtime;
    await query('delete from landfall.records', []);
    const cursor = await store.findCursor(source.name);
    const isOver = () => store.listRecords(source.name, null, 1_000);

    failing = () => new VendorDeniedError('The key is no longer good.');
    const broken = await startReconciliation(
      client,
      { source: source.name, since: null },
      runtime.config.taskQueue,
    );
    await expect(broken.result()).rejects.toMatchObject({
      cause: {
        type: 'LANDFALL_RECONCILIATION_INCOMPLETE',
        message: expect.stringContaining('broke off after 1 pages: The key is no longer good.'),
      },
    });
    expect((await reports())[0]).toMatchObject({ complete: false, pages: 1, repaired: 100 });
    expect(readSearchAttribute(await broken.describe(), 'LandfallOutcome')).toBe('incomplete');
    // What was read is mended; the rest is still to come, from where the last whole run ended.
    expect(await isOver()).toHaveLength(100);
    expect(await store.findCursor(source.name)).toEqual(cursor);
    await recordHistory(client, 'reconcile-incomplete', broken);

    failed = 0;
    failing = () => {
      if (failed === 2) failing = null;
      return new VendorRateLimitedError('Too many requests.', 50);
    };
    const { report } = await reconcile();
    expect(failed).toBe(2);
    expect(report).toMatchObject({ complete: true, scanned: 120, repaired: 20 });
    expect(await isOver()).toHaveLength(120);
    expect(await store.findCursor(source.name)).not.toEqual(cursor);
  });

  test('ends a backfill with what changed while it read', async () => {
    const created: string[] = [];
    await start({
      vendor: { customers: 3, orders: 0 },
      change: ({ listChanged, ...source }) => ({
        ...source,
        listChanged: async (range, context) => {
          const page = (await listChanged?.(range, context)) ?? { changes: [], nextCursor: null };
          if (created.length === 0 && page.nextCursor === null) {
            // Neither on the page that was just read nor told of by a webhook.
            created.push(harness.vendor.createCustomer().data.id);
          }
          return page;
        },
      }),
    });
    expect(await reports()).toMatchObject([{ since: null, missing: 4, repaired: 4, complete: true }]);
    expect(await copy(created[0] ?? '')).not.toBeNull();
  });

  test('alerts where too much had come by no webhook, and not where it had', async () => {
    await start({ change: withReconcile({ overlapMilliseconds: 1 }) });
    const { vendor, runtime } = harness;
    const delivered = Array.from({ length: 5 }, () => vendor.createCustomer());
    for (const event of delivered) await vendor.send(event);
    await Promise.all(delivered.map(({ id }) => harness.event(id).result()));
    expect((await reconcile()).report).toMatchObject({ missing: 0, alert: null });

    for (let count = 1; count <= 3; count += 1) await vendor.send(vendor.createCustomer(), { drop: true });
    const { handle, report } = await reconcile();
    expect(report.alert).toMatch(/^3 of \d+ listed changes \(.* %\) had not come by webhook/);
    expect(report).toMatchObject({ repaired: 3, complete: true });
    const { typedSearchAttributes } = await handle.describe();
    expect(typedSearchAttributes.getAll().map(({ value }) => value)).toContain('alert');
    expect(await runtime.metrics.registry.metrics()).toMatch(
      new RegExp(`^landfall_reconciliation_alerts_total\\{source="${harness.source.name}"\\} 1$`, 'm'),
    );
  });

  async function query(text: string, values: unknown[]): Promise<void> {
    const client = new PostgresClient({ connectionString: harness.runtime.config.databaseUrl ?? '' });
    await client.connect();
    try {
      await client.query(text, values);
    } finally {
      await client.end();
    }
  }
});
