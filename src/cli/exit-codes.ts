import { LandfallError } from '../errors.ts';

/** What commands end with. docs/operations.md says what a script does about each. */
export const exitCodes = {
  /** Done, and nothing is amiss. */
  done: 0,
  /** Refused, mistaken, or done in part: the same again ends in the same way. */
  failed: 1,
  /** Temporal, the database or a vendor does not answer: the same again may succeed. As `EX_TEMPFAIL` of sysexits.h. */
  tryAgain: 75,
} as const;

/** The code for a command that threw. */
export function exitCodeOf(error: unknown): number {
  return error instanceof LandfallError && error.retryable ? exitCodes.tryAgain : exitCodes.failed;
}
