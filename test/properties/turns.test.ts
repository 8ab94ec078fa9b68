import fc from 'fast-check';
import { expect, test } from 'vitest';
import { nextTurn, type OrderingSettings, type Ticket } from '../../src/model/turns.ts';
import { newerVersion, type RecordVersion } from '../../src/model/version.ts';

type Settings = Pick<OrderingSettings, 'consecutiveVersions' | 'gapMilliseconds'>;

/** A record's events with the moments at which they come. */
const arrivals = fc
  .array(fc.integer({ min: 0, max: 50_000 }), { minLength: 1, maxLength: 8 })
  .map((moments) => moments.map((at, index) => ({ version: index + 1, at })));

/** Lets time pass from event to event and gives the turns as the workflow does, each for `turnMilliseconds`. */
function run(
  events: readonly { version: number; at: number }[],
  settings: Settings,
  { turnMilliseconds, known = null }: { turnMilliseconds: number; known?: RecordVersion | null },
): { version: number; at: number }[] {
  const coming = [...events].sort((a, b) => a.at - b.at);
  const waiting: Ticket[] = [];
  const turns: { version: number; at: number }[] = [];
  let last = known;
  let now = 0;
  for (;;) {
    while (coming[0] !== undefined && coming[0].at <= now) {
      const { version, at } = coming.shift() ?? { version: 0, at: 0 };
      const announced = { version: String(version), sourceTime: null };
      waiting.push({ eventId: `evt_${version}`, runId: `run_${version}`, announced, at });
    }
    const next = nextTurn(waiting, last, settings, now);
    if (next.kind === 'turn') {
      waiting.splice(waiting.indexOf(next.ticket), 1);
      turns.push({ version: Number(next.ticket.announced.version), at: now });
      last = last === null ? next.ticket.announced : newerVersion(next.ticket.announced, last);
      now += turnMilliseconds;
    } else if (next.kind === 'wait') {
      expect(next.milliseconds).toBeGreaterThan(0);
      now += Math.min(next.milliseconds, (coming[0]?.at ?? Infinity) - now);
    } else if (coming[0] === undefined) return turns;
    else now = coming[0].at;
  }
}

test('consecutive versions have their turns in their order, whatever order they come in', () => {
  fc.assert(
    fc.property(arrivals, fc.integer({ min: 0, max: 5_000 }), (events, turnMilliseconds) => {
      const turns = run(
        events,
        { consecutiveVersions: true, gapMilliseconds: 100_000 },
        { turnMilliseconds },
      );
      expect(turns.map(({ version }) => version)).toEqual(events.map(({ version }) => version));
    }),
  );
});

test('every event has its turn once, in the order of those that wait, and none waits longer than the gap for what is lost', () => {
  fc.assert(
    fc.property(
      arrivals,
      fc.subarray([1, 2, 3, 4, 5, 6, 7, 8]),
      fc.integer({ min: 0, max: 5_000 }),
      fc.boolean(),
      (all, lost, turnMilliseconds, consecutiveVersions) => {
        const events = all.filter(({ version }) => !lost.includes(version));
        const gapMilliseconds = 10_000;
        const turns = run(events, { consecutiveVersions, gapMilliseconds }, { turnMilliseconds });
        expect(turns.map(({ version }) => version).sort()).toEqual(
          events.map(({ version }) => version).sort(),
        );
        for (const [index, turn] of turns.entries()) {
          const cameAt = events.find(({ version }) => version === turn.version)?.at ?? 0;
          const others = turns.slice(index + 1).filter(({ version }) => version < turn.version);
          for (const { version } of others) {
            // What is older and comes later had not come yet.
            expect(events.find((each) => each.version === version)?.at).toBeGreaterThan(turn.at);
          }
          const before = turns[index - 1];
          const free = before === undefined ? 0 : before.at + turnMilliseconds;
          expect(turn.at).toBeLessThanOrEqual(Math.max(cameAt + gapMilliseconds, free));
        }
      },
    ),
  );
});

test('what our copy had before the first event is not waited for', () => {
  const settings = { consecutiveVersions: true, gapMilliseconds: 10_000 };
  const events = [{ version: 7, at: 100 }];
  const known = { version: '6', sourceTime: null };
  expect(run(events, settings, { turnMilliseconds: 0, known })).toEqual([{ version: 7, at: 100 }]);
  expect(run(events, settings, { turnMilliseconds: 0 })).toEqual([{ version: 7, at: 10_100 }]);
  const newer = { version: '9', sourceTime: null };
  expect(run(events, settings, { turnMilliseconds: 0, known: newer })).toEqual([{ version: 7, at: 100 }]);
});

test('events without a version have their turns as they come', () => {
  const announced = { version: null, sourceTime: null };
  const waiting = ['b', 'a'].map((id, at) => ({ eventId: id, runId: id, announced, at }));
  const settings = { consecutiveVersions: true, gapMilliseconds: 10_000 };
  expect(nextTurn(waiting, { version: '1', sourceTime: null }, settings, 5)).toMatchObject({
    kind: 'turn',
    ticket: { eventId: 'b' },
  });
});
