import { expect, test } from 'vitest';
import { createOverflow } from '../../../src/inbox/overflow.ts';

test('an overflow is a rush while events come, a flood when that goes on, and calm a moment after the last one', () => {
  let time = 0;
  const overflow = createOverflow(() => time);
  overflow.arrive();
  expect(overflow.pressure()).toBe('calm');
  overflow.begin();
  const seen: string[] = [];
  for (; time <= 8_000; time += 200) {
    overflow.begin();
    overflow.arrive();
    seen.push(overflow.pressure());
  }
  expect([...new Set(seen)]).toEqual(['rush', 'flood']);
  expect(seen.indexOf('flood') * 200).toBeGreaterThan(5_000);
  time += 300;
  expect(overflow.pressure()).toBe('calm');
  overflow.end();
  overflow.begin();
  overflow.arrive();
  expect(overflow.pressure()).toBe('rush');
});
