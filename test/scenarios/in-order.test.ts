import { setTimeout as wait } from 'node:timers/promises';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Service } from '../../src/cli/runtime.ts';
import { startWorker } from '../../src/cli/start-worker.ts';
import type { DestinationWrite } from '../../src/destinations/define-destination.ts';
import type { VendorEvent } from '../../src/dev/demo-vendor/company.ts';
import { DestinationRefusedError } from '../../src/errors.ts';
import { type Harness, startHarness, withoutListing } from '../support/harness.ts';
import { recordHistory } from '../support/record-history.ts';

/** Longer than a test lasts: only what is lost is given up on, and then by a test of its own. */
const gapMilliseconds = 3_000;

describe('the events of one record, per entity', () => {
  let harness: Harness;
  let second: Service;
  /** What the destination was handed, in order; `overlaps` counts those that came while another of the same record was under way. */
  const handed: DestinationWrite[] = [];
  const underWay = new Set<string>();
  const refused = new Set<string>();
  let overlaps = 0;

  beforeAll(async () => {
    harness = await startHarness({
      change: (source) => ({
        ...withoutListing(source),
        ordering: { kind: 'per-entity', consecutiveVersions: true, gapMilliseconds },
        destinations: [
          {
            name: 'witness',
            deliver: async (write) => {
              const { id } = write.entity;
              if (underWay.has(id)) overlaps += 1;
              underWay.add(id);
              await wait(5);
              underWay.delete(id);
              if (refused.has(write.eventId)) throw new DestinationRefusedError('The witness refuses it.');
              handed.push(write);
            },
          },
        ],
      }),
    });
    second = await startWorker(harness.runtime);
  });
  afterAll(async () => {
    await second.stop();
    await harness.stop();
  });

  const handedOf = ({ data: { id } }: VendorEvent) => handed.filter(({ entity }) => entity.id === id);
  const turnsOf = ({ data: { id } }: VendorEvent) =>
    harness.runtime.client.workflow.getHandle(`entity:${harness.source.name}:customer/${id}`);

  /** A record that is created and then changed so often. */
  function live(changes: number): VendorEvent[] {
    const first = harness.vendor.createCustomer();
    return [first, ...Array.from({ length: changes }, () => harness.vendor.update(first.data.id))];
  }

  test('are handed on one at a time and in their order, in whatever order they come', async () => {
    const lives = fc.record({
      changes: fc.integer({ min: 1, max: 4 }),
      order: fc.array(fc.integer(), { minLength: 5, maxLength: 5 }),
      together: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(lives, async ({ changes, order, together }) => {
        const events = live(changes);
        const shuffled = events
          .map((event, index) => ({ event, rank: order[index] ?? 0 }))
          .sort((a, b) => a.rank - b.rank);
        if (together) await Promise.all(shuffled.map(({ event }) => harness.post(event)));
        else for (const { event } of shuffled) await harness.post(event);
        await Promise.all(events.map(({ id }) => harness.event(id).result()));

        const [first] = events;
        if (first === undefined) throw new Error('every life begins');
        const writes = handedOf(first);
        expect(writes.map(({ eventId }) => eventId)).toEqual(events.map(({ id }) => id));
        const versions = writes.map(({ version }) => Number(version.version));
        expect(versions).toEqual(versions.toSorted((a, b) => a - b));
        expect(versions.at(-1)).toBe(events.length);
      }),
      { numRuns: 12 },
    );
    expect(overlaps).toBe(0);
  });

  test('wait for one that is missing, and go on with what the record is where it does not come', async () => {
    const [first, lost, third] = live(2);
    if (first === undefined || lost === undefined || third === undefined) throw new Error('three events');
    await harness.post(first);
    await harness.event(first.id).result();
    await harness.post(third);
    expect(await harness.event(third.id).result()).toMatchObject({ delivered: ['witness'] });
    // The first one read the record after all three changes.
    expect(handedOf(first).map(({ eventId, version }) => [eventId, version.version])).toEqual([
      [first.id, '3'],
      [third.id, '3'],
    ]);
    // It comes after all: late, and not lost.
    await harness.post(lost);
    expect(await harness.event(lost.id).result()).toMatchObject({ delivered: ['witness'] });
    await recordHistory(harness.runtime.client, 'process-event-in-turn', harness.event(third.id));
  });

  test('go on where one of them becomes a dead letter, which is replayed in a turn of its own', async () => {
    const [first, broken, third] = live(2);
    if (first === undefined || broken === undefined || third === undefined) throw new Error('three events');
    refused.add(broken.id);
    for (const event of [first, broken, third]) await harness.post(event);
    await expect(harness.event(broken.id).result()).rejects.toThrow();
    expect(await harness.event(third.id).result()).toMatchObject({ delivered: ['witness'] });
    refused.clear();
    await harness.deadLetters.replay(
      { source: harness.source.name, eventId: broken.id },
      { by: 'ada', reason: 'mended' },
      30_000,
    );
    await vi.waitFor(
      () => expect(handedOf(first).map(({ eventId }) => eventId)).toEqual([first.id, third.id, broken.id]),
      { timeout: 20_000, interval: 50 },
    );
  });

  test('do not wait for a run that somebody ended by hand, and their workflow ends when nothing waits', async () => {
    const [first, second] = live(1);
    if (first === undefined || second === undefined) throw new Error('two events');
    // It waits for the first one; ended, it gives its place up.
    await harness.post(second);
    await vi.waitFor(async () => expect((await turnsOf(first).describe()).status.name).toBe('RUNNING'), {
      timeout: 20_000,
      interval: 50,
    });
    await harness.event(second.id).cancel();
    await expect(harness.event(second.id).result()).rejects.toThrow();
    await harness.post(first);
    expect(await harness.event(first.id).result()).toMatchObject({ outcome: 'applied' });
    expect(await turnsOf(first).result()).toEqual({ granted: 1 });
    await recordHistory(harness.runtime.client, 'entity-turns', turnsOf(first));
  });
});
