import { expect, test } from 'vitest';
import { takeEach } from '../../../src/model/take-each.ts';

test('answers in the order of the items, with no more at once than is said', async () => {
  let atOnce = 0;
  let most = 0;
  const answers = await takeEach([30, 10, 20, 0, 5], 2, async (milliseconds) => {
    atOnce += 1;
    most = Math.max(most, atOnce);
    await new Promise((resolve) => setTimeout(resolve, milliseconds));
    atOnce -= 1;
    return milliseconds;
  });
  expect(answers).toEqual([30, 10, 20, 0, 5]);
  expect(most).toBe(2);
  expect(await takeEach([], 2, () => Promise.reject(new Error('nothing to do')))).toEqual([]);
});

test('begins no other once one has failed, and tells it when those under way have ended', async () => {
  const begun: number[] = [];
  const ended: number[] = [];
  const taken = takeEach([1, 2, 3, 4], 2, async (item) => {
    begun.push(item);
    if (item === 1) throw new Error('the first');
    await new Promise((resolve) => setTimeout(resolve, 5));
    ended.push(item);
  });
  await expect(taken).rejects.toThrow('the first');
  expect(begun).toEqual([1, 2]);
  expect(ended).toEqual([2]);
});
