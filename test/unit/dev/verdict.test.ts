import { expect, it } from 'vitest';
import { describeVerdict, type Verdict } from '../../../src/dev/verdict.ts';

const equal: Verdict = {
  equal: true,
  comparison: { equal: true, compared: 60, differences: [] },
  delivered: 120,
  withoutOutcome: [],
  effects: 180,
  doubled: [],
  leftToRepair: 0,
  openDeadLetters: 3,
};

it('says what was compared, and that it is equal', () => {
  expect(describeVerdict(equal).split('\n')).toEqual([
    "EQUAL: 60 records compared with the vendor's, 0 differ",
    '120 events accepted, 0 without an outcome',
    '180 writes to the CRM, 0 made twice',
    '0 differences found by a second reconciliation',
    '3 dead letters wait for a decision: npm run landfall -- dead-letters list',
  ]);
});

it('names each record and each event that is not as it should be', () => {
  const text = describeVerdict({
    ...equal,
    equal: false,
    comparison: {
      equal: false,
      compared: 60,
      differences: [
        { entity: { type: 'order', id: 'ord_1' }, what: 'different', vendor: 'v7', ours: 'v6, other status' },
      ],
    },
    withoutOutcome: ['evt_lost'],
    doubled: ['evt_twice'],
    leftToRepair: 1,
  });
  expect(text).toMatch(/^NOT EQUAL: 60 records compared with the vendor's, 1 differ\n/);
  expect(text).toContain('order/ord_1 is different: the vendor has v7, we have v6, other status');
  expect(text).toContain('evt_lost was accepted and has no outcome');
  expect(text).toContain('evt_twice was handed on twice');
});

it('stays readable where thousands differ', () => {
  const ids = Array.from({ length: 5_000 }, (_, index) => `evt_${index}`);
  const lines = describeVerdict({ ...equal, equal: false, withoutOutcome: ids, doubled: ids }).split('\n');
  expect(lines[1]).toBe('120 events accepted, 5000 without an outcome');
  expect(lines.length).toBeLessThan(60);
});
