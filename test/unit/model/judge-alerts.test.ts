import { describe, expect, it } from 'vitest';
import {
  alertId,
  alertKinds,
  type AlertFacts,
  type AlertSettings,
  type OpenWork,
  type SourceFacts,
} from '../../../src/model/alerts.ts';
import { judgeAlerts } from '../../../src/model/judge-alerts.ts';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
const now = Date.UTC(2026, 0, 5, 12);

const settings: AlertSettings = {
  everyMilliseconds: minute,
  settleMilliseconds: 5 * minute,
  rejections: 10,
  deadLetters: 1,
  deadLetterAgeMilliseconds: day,
  inboxMilliseconds: 5 * minute,
  lagMilliseconds: 10 * minute,
};
const idle: OpenWork = { deadLetters: { count: 0, oldestAt: null }, holds: [], silentSince: null };
const well: SourceFacts = {
  source: 'stripe',
  rejections: { refused: [], arrivals: [], starts: [], openSince: null, allRejectedUntil: null },
  lag: { count: 100, late: 0, worstMilliseconds: 900 },
  reconciliation: {
    everyMilliseconds: day,
    reconciledUntil: now - hour,
    newest: { complete: true, missed: 0, scanned: 100, alert: null },
  },
  open: idle,
};

/** What is found, by name: null where all is well. */
function judge(
  of: Partial<SourceFacts> = {},
  all: Partial<AlertFacts> = {},
  more: Partial<AlertSettings> = {},
): Record<string, unknown> {
  const facts: AlertFacts = {
    now,
    sources: [{ ...well, ...of }],
    inbox: { oldestAt: null, count: 0 },
    unjudgedSince: null,
    ...all,
  };
  const judged = judgeAlerts(facts, { ...settings, ...more });
  return Object.fromEntries(
    judged
      .filter(({ finding }) => finding !== null)
      .map(({ kind, source, finding }) => [
        alertId({ kind, source }),
        finding === 'unknown' || finding === null ? finding : finding.text,
      ]),
  );
}

