import { describe, expect, it } from 'vitest';
import {
  judgeAllRejected,
  judgeRejections,
  type Refused,
  type RejectionFacts,
} from '../../../src/model/judge-rejections.ts';
import type { Arrivals } from '../../../src/model/silence.ts';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
/** A Monday at noon, by UTC. */
const now = Date.UTC(2026, 0, 5, 12);
const least = 10;

const facts = (parts: Partial<RejectionFacts>): RejectionFacts => ({
  refused: [],
  arrivals: [],
  starts: [],
  openSince: null,
  allRejectedUntil: null,
  ...parts,
});

/** One each minute, from the oldest to the newest, as the last hour is counted. */
const refusedEachMinute = (
  count: number,
  { minutes = 5, reason = 'bad_signature' }: { minutes?: number; reason?: string } = {},
): Refused[] =>
  Array.from({ length: minutes }, (_, index) => ({
    reason,
    at: now - (minutes - 1 - index) * minute,
    lasts: minute,
    count,
  }));

/** So many in each hour of the week before the last hour. */
const refusedEachHour = (count: number, reason = 'bad_signature'): Refused[] =>
  Array.from({ length: 166 }, (_, index) => ({
    reason,
    at: now - (index + 2) * hour,
    lasts: hour,
    count,
  }));

/** Good deliveries in each five minutes, from fifteen days ago until `until`. */
const goodUntil = (until: number, count = 50): Arrivals[] => {
  const from = until - 15 * day;
  return Array.from({ length: 15 * 288 }, (_, index) => ({
    firstAt: from + index * 5 * minute,
    lastAt: from + (index + 1) * 5 * minute,
    count,
  }));
};

describe('that every delivery is refused', () => {
  const judge = (parts: Partial<RejectionFacts>) => judgeAllRejected(facts(parts), now);

  it('is found where good ones stopped and bad ones came instead: the secret was rotated', () => {
    const finding = judge({ refused: refusedEachMinute(10), arrivals: goodUntil(now - 5 * minute) });
    expect(finding).toMatchObject({ title: 'every delivery is refused', cause: 'key-rotated' });
    expect(finding?.text).toContain('(50 bad_signature), and none was accepted');
    expect(finding?.text).toContain('The last good one arrived at 2026-01-05 11:55 UTC.');
  });

  it.each([
    ['missing_header', 'scheme-changed'],
    ['malformed_header', 'scheme-changed'],
    ['stale_timestamp', 'clock'],
    ['no_secret_configured', 'our-deploy'],
  ])('for %s is likely to be %s', (reason, cause) => {
    const arrivals = goodUntil(now - 5 * minute);
    expect(judge({ refused: refusedEachMinute(10, { reason }), arrivals })).toMatchObject({ cause });
  });

  it('is ours where it began when a receiver was started, whatever the reason', () => {
    const parts = { refused: refusedEachMinute(10), arrivals: goodUntil(now - 5 * minute) };
    expect(judge({ ...parts, starts: [now - day, now - 5 * minute] })).toMatchObject({
      cause: 'our-deploy',
    });
    expect(judge({ ...parts, starts: [now - day] })).toMatchObject({ cause: 'key-rotated' });
  });

  it('is not found while a good one may merely not be written down yet', () => {
    expect(judge({ refused: refusedEachMinute(10), arrivals: goodUntil(now - minute) })).toBeNull();
  });

  it('is not found where a stranger knocks in a night in which no good ones come', () => {
    const byDay = goodUntil(now - 4 * hour).filter(({ firstAt }) => {
      const ofDay = firstAt % day;
      return ofDay >= 14 * hour && ofDay < 20 * hour;
    });
    expect(judge({ refused: refusedEachMinute(10), arrivals: byDay })).toBeNull();
  });

  it('is found of a source with one delivery an hour, when five are missing', () => {
    const hourly = (until: number) =>
      Array.from({ length: 15 * 24 }, (_, index) => now - 15 * day + index * hour)
        .filter((at) => at <= until)
        .map((at) => ({ firstAt: at, lastAt: at, count: 1 }));
    const refusedHourly = (hours: number): Refused[] =>
      Array.from({ length: hours }, (_, index) => ({
        reason: 'bad_signature',
        at: now - (index + 1) * hour,
        lasts: hour,
        count: 1,
      }));
    expect(judge({ refused: refusedHourly(3), arrivals: hourly(now - 4 * hour) })).toBeNull();
    expect(judge({ refused: refusedHourly(6), arrivals: hourly(now - 7 * hour) })).not.toBeNull();
  });

  it('is not said of a source that never had a good one', () => {
    expect(judge({ refused: refusedEachMinute(10) })).toBeNull();
  });
});

