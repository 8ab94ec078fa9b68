import { LandfallError } from '../errors.ts';
import type { EntityRef } from '../model/event.ts';
import type { JsonValue } from '../model/json.ts';
import type { RecordVersion } from '../model/version.ts';
import { readRecordVersion } from '../model/version.ts';
import type { Source } from '../sources/define-source.ts';

/** A record as its vendor shows it just now, or why it could not be seen. */
export type VendorRecord =
  | { kind: 'record'; data: JsonValue; version: RecordVersion; deleted: boolean }
  | { kind: 'gone' }
  | { kind: 'unknown'; why: string };

const patienceMilliseconds = 5_000;

/** Asks the vendor for a record, for somebody who wants to compare. Never throws: that the vendor fails is part of the story. */
export async function fetchFromVendor(
  source: Source | undefined,
  entity: EntityRef,
  now: number,
): Promise<VendorRecord> {
  if (source?.fetchRecord === undefined) {
    return {
      kind: 'unknown',
      why: 'This process cannot ask the vendor: the source has no API, or its key is not set here.',
    };
  }
  const signal = AbortSignal.timeout(patienceMilliseconds);
  try {
    const record = await source.fetchRecord(entity, { signal });
    if (record === null) return { kind: 'gone' };
    const { data, deleted = false } = record;
    return { kind: 'record', data, deleted, version: readRecordVersion(record, now) };
  } catch (error) {
    if (signal.aborted) return { kind: 'unknown', why: 'The vendor did not answer within five seconds.' };
    const message = error instanceof Error ? error.message : String(error);
    return { kind: 'unknown', why: error instanceof LandfallError ? `${message} [${error.code}]` : message };
  }
}
