import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { alertId, type AlertKey, type Finding, type Judgement } from '../../src/model/alerts.ts';
import { type AlertSilence, type Incident, settle } from '../../src/model/incidents.ts';

const minute = 60_000;
const begin = Date.UTC(2026, 0, 5);
const keys: AlertKey[] = [
  { kind: 'inbox', source: null },
  { kind: 'lag', source: 'stripe' },
  { kind: 'lag', source: 'github' },
];
const finding: Finding = { title: 'wrong', text: 'it is wrong', cause: null };

/** What one look finds of each key; `absent`: it is not judged any more. */
const look = fc.array(fc.constantFrom('wrong', 'well', 'unknown', 'absent'), {
  minLength: keys.length,
  maxLength: keys.length,
});
const looks = fc.array(look, { minLength: 1, maxLength: 60 });
const settling = fc.integer({ min: 0, max: 6 }).map((minutes) => minutes * minute);
const silences = fc.array(
  fc
    .record({
      kind: fc.constantFrom('any' as const, 'lag' as const, 'inbox' as const),
      source: fc.constantFrom(null, 'stripe'),
      minutes: fc.integer({ min: 0, max: 60 }),
    })
    .map(({ minutes, ...of }): AlertSilence => ({
      ...of,
      until: new Date(begin + minutes * minute).toISOString(),
      by: 'ada',
      reason: 'a test',
    })),
  { maxLength: 3 },
);

type Look = ('wrong' | 'well' | 'unknown' | 'absent')[];

interface Told {
  incident: string;
  phase: 'begun' | 'ended';
  at: number;
}

/** What the store makes of one look after the other, a minute apart. */
function run(all: readonly Look[], settleMilliseconds: number, silenced: readonly AlertSilence[] = []) {
  const open: Incident[] = [];
  const told: Told[] = [];
  const spans: { id: string; key: string; from: number; until: number; ended: boolean }[] = [];
  for (const [index, found] of all.entries()) {
    const now = begin + index * minute;
    const judgements = keys.flatMap((key, at): Judgement[] => {
      const seen = found[at];
      if (seen === 'absent' || seen === undefined) return [];
      return [{ ...key, finding: seen === 'wrong' ? finding : seen === 'well' ? null : 'unknown' }];
    });
    for (const step of settle(open, judgements, silenced, { now, settleMilliseconds })) {
      if (step.kind === 'begin') {
        const id = `${alertId(step.key)}@${index}`;
        const beganAt = new Date(now).toISOString();
        open.push({ id, ...step.key, ...step.finding, beganAt, clearSince: null, told: step.tell });
        spans.push({ id, key: alertId(step.key), from: index, until: all.length - 1, ended: false });
        if (step.tell) told.push({ incident: id, phase: 'begun', at: index });
        continue;
      }
      const place = open.findIndex(({ id }) => id === step.incident.id);
      const incident = open[place];
      if (incident === undefined) throw new Error('it is open');
      if (step.kind === 'clear') incident.clearSince = new Date(now).toISOString();
      if (step.kind === 'go-on') {
        incident.clearSince = null;
        incident.told ||= step.tell;
      }
      if (step.kind === 'end') {
        open.splice(place, 1);
        Object.assign(spans.find(({ id }) => id === incident.id) ?? {}, { until: index, ended: true });
      }
      if (step.kind !== 'clear' && step.tell) {
        told.push({ incident: incident.id, phase: step.kind === 'end' ? 'ended' : 'begun', at: index });
      }
    }
  }
  return { open, told, spans };
}

const at = (key: string) => keys.findIndex((each) => alertId(each) === key);

describe('incidents, whatever is found in whatever order', () => {
  it('are one message when they begin and one when they end, in this order, and no other', () => {
    fc.assert(
      fc.property(looks, settling, silences, (all, settleMilliseconds, silenced) => {
        const { told, spans } = run(all, settleMilliseconds, silenced);
        for (const { id, ended } of spans) {
          const phases = told.filter(({ incident }) => incident === id).map(({ phase }) => phase);
          const allowed = ended ? [[], ['begun', 'ended']] : [[], ['begun']];
          expect(allowed).toContainEqual(phases);
        }
      }),
    );
  });

  it('are told of at the first look that finds them, where nobody has silenced them', () => {
    fc.assert(
      fc.property(looks, settling, (all, settleMilliseconds) => {
        const { told, spans } = run(all, settleMilliseconds);
        const begun = told.filter(({ phase }) => phase === 'begun');
        expect(begun.map(({ incident, at: index }) => [incident, index])).toEqual(
          spans.map(({ id, from }) => [id, from]),
        );
      }),
    );
  });

  it('are one at a time of each alert: something wrong is always one that is open', () => {
    fc.assert(
      fc.property(looks, settling, (all, settleMilliseconds) => {
        const { spans } = run(all, settleMilliseconds);
        for (const [index, found] of all.entries()) {
          for (const key of keys.map(alertId)) {
            const during = spans.filter(
              (span) => span.key === key && span.from <= index && (index < span.until || !span.ended),
            );
            expect(during.length).toBeLessThanOrEqual(1);
            if (found[at(key)] === 'wrong') expect(during).toHaveLength(1);
          }
        }
      }),
    );
  });

  it('end only after nothing was wrong for long enough, and not by what could not be found out', () => {
    fc.assert(
      fc.property(looks, settling, (all, settleMilliseconds) => {
        const { spans } = run(all, settleMilliseconds);
        for (const { key, until, ended } of spans) {
          if (!ended) continue;
          const quiet = settleMilliseconds / minute;
          const before = all.slice(until - quiet, until + 1).map((found) => found[at(key)]);
          expect(before).not.toContain('wrong');
          expect(all[until]?.[at(key)]).not.toBe('unknown');
        }
      }),
    );
  });

  it('end at last, once all stays well', () => {
    fc.assert(
      fc.property(looks, settling, silences, (all, settleMilliseconds, silenced) => {
        const rest = Array.from({ length: settleMilliseconds / minute + 2 }, (): Look => [
          'well',
          'absent',
          'well',
        ]);
        expect(run([...all, ...rest], settleMilliseconds, silenced).open).toEqual([]);
      }),
    );
  });

  it('are told of when their silence ends, where they still last', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 60 }), (minutes, length) => {
        const until = new Date(begin + minutes * minute).toISOString();
        const silenced = [{ kind: 'inbox' as const, source: null, until, by: 'ada', reason: 'an upgrade' }];
        const all = Array.from({ length }, (): Look => ['wrong', 'well', 'well']);
        const { told } = run(all, 0, silenced);
        expect(told).toEqual(length > minutes ? [{ incident: 'inbox@0', phase: 'begun', at: minutes }] : []);
      }),
    );
  });
});
