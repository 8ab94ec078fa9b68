import { expect, test } from 'vitest';
import { openLetters } from '../../../src/temporal/letter-filter.ts';

const open = "WorkflowType = 'deadLetter' AND ExecutionStatus = 'Running'";

test('finds all open dead letters where nothing is said', () => {
  expect(openLetters({})).toBe(open);
});

test('adds each part of the filter, and lets no text of a user end its literal', () => {
  expect(
    openLetters({
      source: "shop' OR '1' = '1",
      type: 'customer.*',
      error: 'LANDFALL_VENDOR_REFUSED',
      openedBefore: '2026-11-02T00:00:00.000Z',
      openedAfter: '2026-11-01T00:00:00.000Z',
    }),
  ).toBe(
    [
      open,
      String.raw`LandfallSource = 'shop\' OR \'1\' = \'1'`,
      "LandfallEventType STARTS_WITH 'customer.'",
      "LandfallError = 'LANDFALL_VENDOR_REFUSED'",
      "StartTime < '2026-11-02T00:00:00.000Z'",
      "StartTime >= '2026-11-01T00:00:00.000Z'",
    ].join(' AND '),
  );
  expect(openLetters({ type: 'customer.updated' })).toContain("LandfallEventType = 'customer.updated'");
});
