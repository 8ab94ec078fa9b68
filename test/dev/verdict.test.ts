import { afterAll, beforeAll, expect, test } from 'vitest';
import { judge } from '../../src/dev/verdict.ts';
import { query } from '../support/create-database.ts';
import { type Harness, startHarness } from '../support/harness.ts';

let harness: Harness;
beforeAll(async () => {
  harness = await startHarness({
    change: (source) => ({
      ...source,
      reconcile: { ...source.reconcile, everyMilliseconds: 86_400_000, overlapMilliseconds: 0 },
    }),
  });
});
afterAll(() => harness.stop());

function verdict() {
  const { vendor, source, runtime } = harness;
  return judge({ ...runtime, vendor, source: source.name, taskQueue: runtime.taskQueueOf(source.name) });
}

test(
  'the verdict is equal only while nothing was lost, changed or done twice',
  { timeout: 180_000 },
  async () => {
    const { vendor, runtime } = harness;
    const [customer, other] = [vendor.createCustomer(), vendor.createCustomer()];
    // Of the second event nothing is delivered: the first reconciliation of the verdict has to find it.
    await vendor.send(customer);
    await vendor.send(other, { drop: true });
    expect(await verdict()).toMatchObject({
      equal: true,
      comparison: { equal: true, compared: 2, differences: [] },
      delivered: 1,
      withoutOutcome: [],
      doubled: [],
      leftToRepair: 0,
      openDeadLetters: 0,
    });

    const database = runtime.config.databaseUrl ?? '';
    await query(
      database,
      `update landfall.records set data = '{"name":"Mallory"}' where entity_id = '${customer.data.id}'`,
    );
    expect(await verdict()).toMatchObject({
      equal: false,
      comparison: { differences: [{ entity: { id: customer.data.id }, what: 'different' }] },
    });

    await query(database, `delete from landfall.processed where event_id = '${customer.id}'`);
    const effect = { ...vendor.crm().effects.find(({ eventId }) => eventId === customer.id) };
    await fetch(new URL('/crm/records', vendor.url), {
      method: 'POST',
      headers: {
        authorization: `Bearer ${vendor.token}`,
        'content-type': 'application/json',
        'idempotency-key': 'another',
      },
      body: JSON.stringify({ ...effect, version: { version: effect.version } }),
    });
    expect(await verdict()).toMatchObject({
      equal: false,
      withoutOutcome: [customer.id],
      doubled: [customer.id],
    });
  },
);
