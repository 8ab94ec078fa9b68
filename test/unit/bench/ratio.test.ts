import { expect, test } from 'vitest';
import { isMet, ratioOf } from '../../../bench/tool/ratio.ts';

const about = {
  suite: 'receiving',
  name: 'throughput',
  server: 'full',
  unit: 'events/s',
  against: 'client.workflow.start',
} as const;

test('a ratio is the median of the pairs, not the ratio of the medians, and tells how far they lie apart', () => {
  const pairs = [
    { ours: 90, theirs: 100 },
    { ours: 30, theirs: 20 },
    { ours: 8, theirs: 10 },
  ];
  expect(ratioOf(pairs, { ...about, goal: { atLeast: 0.95 } })).toMatchObject({
    value: 0.9,
    spread: { minimum: 0.8, maximum: 1.5 },
    repetitions: 3,
    met: false,
    ours: 30,
    theirs: 20,
    note: null,
  });
});

test('a goal is met at its bound, and without one there is nothing to meet', () => {
  expect(isMet(2.5, { atLeast: 2.5 })).toBe(true);
  expect(isMet(2.49, { atLeast: 2.5 })).toBe(false);
  expect(isMet(1.15, { atMost: 1.15 })).toBe(true);
  expect(isMet(1.16, { atMost: 1.15 })).toBe(false);
  expect(isMet(7, null)).toBeNull();
});

test('what was never measured has no ratio', () => {
  expect(() => ratioOf([], { ...about, goal: null })).toThrow('throughput was not measured');
});
