import ms from 'ms';

/** How long ago, for people: `3m`, `2h`. */
export function describeAge(since: Date, now = new Date()): string {
  return ms(Math.max(now.getTime() - since.getTime(), 0));
}
