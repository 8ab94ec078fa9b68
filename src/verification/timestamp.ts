import { refuse } from './refusal.ts';
import type { VerificationResult } from './scheme.ts';

/** Unix seconds from a header of digits; null where it is none. Thirteen digits are milliseconds, as some vendors send. */
export function readTimestamp(text: string): number | null {
  if (!/^(0|[1-9]\d{0,12})$/.test(text)) return null;
  const value = Number(text);
  return value < 1e11 ? value : Math.floor(value / 1000);
}

/**
 * The verdict on the age of a delivery whose signature is good: a forged one is `bad_signature`, however old it is.
 *
 * @param secret - which one signed, 1 for the newest
 * @param seconds - the signed timestamp
 * @param now - the present, in milliseconds since the epoch
 */
export function judgeTimestamp(
  secret: number,
  seconds: number,
  now: number,
  toleranceSeconds: number,
  header: string,
): VerificationResult {
  const age = Math.floor(now / 1000) - seconds;
  if (Math.abs(age) <= toleranceSeconds) return { verified: true, secret };
  const where = age > 0 ? `${age} seconds old` : `${-age} seconds ahead`;
  return refuse(
    'stale_timestamp',
    `The signed timestamp in ${header} is ${where}; ${toleranceSeconds} seconds are allowed.`,
  );
}
