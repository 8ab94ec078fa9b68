import { readSourceTime } from '../model/version.ts';

/** A day before the last moment that a `Date` can hold. */
const endOfTime = 8.64e15 - 86_400_000;

/**
 * The time that an event announces for its record, as the vendor writes it. An adapter has no clock, so a time in the
 * far future passes here; whoever has the clock judges it.
 */
export function announcedTime(value: unknown): string | null {
  return readSourceTime(value, endOfTime);
}
