import type { EntityRef } from '../model/event.ts';
import type { StoredRecord } from '../store/store.ts';
import { compareJson, type JsonDifference } from './compare-json.ts';
import type { InspectionDependencies } from './dependencies.ts';
import { valueAt } from './value-at.ts';
import { fetchFromVendor, type VendorRecord } from './vendor-record.ts';
import { visibleRecord } from './visible-parts.ts';

/** One record, here and at its vendor. */
export interface RecordComparison {
  /** Our copy; null where there is none. */
  here: StoredRecord | null;
  /** null where the vendor was not asked. */
  vendor: VendorRecord | null;
  /** Where the two differ; null where there are no two. What is hidden is found to differ, and not shown. */
  differences: JsonDifference[] | null;
}

/**
 * Our copy of a record, and where it is asked for the record as its vendor shows it just now.
 * @throws StoreUnavailableError
 */
export async function compareRecord(
  deps: InspectionDependencies & { now: () => number },
  { source, entity }: { source: string; entity: EntityRef },
  { askVendor }: { askVendor: boolean },
): Promise<RecordComparison> {
  const { sources, store, visible, now } = deps;
  const record = await store.findRecord(source, entity);
  const here = visibleRecord(visible, record);
  if (!askVendor) return { here, vendor: null, differences: null };
  const there = await fetchFromVendor(sources.get(source), entity, now());
  if (there.kind !== 'record') return { here, vendor: there, differences: null };
  const vendor = { ...there, data: visible.json(source, there.data) };
  if (record === null || here === null) return { here, vendor, differences: null };
  const differences = compareJson(record.data, there.data).map(({ pointer }) => ({
    pointer,
    here: valueAt(here.data, pointer),
    there: valueAt(vendor.data, pointer),
  }));
  return { here, vendor, differences };
}
