import { readRecordVersion, type RecordVersion } from '../model/version.ts';
import { describeValue } from './check.ts';
import { ConformanceError } from './conformance-error.ts';

/**
 * The version of a record as Landfall reads it.
 * @throws ConformanceError where it cannot be read
 */
export function readVersion(
  record: { version: unknown; sourceTime: unknown } | null,
  what: string,
): RecordVersion {
  const { version = null, sourceTime = null } = record ?? {};
  const read = readRecordVersion({ version, sourceTime }, Date.now());
  for (const [part, value] of Object.entries({ version, sourceTime })) {
    if (value === null || value === undefined || read[part as keyof RecordVersion] !== null) continue;
    throw new ConformanceError({
      expected: `a ${part} of ${what} that can be compared, or null`,
      actual: `it is ${describeValue(value)}`,
      remedy:
        part === 'version'
          ? 'return a whole number that counts the changes, or its digits'
          : 'return ISO 8601 or Unix time, as the vendor writes it',
    });
  }
  return read;
}