describe('judging alerts', () => {
  it('finds nothing where all is well', () => {
    expect(judge()).toEqual({});
  });

  it('judges each kind of each source once', () => {
    const sources = ['stripe', 'github'].map((source) => ({ ...well, source }));
    const facts = { now, sources, inbox: { oldestAt: null, count: 0 }, unjudgedSince: null };
    const kinds = alertKinds.filter((kind) => kind !== 'inbox' && kind !== 'processing');
    const keys = judgeAlerts(facts, settings).map(alertId);
    expect(keys.sort()).toEqual(
      [
        'inbox',
        'processing',
        ...sources.flatMap(({ source }) => kinds.map((kind) => `${kind}:${source}`)),
      ].sort(),
    );
  });

  it('finds open dead letters by their number', () => {
    const deadLetters = { count: 3, oldestAt: now - 2 * hour };
    expect(judge({ open: { ...idle, deadLetters } })).toEqual({
      'dead-letters:stripe':
        '3 events have failed for good and wait for somebody to decide, the oldest for 2 h.',
    });
    expect(judge({ open: { ...idle, deadLetters } }, {}, { deadLetters: 4 })).toEqual({});
    expect(judge({ open: { ...idle, deadLetters } }, {}, { deadLetters: null })).toEqual({});
    expect(judge({ open: { ...idle, deadLetters: { count: 1, oldestAt: now } } })).toEqual({
      'dead-letters:stripe': expect.stringMatching(/^One event has failed for good and waits for somebody/),
    });
  });

  it('finds open dead letters by the age of the oldest, one message for each of the two', () => {
    const aged = (age: number) => ({ open: { ...idle, deadLetters: { count: 1, oldestAt: now - age } } });
    expect(Object.keys(judge(aged(day + 1)))).toEqual(['dead-letters:stripe', 'old-dead-letters:stripe']);
    expect(Object.keys(judge(aged(day)))).toEqual(['dead-letters:stripe']);
    expect(Object.keys(judge(aged(2 * day), {}, { deadLetterAgeMilliseconds: null }))).toEqual([
      'dead-letters:stripe',
    ]);
  });

  it('finds a silence that the watch has found, and a hold with what failed', () => {
    const holds = [{ error: 'LANDFALL_VENDOR_REFUSED', since: now - minute }];
    expect(judge({ open: { ...idle, silentSince: now - 3 * hour, holds } })).toEqual({
      'silence:stripe': expect.stringContaining('noticed at 2026-01-05 09:00 UTC, 3 h ago'),
      'held:stripe': expect.stringContaining('LANDFALL_VENDOR_REFUSED since 2026-01-05 11:59 UTC'),
    });
  });

  it('knows nothing of what only Temporal knows where that did not answer, and judges the rest', () => {
    expect(judge({ open: null }, { inbox: { oldestAt: now - hour, count: 2 } })).toEqual({
      inbox: expect.stringContaining('2 events wait'),
      'dead-letters:stripe': 'unknown',
      'old-dead-letters:stripe': 'unknown',
      'silence:stripe': 'unknown',
      'held:stripe': 'unknown',
    });
  });

  it('finds the inbox not empty for too long, not merely in use', () => {
    const waiting = (age: number) => ({ inbox: { oldestAt: now - age, count: 1 } });
    expect(judge({}, waiting(5 * minute))).toEqual({});
    expect(Object.keys(judge({}, waiting(5 * minute + 1)))).toEqual(['inbox']);
    expect(judge({}, waiting(day), { inboxMilliseconds: null })).toEqual({});
  });

  it('finds that nobody processes', () => {
    expect(judge({}, { unjudgedSince: now - hour })).toEqual({
      processing: expect.stringContaining('No worker has been heard of since 2026-01-05 11:00 UTC'),
    });
  });

  it('finds a reconciliation overdue after one and a half times its interval, and the time that a run takes', () => {
    const until = (age: number | null) => ({
      reconciliation: {
        everyMilliseconds: day,
        reconciledUntil: age === null ? null : now - age,
        newest: null,
      },
    });
    expect(judge(until(1.5 * day + 15 * minute))).toEqual({});
    expect(judge(until(1.5 * day + 15 * minute + 1))).toEqual({
      'reconciliation-overdue:stripe': expect.stringContaining('one is due every 24 h'),
    });
    // The first run takes as long as it takes.
    expect(judge(until(null))).toEqual({});
    expect(judge({ reconciliation: null })).toEqual({});
  });

  it('finds a reconciliation that broke off, or that found many', () => {
    const newest = (parts: object) => ({
      reconciliation: {
        everyMilliseconds: day,
        reconciledUntil: now,
        newest: { complete: true, missed: 0, scanned: 100, alert: null, ...parts },
      },
    });
    expect(judge(newest({ complete: false }))).toEqual({
      'reconciliation-incomplete:stripe': expect.stringContaining('100 changes were read'),
    });
    expect(judge(newest({ missed: 30, alert: '30 of 100 listed changes.' }))).toEqual({
      'reconciliation-misses:stripe': expect.stringContaining('30 of 100 listed changes.'),
    });
  });

  it('finds lag where most changes are late, three at least', () => {
    const lag = (late: number, count: number) => ({ lag: { late, count, worstMilliseconds: hour } });
    expect(judge(lag(2, 2))).toEqual({});
    expect(judge(lag(3, 6))).toEqual({});
    expect(judge(lag(3, 5))).toEqual({
      'lag:stripe': expect.stringContaining(
        '3 of the last 5 changes were applied more than 10 min after they happened at the vendor, the worst 60 min after',
      ),
    });
    expect(judge(lag(5, 5), {}, { lagMilliseconds: null })).toEqual({});
  });

  describe('of refused deliveries', () => {
    const refused = Array.from({ length: 5 }, (_, index) => ({
      reason: 'bad_signature',
      at: now - index * minute,
      lasts: minute,
      count: 20,
    }));
    const arrivals = Array.from({ length: 15 * 288 - 2 }, (_, index) => ({
      firstAt: now - 15 * day + index * 5 * minute,
      lastAt: now - 15 * day + (index + 1) * 5 * minute,
      count: 50,
    }));
    const rejections = { refused, arrivals, starts: [], openSince: null, allRejectedUntil: null };

    it('says the worse of the two alone', () => {
      expect(Object.keys(judge({ rejections }))).toEqual(['all-rejected:stripe']);
    });

    it('goes on with the other where that was there first', () => {
      expect(Object.keys(judge({ rejections: { ...rejections, openSince: now - hour } }))).toEqual([
        'all-rejected:stripe',
        'rejections:stripe',
      ]);
    });

    it('says nothing more of them when good ones arrive again', () => {
      const good = { firstAt: now - 1_000, lastAt: now - 1_000, count: 1 };
      const over = { ...rejections, arrivals: [...arrivals, good], allRejectedUntil: now };
      expect(judge({ rejections: over })).toEqual({});
      expect(Object.keys(judge({ rejections: { ...over, allRejectedUntil: null } }))).toEqual([
        'rejections:stripe',
      ]);
      // What is refused after that is something else.
      expect(Object.keys(judge({ rejections: { ...over, allRejectedUntil: now - 150_000 } }))).toEqual([
        'rejections:stripe',
      ]);
    });

    it('finds neither where they are not judged', () => {
      expect(judge({ rejections }, {}, { rejections: null })).toEqual({});
    });
  });
});
