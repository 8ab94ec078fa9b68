import { isDeepStrictEqual } from 'node:util';
import { describeEntity, type EntityRef } from '../model/event.ts';
import { isJsonObject } from '../model/json.ts';
import type { StoredRecord } from '../store/store.ts';
import type { VendorSnapshot } from './demo-vendor/demo-vendor.ts';
import { isTombstone, type LiveRecord, type VendorRecord } from './demo-vendor/records.ts';

/** One record of which the vendor's truth and our copy disagree. */
export interface CopyDifference {
  entity: EntityRef;
  /**
   * - `missing`: the vendor has it, we have nothing
   * - `different`: both have it, and not the same
   * - `not-deleted`: the vendor deleted it, our copy lives
   * - `extra`: our copy lives, the vendor never had it
   */
  what: 'missing' | 'different' | 'not-deleted' | 'extra';
  /** The vendor's side and ours in a few words, such as `v7` and `v6, other status`. */
  vendor: string;
  ours: string;
}

/** What a comparison found. */
export interface Comparison {
  /** True where there is no difference. */
  equal: boolean;
  /** How many records of the vendor were compared, deleted ones included. */
  compared: number;
  differences: CopyDifference[];
}

/**
 * Compares the vendor's truth with our copies, record by record and field by field. A tombstone of ours says the same
 * as no copy: that there is no such record. So a record that the vendor deleted may be either.
 */
export function compareWithVendor({
  snapshot,
  records,
}: {
  snapshot: Pick<VendorSnapshot, 'records'>;
  records: readonly StoredRecord[];
}): Comparison {
  const ours = new Map(records.map((record) => [describeEntity(record.entity), record]));
  const differences: CopyDifference[] = [];
  for (const record of snapshot.records) {
    const entity = { type: record.object, id: record.id };
    const key = describeEntity(entity);
    const difference = compareRecord(record, ours.get(key));
    if (difference !== null) differences.push({ entity, ...difference });
    ours.delete(key);
  }
  for (const copy of ours.values()) {
    if (copy.deleted) continue;
    differences.push({ entity: copy.entity, what: 'extra', vendor: 'absent', ours: describeCopy(copy) });
  }
  return { equal: differences.length === 0, compared: snapshot.records.length, differences };
}

function compareRecord(
  record: VendorRecord,
  copy: StoredRecord | undefined,
): Omit<CopyDifference, 'entity'> | null {
  if (isTombstone(record)) {
    if (copy === undefined || copy.deleted) return null;
    return { what: 'not-deleted', vendor: `deleted at v${record.version}`, ours: describeCopy(copy) };
  }
  const vendor = `v${record.version}`;
  if (copy === undefined) return { what: 'missing', vendor, ours: 'absent' };
  const fields = copy.deleted ? [] : otherFields(record, copy);
  if (!copy.deleted && fields.length === 0 && copy.version === String(record.version)) return null;
  const other = fields.length === 0 ? '' : `, other ${fields.join(', ')}`;
  return { what: 'different', vendor, ours: describeCopy(copy) + other };
}

/** The names of the fields that differ; of a copy that is no object, all. */
function otherFields(record: LiveRecord, copy: StoredRecord): string[] {
  const theirs = new Map<string, unknown>(Object.entries(record));
  const own = new Map<string, unknown>(isJsonObject(copy.data) ? Object.entries(copy.data) : []);
  return [...new Set([...theirs.keys(), ...own.keys()])].filter(
    (name) => !isDeepStrictEqual(theirs.get(name), own.get(name)),
  );
}

function describeCopy({ deleted, version }: StoredRecord): string {
  const text = version === null ? 'no version' : `v${version}`;
  return deleted ? `deleted at ${text}` : text;
}
