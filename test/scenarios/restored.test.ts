import { afterEach, describe, expect, test } from 'vitest';
import type { VendorEvent } from '../../src/dev/demo-vendor/company.ts';
import { noFaults } from '../../src/dev/demo-vendor/faults.ts';
import type { ReconcileInput } from '../../src/model/reconciliation.ts';
import { startReconciliation } from '../../src/temporal/reconciliations.ts';
import { query } from '../support/create-database.ts';
import { type Harness, startHarness } from '../support/harness.ts';

const patience = { timeout: 60_000, interval: 200 };
const longAgo = '2000-01-01T00:00:00.000Z';
const kept = ['records', 'processed', 'deliveries', 'cursors'];

let harness: Harness;
afterEach(() => harness.stop());

/** With all that the vendor has in our copies, and no schedule that comes between. */
async function start(change: Parameters<typeof startHarness>[0] = {}): Promise<void> {
  harness = await startHarness({
    vendor: { customers: 5, orders: 3 },
    ...change,
    change: (source) => {
      const changed = change.change?.(source) ?? source;
      return { ...changed, reconcile: { ...changed.reconcile, everyMilliseconds: 86_400_000 } };
    },
  });
  const { store } = harness.runtime;
  await expect.poll(() => store.findCursor(harness.source.name), patience).not.toBeNull();
  expect(await copies()).toEqual(truth());
}

const sql = (text: string) => query(harness.runtime.config.databaseUrl ?? '', text);

async function reconcile(since: ReconcileInput['since']) {
  const { runtime, source } = harness;
  const input = { source: source.name, since };
  return (await startReconciliation(runtime.client, input, runtime.config.taskQueue)).result();
}

/** Our copies, and the vendor's records, as versions by id; those that are gone as null. */
async function copies(): Promise<Record<string, string | null>> {
  const records = await harness.runtime.store.listRecords(harness.source.name, null, 1_000);
  return Object.fromEntries(
    records.map(({ entity, version, deleted }) => [entity.id, deleted ? null : version]),
  );
}
function truth(): Record<string, string | null> {
  const { records } = harness.vendor.snapshot();
  return Object.fromEntries(records.map(({ id, version }) => [id, String(version)]));
}

async function land(event: VendorEvent): Promise<void> {
  expect((await harness.post(event)).status).toBe(200);
  await expect(harness.event(event.id).result()).resolves.toMatchObject({ outcome: 'applied' });
}

/** docs/backup.md. */
describe('A store that was restored from a backup', { timeout: 240_000 }, () => {
  test('is brought in step by a reconciliation, and knows what it knew', async () => {
    await start();
    const { vendor } = harness;
    const before = vendor.createCustomer();
    await land(before);
    await sql(
      [
        'create schema backup',
        ...kept.map((table) => `create table backup.${table} as table landfall.${table}`),
      ].join(';'),
    );

    const after = [
      vendor.createCustomer(),
      vendor.update(before.data.id),
      vendor.createOrder(before.data.id),
    ];
    for (const event of after) await land(event);
    // One that came by no webhook: its repair has an id that Temporal has closed.
    await vendor.send(vendor.createCustomer(), { drop: true });
    expect(await reconcile(null)).toMatchObject({ missing: 1, repaired: 1 });

    await sql(
      kept
        .map(
          (table) =>
            `delete from landfall.${table}; insert into landfall.${table} select * from backup.${table}`,
        )
        .join(';'),
    );
    expect(await copies()).not.toEqual(truth());

    expect(await reconcile(longAgo)).toMatchObject({
      missing: 3,
      stale: 1,
      repaired: 4,
      failed: 0,
      complete: true,
    });
    expect(await copies()).toEqual(truth());
    expect((await harness.post(after[0])).body).toMatchObject({ duplicate: true });
    expect(await reconcile(longAgo)).toMatchObject({ missing: 0, stale: 0, repaired: 0 });
  });
});

test('A store that is empty is filled by a reconciliation', { timeout: 240_000 }, async () => {
  await start();
  await sql(`truncate ${kept.map((table) => `landfall.${table}`).join(', ')}`);
  expect(await reconcile(null)).toMatchObject({ since: null, missing: 8, repaired: 8, complete: true });
  expect(await copies()).toEqual(truth());
});

test('What a lost Temporal had under way is found by a reconciliation', { timeout: 240_000 }, async () => {
  await start({
    change: (source) => ({
      ...source,
      // Nobody's attempts are used up.
      retry: { ...source.retry, maximumAttempts: 1_000, maximumIntervalMilliseconds: 300 },
    }),
  });
  const { vendor, runtime } = harness;
  const { client } = runtime;
  vendor.setFaults({ ...noFaults, apiErrors: 1 });
  const events = [vendor.createCustomer(), vendor.createOrder()];
  for (const event of events) expect((await harness.post(event)).status).toBe(200);

  for (const { id } of events) {
    const { workflowId } = harness.event(id);
    await harness.event(id).terminate('its server is gone');
    await client.workflowService.deleteWorkflowExecution({
      namespace: client.options.namespace,
      workflowExecution: { workflowId },
    });
    await expect
      .poll(
        () =>
          harness
            .event(id)
            .describe()
            .then(
              () => 'there',
              () => 'gone',
            ),
        patience,
      )
      .toBe('gone');
  }
  vendor.setFaults(noFaults);
  expect(await copies()).not.toEqual(truth());

  expect(await reconcile(longAgo)).toMatchObject({ missing: 2, repaired: 2, complete: true });
  expect(await copies()).toEqual(truth());
});
