import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Service } from '../../src/cli/runtime.ts';
import { startWorker } from '../../src/cli/start-worker.ts';
import type { VendorEvent } from '../../src/dev/demo-vendor/company.ts';
import type { Source, SourceRecord } from '../../src/sources/define-source.ts';
import { genericSource } from '../../src/sources/generic.ts';
import { genericSourceSchema } from '../../src/sources/generic-schema.ts';
import { type Harness, startHarness, uniqueName, withoutListing } from '../support/harness.ts';

/** How one record lives, and how the news of it arrive. */
const life = fc.record({
  updates: fc.integer({ min: 0, max: 4 }),
  deleted: fc.boolean(),
  /** Of each event: whether it is delivered at once, while later changes are still to come. */
  early: fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }),
  /** The order of the others. */
  order: fc.array(fc.integer(), { minLength: 6, maxLength: 6 }),
  together: fc.boolean(),
});
type Life = typeof life extends fc.Arbitrary<infer Value> ? Value : never;

describe('events that arrive out of order', () => {
  let harness: Harness;
  let second: Service;
  let variants: Record<Variant, Source>;

  beforeAll(async () => {
    harness = await startHarness({
      change: (source) => {
        const numbered = withoutListing(source);
        variants = {
          numbered,
          timed: showing(numbered, 'timed', ({ sourceTime }) => ({ version: null, sourceTime })),
          unversioned: showing(numbered, 'unversioned', () => ({ version: null, sourceTime: null })),
          snapshots: describedSource(),
        };
        return numbered;
      },
      sources: () => [variants.timed, variants.unversioned, variants.snapshots],
    });
    second = await startWorker(harness.runtime);
  });
  afterAll(async () => {
    await second.stop();
    await harness.stop();
  });

  const find = (variant: Variant, id: string) =>
    harness.runtime.store.findRecord(variants[variant].name, { type: 'customer', id });

  /** Lives one life, delivers all of it, and waits until every event has its outcome. */
  async function live(
    variant: Variant,
    { updates, deleted, early, order, together }: Life,
  ): Promise<VendorEvent> {
    const { vendor } = harness;
    const source = variants[variant];
    const first = vendor.createCustomer();
    const { id } = first.data;
    const events: VendorEvent[] = [];
    const deliveries: Promise<unknown>[] = [];
    const happened = (event: VendorEvent) => {
      events.push(event);
      if (early[events.length - 1] === true) deliveries.push(harness.post(event, { source }));
    };
    happened(first);
    for (let count = 0; count < updates; count += 1) happened(vendor.update(id));
    if (deleted) happened(vendor.remove(id));

    const late = events
      .map((event, index) => ({ event, rank: order[index] ?? 0, early: early[index] === true }))
      .filter((each) => !each.early)
      .sort((a, b) => a.rank - b.rank);
    for (const { event } of late) {
      const delivery = harness.post(event, { source });
      if (!together) await delivery;
      deliveries.push(delivery);
      if (!together) await harness.event(event.id, source).result();
    }
    await Promise.all(deliveries);
    await Promise.all(events.map((event) => harness.event(event.id, source).result()));
    const last = events.at(-1);
    if (last === undefined) throw new Error('there was an event');
    return last;
  }

  test.for(['numbered', 'timed', 'unversioned', 'snapshots'] as const)(
    'end in the state of the vendor, in all orders of create, update and delete: %s records',
    { timeout: 180_000 },
    async (variant) => {
      await fc.assert(
        fc.asyncProperty(life, async (each) => {
          const last = await live(variant, each);
          const copy = await find(variant, last.data.id);
          if (each.deleted) expect(copy).toMatchObject({ deleted: true, data: null });
          else expect(copy).toMatchObject({ deleted: false, data: { ...last.data } });
        }),
        { numRuns: 12, endOnFailure: true },
      );
    },
  );

  test('cannot revive a record that was deleted', async () => {
    const { vendor } = harness;
    const source = variants.snapshots;
    const created = vendor.createCustomer();
    const updated = vendor.update(created.data.id);
    const removed = vendor.remove(created.data.id);
    for (const event of [created, removed]) {
      await harness.post(event, { source });
      await harness.event(event.id, source).result();
    }
    await harness.post(updated, { source });

    const result = await harness.event(updated.id, source).result();
    expect(result.outcome).toBe('stale');
    expect(Number(result.previous?.version)).toBeGreaterThan(Number(result.version?.version));
    expect(await find('snapshots', created.data.id)).toMatchObject({ deleted: true });
  });

  test('leave our copy alone where the vendor shows an older version than we have, and name both versions', async () => {
    const { vendor } = harness;
    const source = variants.snapshots;
    const created = vendor.createCustomer();
    const updated = vendor.update(created.data.id);
    await harness.post(updated, { source });
    await harness.event(updated.id, source).result();
    await harness.post(created, { source });

    await expect(harness.event(created.id, source).result()).resolves.toMatchObject({
      outcome: 'stale',
      version: { version: '1' },
      previous: { version: '2' },
    });
    expect(await find('snapshots', created.data.id)).toMatchObject({ version: '2', data: updated.data });
  });

  test('wait for a vendor whose API is behind its own event, and are dead letters where it stays so', async () => {
    const { vendor } = harness;
    const created = vendor.createCustomer();
    const announced = { ...created, data: { ...created.data, version: 7 } };
    await harness.post(announced);

    await expect(harness.event(created.id).result()).rejects.toThrow();
    const { state } = await harness.deadLetters.show({ source: harness.source.name, eventId: created.id });
    expect(state.errors[0]).toMatchObject({ type: 'LANDFALL_VENDOR_BEHIND', attempts: 5 });
    expect(state.errors[0]?.message).toMatch(/v7.*v1/);
  });

  test('of a record that no longer exists become a tombstone', async () => {
    const { vendor } = harness;
    const created = vendor.createCustomer();
    vendor.remove(created.data.id);
    await harness.post(created);

    await expect(harness.event(created.id).result()).resolves.toMatchObject({
      outcome: 'deleted',
      previous: null,
    });
    expect(await find('numbered', created.data.id)).toMatchObject({ deleted: true, data: null });
  });

  test('of a type that nobody knows complete as ignored, and never ask the vendor', async () => {
    await harness.post({ id: 'evt_weather', type: 'weather.changed', created: new Date().toISOString() });
    await expect(harness.event('evt_weather').result()).resolves.toEqual({
      outcome: 'ignored',
      version: null,
      previous: null,
      delivered: [],
    });
  });
});

