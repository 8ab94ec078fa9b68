import { inspect } from 'node:util';
import { ApplicationFailure } from '@temporalio/activity';
import { MockActivityEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FailureDetail } from '../../../activities/types.ts';
import type { DestinationWrite } from '../../../src/destinations/define-destination.ts';
import { DestinationUnavailableError, StoreUnavailableError } from '../../../src/errors.ts';
import { eventRef } from '../../../src/model/event.ts';
import type { JsonValue } from '../../../src/model/json.ts';
import type { Store } from '../../../src/store/store.ts';
import { buildInboxItem } from '../../support/build-apply.ts';
import { createLandOnce, shopSource } from '../../support/land-once.ts';
import { openTestStore, sha256 } from '../../support/receiver.ts';

const inlineBodyBytes = 1_000;
const entity = { type: 'customer', id: 'cus_1' };

let store: Store;
beforeAll(async () => {
  store = await openTestStore();
}, 60_000);
afterAll(() => store.close());

/** A shop whose customer takes about so many bytes, and whose CRM fails so often. */
function shop(bytes: number, { failures = 0, kept = store }: { failures?: number; kept?: Store } = {}) {
  const data = { text: 'x'.repeat(bytes) };
  const writes: DestinationWrite[] = [];
  const state = { failures, fetches: 0 };
  const source = shopSource({
    fetchRecord: () => {
      state.fetches += 1;
      return Promise.resolve({ data, version: '1', sourceTime: null });
    },
    destinations: [
      {
        name: 'crm',
        deliver: (write) => {
          if (state.failures > 0) {
            state.failures -= 1;
            return Promise.reject(new DestinationUnavailableError('503', null));
          }
          writes.push(write);
          return Promise.resolve();
        },
      },
    ],
  });
  return { ...createLandOnce(kept, source, inlineBodyBytes), data, writes, state };
}

async function detailOf(landing: Promise<unknown>): Promise<FailureDetail> {
  const error: unknown = await landing.then(
    () => expect.unreachable(),
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof ApplicationFailure)) throw error;
  return error.details?.[0] as FailureDetail;
}
const recordIn = async (): Promise<JsonValue> => (await store.findRecord('shop', entity))?.data ?? null;

/** A shop that hides the note of its customers, and whose CRM quotes it as it refuses them. */
function quotingShop() {
  const note = 'nobody gets to see this';
  const data = { note, text: 'x'.repeat(5_000) };
  const source = shopSource({
    redact: ['/note'],
    fetchRecord: () => Promise.resolve({ data, version: '1', sourceTime: null }),
    destinations: [
      {
        name: 'crm',
        deliver: ({ record }) => {
          const cause = new Error(`answered ${JSON.stringify(record)}`);
          return Promise.reject(new DestinationUnavailableError(`refused "${note}"`, null, { cause }));
        },
      },
    ],
  });
  return { ...createLandOnce(store, source, inlineBodyBytes), note };
}

describe('A large record', () => {
  it('that lands at the first attempt never leaves it, and is put nowhere but into its row', async () => {
    const { land, data, writes } = shop(2_000_000);
    expect(await land('evt_1', {}, { byReference: true })).toMatchObject({ kind: 'landed' });
    expect(await recordIn()).toEqual(data);
    expect(writes).toMatchObject([{ record: data }]);
    expect(await store.readBody(sha256(JSON.stringify(data)))).toBeNull();
  });

  it('that its destination failed at is gone on with by its reference, and handed on whole', async () => {
    const { land, activities, data, writes } = shop(2_100_000, { failures: 1 });
    const { applied } = await detailOf(land('evt_2', {}, { byReference: true }));
    const stored = { sha256: sha256(JSON.stringify(data)), contentType: 'application/json' };
    expect(applied).toMatchObject({ incoming: { data: null, storedData: stored, deleted: false } });
    if (applied?.incoming == null) throw new Error('It was applied.');
    const { event } = buildInboxItem('evt_2');
    await new MockActivityEnvironment().run(activities.deliverStored, {
      event: eventRef(event),
      destination: 'crm',
      incoming: applied.incoming,
      outcome: applied.applied.outcome,
      nonce: null,
      handedOnAs: null,
    });
    expect(writes).toMatchObject([{ record: data }]);
  });

  it('that its destination quotes shows nothing that is hidden, though its reference is all that is known of it', async () => {
    const { land, activities, note, log } = quotingShop();
    const thrown: unknown[] = [];
    const { applied } = await detailOf(
      land('evt_6', {}, { byReference: true }).catch((error: unknown) => {
        thrown.push(error);
        throw error;
      }),
    );
    expect(applied?.incoming).toMatchObject({ data: null });
    if (applied?.incoming == null) throw new Error('It was applied.');
    const environment = new MockActivityEnvironment();
    const { event } = buildInboxItem('evt_6');
    const input = {
      ...{ event: eventRef(event), destination: 'crm', incoming: applied.incoming },
      ...{ outcome: applied.applied.outcome, nonce: null, handedOnAs: null },
    };
    await environment.run(activities.deliverStored, input).catch((error: unknown) => thrown.push(error));
    expect(thrown).toHaveLength(2);
    for (const error of thrown) {
      expect(error).toMatchObject({ type: 'LANDFALL_DESTINATION_UNAVAILABLE' });
      expect(inspect(error, { depth: 10 })).toContain('refused "[redacted]"');
      expect(inspect(error, { depth: 10 })).not.toContain(note);
    }
    expect(JSON.stringify(log)).not.toContain(note);
  });

  it('in a run that an earlier version began stands in its history itself, as it did', async () => {
    const { land, data } = shop(5_000, { failures: 1 });
    const { applied } = await detailOf(land('evt_3'));
    expect(applied?.incoming?.data).toEqual(data);
    expect(applied?.incoming).not.toHaveProperty('storedData');
  });

  it('that no history takes, and the store neither, is fetched again: what was handed on is not forgotten', async () => {
    const away: Store = {
      ...store,
      keepBody: () => Promise.reject(new StoreUnavailableError('It is away.')),
    };
    const { land, state, writes } = shop(2_200_000, { failures: 1, kept: away });
    const detail = await detailOf(land('evt_4', {}, { byReference: true, runId: 'one' }));
    expect(detail).not.toHaveProperty('applied');
    expect(detail.step).toBe('deliver crm');
    expect(await land('evt_4', {}, { byReference: true, runId: 'one' })).toMatchObject({ kind: 'landed' });
    expect(writes).toHaveLength(1);
    expect(state.fetches).toBeGreaterThan(0);
  });

  it('that is all there is comes out of the store, where the delivery has put it', async () => {
    const { land, writes } = shop(10);
    const letter = { text: 'y'.repeat(3_000_000) };
    const body = Buffer.from(JSON.stringify(letter));
    await store.keepBody(body, sha256(body), null);
    const storedSnapshot = { sha256: sha256(body), bytes: body.length, contentType: 'application/json' };
    const announced = { version: '9', sourceTime: null };
    const landed = await land('evt_5', { announced, storedSnapshot }, { byReference: true });
    expect(landed).toMatchObject({ kind: 'landed', landed: { result: { outcome: 'applied' } } });
    expect(await recordIn()).toEqual(letter);
    expect(writes).toMatchObject([{ record: letter }]);
  });
});
