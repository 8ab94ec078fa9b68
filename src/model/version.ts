/**
 * Where a record stands in its own history, as the vendor counts it. Both parts may be unknown: some vendors number
 * the changes of a record, most only stamp them, a few (Stripe's objects) do neither.
 */
export interface RecordVersion {
  /** The vendor's own count of changes, as a decimal integer string, so that 64-bit counters lose nothing. */
  version: string | null;
  /** The vendor's own time of the last change, ISO 8601 in UTC with milliseconds. Never our clock. */
  sourceTime: string | null;
}

/** How one version stands to another; `unknown` where the two have no part in common. */
export type VersionOrder = 'newer' | 'older' | 'same' | 'unknown';

const wholeNumber = /^\d{1,30}$/;

/**
 * How `a` stands to `b`, by the vendor's version number where both have one, by the vendor's time where not.
 * `same` is a tie, not proof of equal content: most vendors' times have one-second steps.
 */
export function compareVersions(a: RecordVersion, b: RecordVersion): VersionOrder {
  if (a.version !== null && b.version !== null) {
    return order(BigInt(a.version), BigInt(b.version));
  }
  if (a.sourceTime !== null && b.sourceTime !== null) {
    return order(Date.parse(a.sourceTime), Date.parse(b.sourceTime));
  }
  return 'unknown';
}

function order<T extends bigint | number>(a: T, b: T): VersionOrder {
  if (a > b) return 'newer';
  return a < b ? 'older' : 'same';
}

/** The newer of the two; `a` on a tie, and part by part where they cannot be compared. */
export function newerVersion(a: RecordVersion, b: RecordVersion): RecordVersion {
  switch (compareVersions(a, b)) {
    case 'newer':
    case 'same':
      return a;
    case 'older':
      return b;
    case 'unknown':
      return { version: a.version ?? b.version, sourceTime: a.sourceTime ?? b.sourceTime };
  }
}

/** `v7`, `2026-01-01T00:00:00.000Z` or `unversioned`: for people. */
export function describeVersion(version: RecordVersion): string {
  if (version.version !== null) return `v${version.version}`;
  return version.sourceTime ?? 'unversioned';
}

/** The vendor's version number from what its JSON holds: a non-negative integer or its decimal string; null otherwise. */
export function readVersionNumber(value: unknown): string | null {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return String(value);
  if (typeof value === 'string' && wholeNumber.test(value)) return BigInt(value).toString();
  return null;
}

const earliest = Date.UTC(1990, 0, 1);
const dayMilliseconds = 86_400_000;

/**
 * The vendor's time as ISO 8601 in UTC, or null where it cannot be believed: not a time, before 1990, or more than a
 * day ahead of `now`. An absurd future time would otherwise make every later change of the record look stale.
 *
 * @param value - ISO 8601 text, or Unix time as a number (seconds below 1e11, else milliseconds) or its decimal string
 * @param now - the present, in milliseconds since the epoch; only to tell what is plausible
 */
export function readSourceTime(value: unknown, now: number): string | null {
  const time = toMilliseconds(value);
  if (time === null || Number.isNaN(time) || time < earliest || time > now + dayMilliseconds) return null;
  return new Date(time).toISOString();
}

/**
 * A version as the vendor writes it, both parts read: what cannot be believed is null.
 *
 * @param now - as in `readSourceTime`
 */
export function readRecordVersion(
  { version, sourceTime }: { version: unknown; sourceTime: unknown },
  now: number,
): RecordVersion {
  return { version: readVersionNumber(version), sourceTime: readSourceTime(sourceTime, now) };
}

function toMilliseconds(value: unknown): number | null {
  if (typeof value === 'number') return Number.isFinite(value) ? fromUnix(value) : null;
  if (typeof value !== 'string') return null;
  if (/^\d{1,16}(\.\d+)?$/.test(value)) return fromUnix(Number(value));
  return Date.parse(value);
}

function fromUnix(value: number): number {
  return value < 1e11 ? value * 1000 : value;
}
