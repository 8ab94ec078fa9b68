import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import type { DestinationWrite } from '../../src/destinations/define-destination.ts';
import type { LandfallEvent } from '../../src/model/event.ts';
import { openPostgres } from '../../src/store/postgres-database.ts';
import { migrate } from '../../src/store/migrate.ts';
import { initial } from '../../src/store/migrations/0001-initial.ts';
import { checksum } from '../../src/store/migrations/journal.ts';
import { openStore } from '../../src/store/open-store.ts';
import type { Store } from '../../src/store/store.ts';
import { buildApply } from '../support/build-apply.ts';
import { createDatabase, query } from '../support/create-database.ts';
import { createLandOnce, shopSource } from '../support/land-once.ts';

const day = 86_400_000;
/** As the version before partitions wrote it, by the name that the table had then. */
const writeAsBefore = (eventId: string) => `
  insert into landfall.processed_events (source, event_id, outcome, had_previous, workflow_id, run_id, body_sha256, complete,
    dead_letter_open, processed_at)
  values ('shop', '${eventId}', 'applied', false, 'w', 'r', 'b0d1', true, false, now())
  on conflict (source, event_id) do update set outcome = excluded.outcome`;
const partitionsHolding = (eventId: string) => `
  select tableoid::regclass::text as partition from landfall.processed where event_id = '${eventId}' order by 1`;

describe('the months of the processed events', () => {
  let url: string;
  let store: Store;
  beforeEach(async () => {
    url = await createDatabase(inject('postgresUrl'));
    store = await openStore({ databaseUrl: url, dataDirectory: null });
    await store.migrate();
    return () => store.close();
  });

  /** As if the month of the migration were so long ago. */
  const ageThePast = async (months: number) => {
    const until = `(date_trunc('month', now() at time zone 'UTC') - interval '${months} months') at time zone 'UTC'`;
    await query(url, 'alter table landfall.processed detach partition landfall.processed_events');
    await query(url, `update landfall.processed_events set first_at = ${until} - interval '1 day'`);
    await query(
      url,
      `do $$ begin execute format('alter table landfall.processed attach partition landfall.processed_events
         for values from (minvalue) to (%L)', ${until}); end $$`,
    );
  };

  it('are where an event of an older month is found, and no second row of it is made', async () => {
    await store.apply(buildApply({ incoming: { version: '1' } }));
    await ageThePast(1);
    await store.keepPartitions(null);
    expect(await store.apply(buildApply())).toMatchObject({ outcome: 'duplicate' });
    await store.markDeadLettered({
      source: 'shop',
      eventId: 'evt_1',
      workflowId: 'w',
      runId: 'r',
      bodySha256: 'b',
    });
    expect(await query(url, partitionsHolding('evt_1'))).toEqual([
      { partition: 'landfall.processed_events' },
    ]);
    await store.apply(buildApply({ eventId: 'evt_2' }));
    const [found] = await query(url, partitionsHolding('evt_2'));
    expect(found).toMatchObject({ partition: expect.stringMatching(/^landfall\.processed_\d{4}_\d{2}$/) });
  });

  it('before it happened are not looked into for an event, at any of its steps', async () => {
    await ageThePast(3);
    await store.keepPartitions(null);
    // Connections report what they have read when they end.
    const scans = `select seq_scan, idx_scan from pg_stat_user_tables where relname = 'processed_events'`;
    const before = await query(url, scans);
    const writes: DestinationWrite[] = [];
    await land(store, { occurredAt: new Date().toISOString() }, writes);
    await store.close();
    expect(writes).toHaveLength(1);
    expect(await query(url, scans)).toEqual(before);
  });

  it('hold an event once, or twice where it claims to be of long after it came: it has its effect once', async () => {
    const writes: DestinationWrite[] = [];
    await land(store, { occurredAt: null }, writes);
    await ageThePast(3);
    await store.keepPartitions(null);
    const again = await land(store, { occurredAt: new Date().toISOString() }, writes);
    expect(again).toMatchObject({ landed: { result: { outcome: 'unchanged', delivered: [] } } });
    expect(writes).toHaveLength(1);
    expect(await query(url, partitionsHolding('evt_1'))).toHaveLength(2);
  });

  it('hold an event as complete after its deliveries, also where its row is older than it claims to be', async () => {
    await store.apply(buildApply({ destinations: ['crm'] }));
    await ageThePast(3);
    await store.markDelivered({
      source: 'shop',
      eventId: 'evt_1',
      destination: 'crm',
      destinations: ['crm'],
      idempotencyKey: 'k',
      happenedAt: new Date().toISOString(),
    });
    expect(await store.findEvent('shop', 'evt_1')).toMatchObject({ complete: true });
  });

  it('may be missing: the events are then kept in the default one, and go to the month when it is made', async () => {
    await store.apply(buildApply());
    await ageThePast(1);
    await store.apply(buildApply({ eventId: 'evt_2' }));
    expect(await query(url, partitionsHolding('evt_2'))).toEqual([
      { partition: 'landfall.processed_default' },
    ]);
    const stores = await Promise.all(
      Array.from({ length: 4 }, () => openStore({ databaseUrl: url, dataDirectory: null })),
    );
    const kept = await Promise.all(stores.map((each) => each.keepPartitions(null)));
    await Promise.all(stores.map((each) => each.close()));
    expect(kept.flatMap(({ made }) => made)).toHaveLength(3);
    const [found] = await query(url, partitionsHolding('evt_2'));
    expect(found).not.toEqual({ partition: 'landfall.processed_default' });
    expect(await store.apply(buildApply({ eventId: 'evt_2' }))).toMatchObject({ outcome: 'duplicate' });
  });

  it('are dropped past the time to keep them, but for what is still open', async () => {
    const open = { source: 'shop', eventId: 'evt_2', workflowId: 'w', runId: 'r', bodySha256: 'b0d1' };
    await store.apply(buildApply({ incoming: { version: '7' } }));
    await store.markDeadLettered(open);
    await ageThePast(4);
    expect((await store.keepPartitions(160 * day)).dropped).toEqual([]);
    expect((await store.keepPartitions(90 * day)).dropped).toEqual(['processed_events']);
    expect(await store.findEvent('shop', 'evt_1')).toBeNull();
    expect(await store.findEvent('shop', 'evt_2')).toMatchObject({ deadLetterOpen: true });
    // The guard still knows the record.
    expect(await store.apply(buildApply({ incoming: { version: '6' } }))).toMatchObject({ outcome: 'stale' });
  });

  it('are shared with processes of the version before, while the month of the migration lasts', async () => {
    await query(url, writeAsBefore('evt_1'));
    expect(await store.apply(buildApply())).toMatchObject({ outcome: 'duplicate' });
    await store.apply(buildApply({ eventId: 'evt_2' }));
    await query(url, writeAsBefore('evt_2'));
    expect(await query(url, partitionsHolding('evt_2'))).toEqual([
      { partition: 'landfall.processed_events' },
    ]);
  });
});

