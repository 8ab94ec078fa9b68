import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createReferToRecord, holdRecord } from '../../../activities/refer-to-record.ts';
import { createRoom } from '../../../src/bodies/room.ts';
import { BodyGoneError, RecordTooLargeError, StoreUnavailableError } from '../../../src/errors.ts';
import type { JsonValue } from '../../../src/model/json.ts';
import { createMetrics } from '../../../src/monitoring/metrics.ts';
import type { Store } from '../../../src/store/store.ts';
import { buildIncoming } from '../../support/build-apply.ts';

const mebibyte = 1_048_576;

/** A store of bodies alone. */
function setUp(inlineBodyBytes = 1_000) {
  const kept = new Map<string, Buffer>();
  const state = { away: false };
  const store: Pick<Store, 'keepBody' | 'readBody'> = {
    keepBody: (body, sha256) => {
      if (state.away) return Promise.reject(new StoreUnavailableError('It is away.'));
      const known = kept.has(sha256);
      kept.set(sha256, Buffer.from(body));
      return Promise.resolve(known ? 'known' : 'new');
    },
    readBody: (sha256) => Promise.resolve(kept.get(sha256) ?? null),
  };
  const room = createRoom({ maxBytes: 12 * mebibyte, withinMilliseconds: 10 });
  const refer = createReferToRecord({ store: store as Store, metrics: createMetrics(), inlineBodyBytes });
  return { kept, state, store, room, refer };
}
const recordOf = (bytes: number) => buildIncoming({ data: { text: 'x'.repeat(bytes) } });
const byReference = { byReference: true };

describe('A record that leaves an activity', () => {
  it('comes back as it was, at any threshold, and only a large one was kept', async () => {
    // As JSON has it: no negative zero comes back from there.
    const anyData = fc.jsonValue().map((data) => JSON.parse(JSON.stringify(data)) as JsonValue);
    const anyRecord = anyData.map((data) => buildIncoming({ data }));
    await fc.assert(
      fc.asyncProperty(anyRecord, fc.integer({ min: 0, max: 100 }), async (record, threshold) => {
        const { kept, store, room, refer } = setUp(threshold);
        const referred = await refer('shop', record, byReference);
        const bytes = Buffer.byteLength(JSON.stringify(record.data));
        expect(kept.size).toBe(record.data !== null && bytes > threshold ? 1 : 0);
        expect(referred.storedData === undefined).toBe(kept.size === 0);
        if (kept.size > 0) expect(referred.data).toBeNull();
        const { incoming, leave } = await holdRecord({ store, room }, referred);
        leave();
        expect(incoming).toEqual(record);
      }),
    );
  });

  it('of a run that an earlier version began goes whole, or says what to do', async () => {
    const { kept, refer } = setUp();
    const record = recordOf(mebibyte);
    expect(await refer('shop', record, { byReference: false })).toBe(record);
    const tooLarge = refer('shop', recordOf(2 * mebibyte), { byReference: false });
    await expect(tooLarge).rejects.toThrow(RecordTooLargeError);
    await expect(tooLarge).rejects.toThrow(/customer\/cus_1 of shop .* Replay it\./);
    expect(kept.size).toBe(0);
  });

  it('goes whole while the store is away, as far as a history takes it', async () => {
    const { state, refer } = setUp();
    state.away = true;
    const record = recordOf(mebibyte);
    expect(await refer('shop', record, byReference)).toBe(record);
    await expect(refer('shop', recordOf(2 * mebibyte), byReference)).rejects.toThrow(StoreUnavailableError);
  });

  it('that is gone from the store says so, and keeps no room', async () => {
    const { kept, store, room, refer } = setUp();
    const referred = await refer('shop', recordOf(2 * mebibyte), byReference);
    const bodies = new Map(kept);
    kept.clear();
    await expect(holdRecord({ store, room }, referred)).rejects.toThrow(BodyGoneError);
    for (const [sha256, body] of bodies) kept.set(sha256, body);
    const { leave } = await holdRecord({ store, room }, referred);
    leave();
  });

  it('is read back once there is room for it', async () => {
    const { store, room, refer } = setUp();
    const referred = await refer('shop', recordOf(2 * mebibyte), byReference);
    const first = await holdRecord({ store, room }, referred);
    await expect(holdRecord({ store, room }, referred)).rejects.toThrow(StoreUnavailableError);
    // Small ones need none.
    const small = await holdRecord({ store, room }, recordOf(10));
    expect(small.incoming).toEqual(recordOf(10));
    first.leave();
    const second = await holdRecord({ store, room }, referred);
    expect(second.incoming).toEqual(recordOf(2 * mebibyte));
    second.leave();
  });
});
