import type { EntityRef } from './event.ts';
import type { JsonValue } from './json.ts';
import type { StoredBody } from './stored-body.ts';
import { compareVersions, newerVersion, type RecordVersion } from './version.ts';

/** The vendor's record as it was read, or the fact that it is gone. */
export interface IncomingRecord extends RecordVersion {
  entity: EntityRef;
  /** The vendor's record; null where it is gone. */
  data: JsonValue;
  /** The record, where it is kept in the store on its way through a history: `data` is null then, though it is not gone. */
  storedData?: StoredBody;
  deleted: boolean;
  /** True where the vendor announced the deletion, rather than our finding nothing there. */
  deletionAnnounced: boolean;
  /** True where it was read from the vendor just now; false where a payload is all there is. */
  fetched: boolean;
  /** True where it is our own copy: what an event that has been applied before, and not handed on to all, goes on with. */
  ours?: true;
  /**
   * The revision that our local copy had *before* the fetch began (0: no local copy); null where it was not known.
   * A fetch that began after the local copy was last written has seen at least what that copy holds.
   */
  basis: number | null;
}

/** The fresh record, or the finding that the event needs none because it was processed before. */
export type FetchResult = { kind: 'record'; incoming: IncomingRecord } | { kind: 'duplicate' };

/** Our copy of a record. A tombstone keeps its version, so that a late update cannot revive it. */
export interface LocalRecord extends RecordVersion {
  deleted: boolean;
  deletionAnnounced: boolean;
  /** Counts our writes to this copy and the reads that confirmed it, from 1. */
  revision: number;
}

/**
 * What the version guard decides about an incoming record; `refetch` asks for the tie to be settled by a fresh read.
 * `unchanged` with `confirms` wants the copy's revision counted up, without any other change.
 */
export type GuardDecision =
  | { kind: 'write'; version: RecordVersion }
  | { kind: 'unchanged'; confirms: boolean }
  | { kind: 'stale' }
  | { kind: 'refetch' };

/**
 * The version guard: whether `incoming` may replace `local`.
 *
 * Newer by the vendor's version is written, older is stale. A tie (the same second, or a vendor without versions) is
 * settled by the fresh content: what was fetched after the local copy was last written (`basis`) is at least as new
 * and is written; if the copy was written meanwhile, the record has to be fetched again. Nothing is decided by our clock.
 *
 * A read that finds our copy as it is confirms it. Reads that began as early may have seen what has gone again since (a
 * record can come back to what it was), so they have to be made again as if the copy had been written.
 * A tombstone gives way only to a read that began after it: a deletion rarely says which version it ended.
 *
 * @param sameContent - whether data and deleted flag of both are equal
 */
export function guard(
  local: LocalRecord | null,
  incoming: IncomingRecord,
  sameContent: boolean,
): GuardDecision {
  if (local === null) return { kind: 'write', version: ownVersion(incoming) };
  const latest = incoming.fetched && incoming.basis === local.revision;
  const unchanged: GuardDecision = { kind: 'unchanged', confirms: latest };
  const write: GuardDecision = { kind: 'write', version: ownVersion(newerVersion(incoming, local)) };
  const absent = incoming.deleted && incoming.fetched;
  if (absent && local.deleted) {
    const learned = incoming.deletionAnnounced && !local.deletionAnnounced;
    return learned || compareVersions(incoming, local) === 'newer' ? write : unchanged;
  }
  const order = absent ? 'unknown' : compareVersions(incoming, local);
  if (order === 'older') return { kind: 'stale' };
  if (order === 'newer') return local.deleted && incoming.fetched && !latest ? { kind: 'refetch' } : write;
  if (sameContent) return unchanged;
  if (order === 'same' && local.deleted && local.deletionAnnounced) return { kind: 'stale' };
  if (incoming.fetched) return latest ? write : { kind: 'refetch' };
  // A payload is all there is: a deletion is final, and otherwise the later delivery is the best that can be known.
  return local.deleted ? { kind: 'stale' } : write;
}

function ownVersion({ version, sourceTime }: RecordVersion): RecordVersion {
  return { version, sourceTime };
}
