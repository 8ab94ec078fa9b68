import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Arrivals, defaultWatch, describeDuration, judgeRhythm } from '../../src/model/silence.ts';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
const week = 7 * day;
/** A Monday, at midnight by UTC. */
const monday = Date.UTC(2026, 0, 5);

/** A generator of numbers from 0 to 1 that a seed makes again. */
function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Deliveries that arrive by chance, at `perHour(time)` an hour; in the slots of the store. */
function arriving(
  from: number,
  until: number,
  perHour: (time: number) => number,
  random: () => number,
): Arrivals[] {
  const slots = new Map<number, Arrivals>();
  const most = 60;
  for (let time = from; time < until; time += (-Math.log(1 - random()) / most) * hour) {
    if (random() * most >= perHour(time)) continue;
    const slot = Math.floor(time / (5 * minute));
    const known = slots.get(slot) ?? { firstAt: time, lastAt: time, count: 0 };
    slots.set(slot, { firstAt: known.firstAt, lastAt: time, count: known.count + 1 });
  }
  return [...slots.values()];
}

/** Looks every five minutes from `from` to `until`; the first time at which the source is silent. */
function firstAlert(arrivals: readonly Arrivals[], from: number, until: number): number | null {
  let arrived = 0;
  for (let now = from; now < until; now += 5 * minute) {
    while ((arrivals[arrived]?.firstAt ?? Infinity) <= now) arrived += 1;
    const last = arrivals[arrived - 1]?.lastAt ?? 0;
    // What is no silence for anybody need not be judged.
    if (now - last <= defaultWatch.minimumMilliseconds) continue;
    if (judgeRhythm(arrivals.slice(0, arrived), now, defaultWatch).kind === 'silent') return now;
  }
  return null;
}

const byDay = (time: number): number => {
  const ofDay = time % day;
  return ofDay >= 8 * hour && ofDay < 18 * hour ? 30 : 0;
};
/** 1 January 1970 was a Thursday. */
const byWorkingDay = (time: number): number => ((Math.floor(time / day) + 3) % 7 < 5 ? byDay(time) : 0);

describe('the watch for silence', () => {
  it('learns for two days and sixty deliveries, and says nothing meanwhile', () => {
    const random = seeded(1);
    expect(judgeRhythm([], monday, defaultWatch)).toEqual({ kind: 'learning', lastAt: null });
    const short = arriving(monday, monday + 47 * hour, () => 30, random);
    const last = short.at(-1)?.lastAt ?? null;
    expect(judgeRhythm(short, monday + 47.9 * hour, defaultWatch)).toEqual({
      kind: 'learning',
      lastAt: last,
    });
    const few = arriving(monday, monday + 20 * day, () => 0.1, random).slice(0, 50);
    expect(judgeRhythm(few, monday + 27 * day, defaultWatch).kind).toBe('learning');
  });

  it('hardly ever takes chance for silence, at any rate', { timeout: 120_000 }, () => {
    let alerts = 0;
    for (const perHour of [0.5, 2, 6, 20]) {
      for (let seed = 1; seed <= 6; seed += 1) {
        const arrivals = arriving(monday, monday + 5 * week, () => perHour, seeded(seed * 1_000 + perHour));
        if (firstAlert(arrivals, monday + 4 * week, monday + 4 * week + 2 * day) !== null) alerts += 1;
      }
    }
    // 24 runs of two days: an alert in one of them would be one in fifty days.
    expect(alerts).toBeLessThanOrEqual(1);
  });

  it('notices that deliveries stop, soon after a silence is longer than ever', { timeout: 120_000 }, () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000_000 }), fc.constantFrom(6, 20, 50), (seed, perHour) => {
        const stop = monday + 4 * week + 13 * hour;
        const arrivals = arriving(monday, stop, () => perHour, seeded(seed));
        const alerted = firstAlert(arrivals, stop, stop + 2 * day);
        if (alerted === null) throw new Error('no alert within two days');
        const meanGap = hour / perHour;
        expect(alerted - stop).toBeGreaterThan(0);
        expect(alerted - stop).toBeLessThan(Math.max(20 * minute, 50 * meanGap));
      }),
      { numRuns: 20 },
    );
  });

  it(
    'lets nights and weekends be quiet, and notices a morning without deliveries',
    { timeout: 120_000 },
    () => {
      const random = seeded(7);
      const arrivals = arriving(monday, monday + 5 * week, byWorkingDay, random);
      // A whole week of the habit it has: nights and a weekend.
      expect(firstAlert(arrivals, monday + 4 * week, monday + 5 * week)).toBeNull();
      // On the Tuesday after four weeks nothing comes.
      const tuesday = monday + 4 * week + day;
      const stopped = arrivals.filter(({ lastAt }) => lastAt < tuesday);
      const alerted = firstAlert(stopped, tuesday, tuesday + day);
      expect(alerted).not.toBeNull();
      expect(((alerted ?? 0) - tuesday) / hour).toBeGreaterThan(8);
      expect(((alerted ?? 0) - tuesday) / hour).toBeLessThan(11);
    },
  );

  it('is not made blind by one bad week', () => {
    const all = arriving(monday, monday + 4 * week, () => 20, seeded(3));
    const outage = monday + 2 * week + 12 * hour;
    const arrivals = all.filter(({ firstAt }) => firstAt < outage - 6 * hour || firstAt > outage + 6 * hour);
    const now = monday + 4 * week + 12 * hour;
    const rhythm = judgeRhythm(
      [...arrivals, ...arriving(monday + 4 * week, now - 3 * hour, () => 20, seeded(4))],
      now,
      defaultWatch,
    );
    expect(rhythm.kind).toBe('silent');
  });

  it('never alerts below the minimum, whatever the habit is', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10_000 }), fc.integer({ min: 0, max: 14 }), (seed, minutes) => {
        const stop = monday + 4 * week;
        const arrivals = arriving(monday, stop, () => 60, seeded(seed));
        const lastAt = arrivals.at(-1)?.lastAt ?? 0;
        expect(judgeRhythm(arrivals, lastAt + minutes * minute, defaultWatch).kind).toBe('usual');
      }),
      { numRuns: 5 },
    );
  });

  it('says durations as people do', () => {
    const said = [5_000, 90_000, 12 * minute, 5 * hour, 3 * day].map(describeDuration);
    expect(said).toEqual(['5 s', '90 s', '12 min', '5 h', '3 days']);
  });
});
