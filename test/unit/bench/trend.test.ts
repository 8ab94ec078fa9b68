import { expect, test } from 'vitest';
import { trendOf } from '../../../bench/tool/trend.ts';

test('a straight line has its slope, and no doubt about it', () => {
  const trend = trendOf([
    [0, 100],
    [1, 103],
    [2, 106],
    [3, 109],
  ]);
  expect(trend.slope).toBeCloseTo(3);
  expect(trend.confidence).toBeCloseTo(0);
});

test('the confidence is 1.96 standard errors of the slope', () => {
  // By hand: y = 0.7 x + 0.7 leaves squares of 0.3 in all, on two degrees of freedom, over 5 of x: 0.3 / 2 / 5 = 0.03.
  const trend = trendOf([
    [0, 1],
    [1, 1],
    [2, 2],
    [3, 3],
  ]);
  expect(trend.slope).toBeCloseTo(0.7);
  expect(trend.confidence).toBeCloseTo(1.96 * Math.sqrt(0.03));
});

test('two samples make no trend', () => {
  expect(() =>
    trendOf([
      [0, 1],
      [1, 2],
    ]),
  ).toThrow(RangeError);
});
