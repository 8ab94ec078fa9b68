import { describe, expect, it } from 'vitest';
import { compareWithVendor } from '../../../src/dev/compare.ts';
import type { VendorRecord } from '../../../src/dev/demo-vendor/records.ts';
import type { StoredRecord } from '../../../src/store/store.ts';

const live = {
  object: 'order',
  id: 'ord_1',
  version: 7,
  updated_at: '2026-01-01T00:00:00Z',
  created_at: '2026-01-01T00:00:00Z',
  customer: 'cus_1',
  status: 'paid',
  currency: 'EUR',
  total: 1200,
  note: '',
} satisfies VendorRecord;
const gone = {
  object: 'order',
  id: 'ord_1',
  version: 8,
  updated_at: '2026-01-01T00:00:00Z',
  deleted: true,
} satisfies VendorRecord;

function copy(changes: Partial<StoredRecord> = {}): StoredRecord {
  return {
    source: 'demo',
    entity: { type: 'order', id: 'ord_1' },
    data: live,
    version: '7',
    sourceTime: '2026-01-01T00:00:00.000Z',
    deleted: false,
    deletionAnnounced: false,
    revision: 3,
    lastEventId: 'evt_1',
    ...changes,
  };
}
const tombstone = copy({ data: null, deleted: true });
const compare = (records: VendorRecord[], ours: StoredRecord[]) =>
  compareWithVendor({ snapshot: { records }, records: ours });

describe('compareWithVendor', () => {
  it('finds equal what is equal field by field, in whatever order the fields come', () => {
    const data = Object.fromEntries(Object.entries(live).reverse());
    expect(compare([live], [copy({ data })])).toEqual({ equal: true, compared: 1, differences: [] });
  });

  it.each<[string, VendorRecord[], StoredRecord[], object]>([
    ['a record that we never got', [live], [], { what: 'missing', vendor: 'v7', ours: 'absent' }],
    [
      'an older copy, with the fields that differ',
      [live],
      [copy({ version: '6', data: { ...live, version: 6, status: 'open' } })],
      { what: 'different', vendor: 'v7', ours: 'v6, other version, status' },
    ],
    [
      'a copy of the right version with a field too many',
      [live],
      [copy({ data: { ...live, extra: 1 } })],
      { what: 'different', vendor: 'v7', ours: 'v7, other extra' },
    ],
    [
      'a copy of the right content under a wrong version',
      [live],
      [copy({ version: '9' })],
      { what: 'different', vendor: 'v7', ours: 'v9' },
    ],
    [
      'a living record that we hold for deleted',
      [live],
      [tombstone],
      { what: 'different', ours: 'deleted at v7' },
    ],
    [
      'a deletion that we missed',
      [gone],
      [copy()],
      { what: 'not-deleted', vendor: 'deleted at v8', ours: 'v7' },
    ],
    ['a record that the vendor never had', [], [copy()], { what: 'extra', vendor: 'absent', ours: 'v7' }],
    ['a kind mistaken for another', [{ ...gone, object: 'customer' }], [copy()], { what: 'extra' }],
  ])('tells %s', (_what, records, ours, difference) => {
    const found = compare(records, ours);
    expect(found.equal).toBe(false);
    expect(found.differences).toHaveLength(1);
    expect(found.differences[0]).toMatchObject({ entity: { type: 'order', id: 'ord_1' }, ...difference });
  });

  it('is content with a tombstone or with nothing for what the vendor does not have', () => {
    expect(compare([gone], [])).toMatchObject({ equal: true, compared: 1 });
    expect(compare([gone], [tombstone])).toMatchObject({ equal: true });
    expect(compare([], [tombstone])).toMatchObject({ equal: true, compared: 0 });
  });
});