describe('that unusually many are refused', () => {
  const judge = (parts: Partial<RejectionFacts>) => judgeRejections(facts(parts), now, least);
  const good = goodUntil(now);

  it('is found against the usual rate of the source itself', () => {
    const spike = refusedEachMinute(4);
    expect(judge({ refused: [...spike, ...refusedEachHour(1)], arrivals: good })).toMatchObject({
      title: 'unusually many deliveries are refused',
    });
    // Five in five minutes are usual here.
    expect(judge({ refused: [...spike, ...refusedEachHour(60)], arrivals: good })).toBeNull();
    expect(
      judge({ refused: [...refusedEachMinute(6), ...refusedEachHour(60)], arrivals: good }),
    ).not.toBeNull();
  });

  it('is found by reason: a usual one hides no unusual one', () => {
    const usual = [
      ...refusedEachMinute(4, { reason: 'missing_header' }),
      ...refusedEachHour(60, 'missing_header'),
    ];
    expect(judge({ refused: usual, arrivals: good })).toBeNull();
    const finding = judge({ refused: [...usual, ...refusedEachMinute(3)], arrivals: good });
    expect(finding?.text).toContain(
      '35 deliveries were refused within five minutes (20 missing_header, 15 bad_signature)',
    );
    expect(finding).toMatchObject({ cause: 'probing' });
  });

  it('is nothing below the least number, however quiet the source is', () => {
    expect(judge({ refused: refusedEachMinute(1), arrivals: good })).toBeNull();
    expect(judge({ refused: refusedEachMinute(2), arrivals: good })).not.toBeNull();
  });

  it('does not become usual by lasting', () => {
    const lasting = [...refusedEachMinute(4, { minutes: 60 }), ...refusedEachHour(480).slice(0, 30)];
    expect(judge({ refused: lasting, arrivals: good, openSince: now - 31 * hour })).not.toBeNull();
    // By itself it would: thirty hours of the week are enough.
    expect(judge({ refused: lasting, arrivals: good })).toBeNull();
  });

  it('says when it began', () => {
    const finding = judge({ refused: refusedEachMinute(4, { minutes: 20 }), arrivals: good });
    expect(finding?.text).toContain('It began at 2026-01-05 11:41 UTC.');
  });

  it.each([
    ['as many wrong signatures as good ones', 'bad_signature', 20, 'second-secret'],
    ['a few wrong signatures beside good ones', 'bad_signature', 2, 'probing'],
    ['requests without a signature', 'missing_header', 20, 'probing'],
    ['old deliveries that are sent again', 'stale_timestamp', 2, 'replayed'],
    ['no secret of ours', 'no_secret_configured', 2, 'our-deploy'],
  ])('is told apart: %s', (_, reason, count, cause) => {
    expect(judge({ refused: refusedEachMinute(count, { reason }), arrivals: good })).toMatchObject({ cause });
  });

  it('is ours where it began when one of several receivers was started', () => {
    const parts = { refused: refusedEachMinute(4, { minutes: 4 }), arrivals: good };
    expect(judge({ ...parts, starts: [now - 5 * minute] })).toMatchObject({ cause: 'our-deploy' });
    // Whoever sends nothing that is signed is nobody whom a deploy could have turned away.
    const unsigned = refusedEachMinute(4, { minutes: 4, reason: 'missing_header' });
    expect(judge({ ...parts, refused: unsigned, starts: [now - 5 * minute] })).toMatchObject({
      cause: 'probing',
    });
  });

  it('of a source that never had a good one is the wrong secret', () => {
    expect(judge({ refused: refusedEachMinute(4) })).toMatchObject({ cause: 'wrong-secret' });
  });
});
