import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createRoom } from '../../../src/bodies/room.ts';

const piece = 65_536;

it('is given to those who wait in the order in which they came, once there is enough for each', async () => {
  const room = createRoom({ maxBytes: 10 * piece, withinMilliseconds: 60_000 });
  const order: string[] = [];
  const take = (name: string, pieces: number) =>
    room.take(pieces * piece).then((leave) => {
      order.push(name);
      return leave ?? expect.unreachable();
    });
  const first = await take('first', 6);
  const large = take('large', 8);
  // It would fit beside the first one, and does not overtake.
  const small = take('small', 2);
  await Promise.resolve();
  expect(order).toEqual(['first']);
  first();
  (await large)();
  (await small)();
  expect(order).toEqual(['first', 'large', 'small']);
});

it('is not given to who has waited for too long, and is not lost by that; what is larger than all of it has all of it', async () => {
  const room = createRoom({ maxBytes: 4 * piece, withinMilliseconds: 5 });
  const first = await room.take(4 * piece);
  expect(await room.take(1)).toBeNull();
  first?.();
  const all = await room.take(40 * piece);
  expect(all).not.toBeNull();
  expect(await room.take(1)).toBeNull();
  all?.();
  expect(await room.take(1)).not.toBeNull();
});

it('is never more than there is, whoever takes and leaves how much of it, and all of it is there at the end', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 10 * piece }), { maxLength: 30 }), async (sizes) => {
      let most = 0;
      let last = 0;
      const room = createRoom({
        maxBytes: 10 * piece,
        withinMilliseconds: 60_000,
        onChange: (bytes) => {
          most = Math.max(most, bytes);
          last = bytes;
        },
      });
      await Promise.all(
        sizes.map(async (bytes) => {
          const leave = await room.take(bytes);
          expect(leave).not.toBeNull();
          await Promise.resolve();
          leave?.();
          leave?.();
        }),
      );
      expect(most).toBeLessThanOrEqual(10 * piece);
      expect(last).toBe(0);
    }),
  );
});
