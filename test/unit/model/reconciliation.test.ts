import { expect, test } from 'vitest';
import { judgeMisses } from '../../../src/model/reconciliation.ts';

test.each([
  { scanned: 1_000, missing: 5, stale: 6, alertShare: 0.01, alerts: true },
  { scanned: 1_000, missing: 5, stale: 5, alertShare: 0.01, alerts: false },
  { scanned: 4, missing: 1, stale: 1, alertShare: 0.01, alerts: false },
  { scanned: 4, missing: 3, stale: 0, alertShare: 0.01, alerts: true },
  { scanned: 4, missing: 3, stale: 0, alertShare: 0.75, alerts: false },
  { scanned: 0, missing: 0, stale: 0, alertShare: 0.01, alerts: false },
])(
  '$missing missing and $stale stale of $scanned, at $alertShare: $alerts',
  ({ alerts, alertShare, ...counts }) => {
    expect(judgeMisses(counts, alertShare) !== null).toBe(alerts);
  },
);

test('says the share in figures', () => {
  expect(judgeMisses({ scanned: 90, missing: 7, stale: 0 }, 0.01)).toMatch(
    /^7 of 90 listed changes \(7\.8 %\) had not come by webhook, more than the 1 %/,
  );
});
