import type { LatestRecord } from '../../src/destinations/define-destination.ts';

/** For destinations that are handed a record, and read none of ours. */
export function latest(): Promise<LatestRecord> {
  return Promise.reject(new Error('it reads no copy of ours'));
}
