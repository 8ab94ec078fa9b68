import { type Finding, failure, ok, warning } from './finding.ts';

/** Signatures are good for five minutes, GitHub's tokens for one: beyond this an error is near, or there. */
const worthKnowing = 2_000;
const wrong = 30_000;
const mend =
  'keep the clocks of this machine and of the database by NTP, such as "timedatectl set-ntp true": a wrong one refuses good signatures';

/** Whether this machine's clock and the database's agree; each in milliseconds since the epoch. */
export function judgeClock(times: { askedAt: number; databaseAt: number; answeredAt: number }): Finding {
  const { askedAt, databaseAt, answeredAt } = times;
  // The database looked at its clock at some moment between the two.
  const off = Math.max(askedAt - databaseAt, databaseAt - answeredAt, 0);
  const text = `the clocks of this machine and of the database differ by ${describe(off)}`;
  if (off >= wrong) return failure('clock', text, mend);
  if (off >= worthKnowing) return warning('clock', text, mend);
  return ok('clock', 'the clocks of this machine and of the database agree');
}

function describe(milliseconds: number): string {
  return `${Math.round(milliseconds / 1_000)} seconds`;
}
