import { expect, it } from 'vitest';
import { type Part, perSecondOn, simulate, unitsFor, usableShare } from '../../../bench/scaling/queueing.ts';

const part = (parts: Partial<Part> = {}): Part => ({
  name: 'receiver',
  millisecondsPerEvent: 10,
  waitMilliseconds: 0,
  beforeAnswer: true,
  ...parts,
});

it('agrees with the formula of a single server: the p99 of M/M/1 at half load is ln(100) times 20 ms', () => {
  const { answerP99, utilisation } = simulate([part()], [1], { perSecond: 50, events: 200_000, seed: 1 });
  expect(utilisation).toEqual([0.5]);
  expect(Math.abs(answerP99 / (Math.log(100) * 20) - 1)).toBeLessThan(0.1);
});

it('gives the same for the same seed', () => {
  const ask = { perSecond: 50, events: 1_000, seed: 7 };
  expect(simulate([part()], [1], ask)).toEqual(simulate([part()], [1], ask));
});

it('answers the vendor before the parts behind the answer', () => {
  const parts = [part(), part({ name: 'worker', beforeAnswer: false, waitMilliseconds: 500 })];
  const { answerP99, completionP99 } = simulate(parts, [4, 4], { perSecond: 50, events: 5_000, seed: 1 });
  expect(completionP99 - answerP99).toBeGreaterThan(400);
});

it('counts the units that hold a utilisation', () => {
  expect(unitsFor(part(), 1_000, 0.5)).toBe(20);
  expect(unitsFor(part(), 1, 0.7)).toBe(1);
});

it('reproduces the run that its usable share is from', () => {
  const run = { cores: 2, perSecond: 68, millisecondsPerEvent: 22.6 };
  expect(usableShare(run)).toBeCloseTo(0.77);
  expect(perSecondOn(run, usableShare(run))).toBeCloseTo(68);
});
