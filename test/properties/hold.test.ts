import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  canBeHeld,
  defaultHold,
  heldAt,
  holdSettings,
  holdWorkflowId,
  judgeFailure,
  mostHolds,
  nextPause,
} from '../../src/model/hold.ts';
import { maxWorkflowIdLength } from '../../src/model/ids.ts';

const settings = { ...defaultHold, entities: 3, withinMilliseconds: 100 };

/** A failure of one record at a time, in a world where holds never end. */
const failures = fc.array(
  fc.record({ entity: fc.integer({ min: 1, max: 6 }), after: fc.integer({ min: 0, max: 60 }) }),
  { maxLength: 40 },
);

/** Judges failures one after the other, as the activity does with what the store counts. */
function judgeAll(steps: readonly { entity: number; after: number }[], of = settings) {
  const noted: { entity: number; at: number }[] = [];
  let held = false;
  let now = 0;
  return steps.map(({ entity, after }) => {
    now += after;
    if (!held) noted.push({ entity, at: now });
    const recent = noted.filter(({ at }) => at >= now - of.withinMilliseconds);
    const entities = held ? 0 : new Set(recent.map((each) => each.entity)).size;
    const judged = judgeFailure({ held, entities, holds: 0, replay: false }, of);
    held ||= judged.beginsHold;
    return { ...judged, entities };
  });
}

describe('an outage and a poison event', () => {
  it('are told apart by the number of records: one that fails alone, however often, is always a case', () => {
    fc.assert(
      fc.property(failures, (steps) => {
        const alone = judgeAll(steps.map(({ after }) => ({ entity: 1, after })));
        expect(alone.every(({ verdict, beginsHold }) => verdict === 'case' && !beginsHold)).toBe(true);
      }),
    );
  });

  it('a hold begins exactly once, with the record that makes them enough, and everything after it waits', () => {
    fc.assert(
      fc.property(failures, (steps) => {
        const judged = judgeAll(steps);
        const begins = judged.findIndex(({ beginsHold }) => beginsHold);
        expect(judged.filter(({ beginsHold }) => beginsHold).length).toBe(begins === -1 ? 0 : 1);
        judged.forEach(({ verdict, entities }, index) => {
          const after = begins !== -1 && index >= begins;
          expect(verdict).toBe(after ? 'held' : 'case');
          if (!after) expect(entities).toBeLessThan(settings.entities);
        });
        if (begins !== -1) expect(judged[begins]?.entities).toBeGreaterThanOrEqual(settings.entities);
      }),
    );
  });

  it('failures that are further apart than the window never add up', () => {
    fc.assert(
      fc.property(failures, (steps) => {
        const apart = steps.map(({ entity }) => ({ entity, after: settings.withinMilliseconds + 1 }));
        expect(judgeAll(apart).every(({ verdict }) => verdict === 'case')).toBe(true);
      }),
    );
  });

  it('never hold a replay, nor an event that outlived its holds, and neither begins one', () => {
    const circumstances = fc.record({
      held: fc.boolean(),
      entities: fc.nat(1_000),
      holds: fc.nat(10),
      replay: fc.boolean(),
    });
    fc.assert(
      fc.property(circumstances, (known) => {
        const { verdict, beginsHold } = judgeFailure(known, settings);
        if (known.replay || known.holds >= mostHolds) expect(verdict).toBe('case');
        if (beginsHold) expect([known.held, verdict]).toEqual([false, 'held']);
        expect(judgeFailure(known, null)).toEqual({ verdict: 'case', beginsHold: false });
      }),
    );
  });

  it('are told apart only for failures of the other side', () => {
    const held = [
      ...['VENDOR_UNAVAILABLE', 'VENDOR_RATE_LIMITED', 'VENDOR_BEHIND', 'VENDOR_DENIED'],
      ...['DESTINATION_UNAVAILABLE', 'DESTINATION_DENIED'],
    ];
    const cases = [
      ...['VENDOR_ANSWER', 'VENDOR_REFUSED', 'DESTINATION_REFUSED', 'HANDLER_FAILED'],
      ...['RECORD_TOO_LARGE', 'STORE_REFUSED', 'CONFIGURATION'],
    ];
    expect(held.map((name) => canBeHeld({ type: `LANDFALL_${name}` }))).not.toContain(false);
    expect(
      [...cases.map((name) => `LANDFALL_${name}`), 'TypeError'].map((type) => canBeHeld({ type })),
    ).not.toContain(true);
  });
});

describe('a hold', () => {
  it('probes after pauses that grow up to the longest', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 10_000 }),
        fc.integer({ min: 1, max: 100_000 }),
        (first, longest) => {
          const of = { ...settings, longestProbeMilliseconds: Math.max(first, longest) };
          let pause = first;
          for (let probe = 0; probe < 20; probe += 1) {
            const next = nextPause(pause, of);
            expect(next).toBeGreaterThanOrEqual(pause);
            expect(next).toBeLessThanOrEqual(of.longestProbeMilliseconds);
            pause = next;
          }
          expect(pause).toBe(Math.min(first * 2 ** 20, of.longestProbeMilliseconds));
        },
      ),
    );
  });

  it('has an id that fits, and a destination of its own', () => {
    const longest = {
      source: `${'s'.repeat(40)}/${'a'.repeat(23)}`,
      error: 'LANDFALL_DESTINATION_UNAVAILABLE',
    };
    const step = `deliver ${'d'.repeat(60)}`;
    expect(holdWorkflowId({ ...longest, step }).length).toBeLessThan(maxWorkflowIdLength);
    const crm = holdWorkflowId({ source: 'shop', step: 'deliver crm', error: 'E' });
    expect(crm).toBe('hold:shop:deliver:crm:E');
    expect(heldAt('deliver crm')).toBe('held at deliver crm');
  });

  it('takes its settings from the source, what that leaves out from the deployment', () => {
    expect(holdSettings(undefined, null)).toBeNull();
    expect(holdSettings(null, settings)).toBeNull();
    expect(holdSettings({ entities: 9 }, settings)).toEqual({ ...settings, entities: 9 });
    expect(holdSettings({ entities: 9 }, null)).toEqual({ ...defaultHold, entities: 9 });
  });
});
