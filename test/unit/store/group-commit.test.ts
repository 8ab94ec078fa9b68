import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createGroupCommit } from '../../../src/store/group-commit.ts';

class Refused extends Error {}
const isOfOneItem = (error: unknown) => error instanceof Refused;

test('what comes while a write is under way goes with the next one, in order', async () => {
  const groups: number[][] = [];
  let release = (): void => undefined;
  const first = new Promise<void>((resolve) => {
    release = resolve;
  });
  const write = createGroupCommit<number, number>(
    async (items) => {
      groups.push([...items]);
      if (groups.length === 1) await first;
      return items.map((item) => item * 10);
    },
    { maxItems: 3, isOfOneItem },
  );
  const results = Promise.all([1, 2, 3, 4, 5].map(write));
  release();
  expect(await results).toEqual([10, 20, 30, 40, 50]);
  expect(groups).toEqual([[1], [2, 3, 4], [5]]);
});

test('each gets its own answer, and what is refused fails alone, whoever it was with', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.boolean(), { maxLength: 40 }),
      fc.integer({ min: 1, max: 7 }),
      async (good, maxItems) => {
        const written: number[] = [];
        const write = createGroupCommit<number, number>(
          async (items) => {
            await Promise.resolve();
            if (items.some((item) => good[item] === false)) throw new Refused();
            written.push(...items);
            return items;
          },
          { maxItems, isOfOneItem },
        );
        const results = await Promise.allSettled(good.map((_, index) => write(index)));
        expect(results.map(({ status }) => status === 'fulfilled')).toEqual(good);
        expect(written).toEqual(good.flatMap((is, index) => (is ? [index] : [])));
      },
    ),
  );
});

test('an outage fails all of a write, and not what comes after it', async () => {
  let down = true;
  const write = createGroupCommit<number, number>(
    (items) => (down ? Promise.reject(new Error('no connection')) : Promise.resolve(items)),
    { maxItems: 10, isOfOneItem },
  );
  const results = await Promise.allSettled([1, 2, 3].map(write));
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
  down = false;
  expect(await write(4)).toBe(4);
});