type Variant = 'numbered' | 'timed' | 'unversioned' | 'snapshots';

/** The same vendor, seen by an adapter that tells less of a version. */
function showing(
  source: Source,
  name: string,
  keep: (record: SourceRecord) => Pick<SourceRecord, 'version' | 'sourceTime'>,
): Source {
  return {
    ...source,
    name: uniqueName(name),
    readEvent: (delivery) => ({ ...source.readEvent(delivery), announced: null }),
    async fetchRecord(entity, context) {
      const record = (await source.fetchRecord?.(entity, context)) ?? null;
      return record === null ? null : { ...record, ...keep(record) };
    },
  };
}

/** A vendor without an API, described without code: what its payloads say is all there is. */
function describedSource(): Source {
  const spec = genericSourceSchema.parse({
    name: uniqueName('snapshots'),
    scheme: { type: 'hmac', header: 'x-signature', algorithm: 'sha256', encoding: 'hex' },
    secretEnv: 'SNAPSHOT_SECRET',
    id: '/id',
    type: '/type',
    entity: { type: '/data/object', id: '/data/id' },
    version: '/data/version',
    sourceTime: '/data/updated_at',
    deletes: { pointer: '/data/deleted', equals: true },
    record: '/data',
  });
  return genericSource(spec, { SNAPSHOT_SECRET: 'a secret of the vendor' });
}