describe('a database from before the months', () => {
  let url: string;
  beforeAll(async () => {
    url = await createDatabase(inject('postgresUrl'));
    await query(url, 'create schema landfall');
    await query(
      url,
      `create table landfall.migrations (id integer primary key, name text not null, checksum text not null,
        applied_at timestamp(3) with time zone not null)`,
    );
    for (const statement of initial.statements) await query(url, statement);
    await query(url, `insert into landfall.migrations values (1, 'initial', '${checksum(initial)}', now())`);
    await query(
      url,
      `insert into landfall.processed_events select 'shop', 'old_' || n, 'applied', false, null, null, 'w', 'r', 'b', true,
         false, now() from generate_series(1, 20000) as n`,
    );
  });
  let store: Store | null = null;
  afterAll(() => store?.close());

  it('is migrated without rewriting a row, and still knows its events', async () => {
    const file = `select pg_relation_filenode('landfall.processed_events') as file`;
    const before = await query(url, file);
    const database = openPostgres(url, 2);
    await migrate(database);
    await database.close();
    expect(await query(url, file)).toEqual(before);
    store = await openStore({ databaseUrl: url, dataDirectory: null });
    expect(await store.apply(buildApply({ eventId: 'old_7' }))).toMatchObject({ outcome: 'duplicate' });
    expect(await store.countEvents()).toMatchObject([{ count: 20_000 }]);
  });
});

/** The activities' whole way of the event `evt_1`, whose record never changes; what its destination gets goes to `writes`. */
function land(
  store: Store,
  parts: Pick<LandfallEvent, 'occurredAt'>,
  writes: DestinationWrite[],
): Promise<unknown> {
  const deliver = (write: DestinationWrite) => {
    writes.push(write);
    return Promise.resolve();
  };
  return createLandOnce(store, shopSource({ destinations: [{ name: 'crm', deliver }] })).land('evt_1', parts);
}
