import { describe, expect, it } from 'vitest';
import { compareRecord } from '../../../src/inspection/compare-records.ts';
import { type InspectionDependencies, type Visible } from '../../../src/inspection/dependencies.ts';
import { visibleEvent, visibleSubject } from '../../../src/inspection/visible-parts.ts';
import { isJsonObject, type JsonValue } from '../../../src/model/json.ts';
import type { Source } from '../../../src/sources/define-source.ts';
import type { StoredRecord } from '../../../src/store/store.ts';
import { buildInboxItem } from '../../support/build-apply.ts';

const entity = { type: 'customer', id: 'cus_1' };
const about = { source: 'shop', entity };

/** Hides the field `card` of each document, and all of a body. */
const visible: Visible = {
  json: (_source, document) =>
    isJsonObject(document) && 'card' in document ? { ...document, card: '[redacted]' } : document,
  body: () => ({ body: '[redacted]', bodyEncoding: 'utf8' }),
  headers: (_source, headers) => headers,
};

function deps(
  here: JsonValue | null,
  fetchRecord: Source['fetchRecord'],
): InspectionDependencies & { now: () => number } {
  const record: StoredRecord | null =
    here === null
      ? null
      : {
          ...about,
          data: here,
          version: '1',
          sourceTime: null,
          deleted: false,
          deletionAnnounced: false,
          revision: 1,
          lastEventId: 'evt_1',
        };
  return {
    sources: new Map([['shop', { fetchRecord } as Source]]),
    store: { findRecord: () => Promise.resolve(record) } as unknown as InspectionDependencies['store'],
    client: {} as unknown as InspectionDependencies['client'],
    visible,
    now: Date.now,
  };
}

const shows =
  (data: JsonValue): Source['fetchRecord'] =>
  () =>
    Promise.resolve({ data, version: '2', sourceTime: null });

describe('A record here and at its vendor', () => {
  it('is compared in all of its fields, and shows none that is hidden', async () => {
    const [here, there] = [
      { name: 'Ada', card: { number: 'planted-4242' } },
      { name: 'Bea', card: { number: 'planted-1881' } },
    ];
    const comparison = await compareRecord(deps(here, shows(there)), about, { askVendor: true });
    expect(comparison.differences).toEqual([
      { pointer: '/name', here: 'Ada', there: 'Bea' },
      { pointer: '/card/number', here: '[redacted]', there: '[redacted]' },
    ]);
    expect(JSON.stringify(comparison)).not.toContain('planted');
  });

  it('is not asked for unless somebody wants it', async () => {
    const asked: unknown[] = [];
    const fetchRecord: Source['fetchRecord'] = (...each) => {
      asked.push(each);
      return Promise.resolve(null);
    };
    const { vendor } = await compareRecord(deps({ name: 'Ada' }, fetchRecord), about, { askVendor: false });
    expect({ vendor, asked }).toEqual({ vendor: null, asked: [] });
  });

  it('is shown though the vendor fails, does not have it, or cannot be asked', async () => {
    const vendorOf = async (fetchRecord: Source['fetchRecord']) =>
      (await compareRecord(deps(null, fetchRecord), about, { askVendor: true })).vendor;
    expect(await vendorOf(() => Promise.reject(new Error('socket hang up')))).toEqual({
      kind: 'unknown',
      why: 'socket hang up',
    });
    expect(await vendorOf(() => Promise.resolve(null))).toEqual({ kind: 'gone' });
    expect(await vendorOf(undefined)).toMatchObject({ kind: 'unknown' });
    expect(await vendorOf(shows({ name: 'Ada' }))).toMatchObject({ kind: 'record', data: { name: 'Ada' } });
  });
});

describe('What people see of an event', () => {
  const { event } = buildInboxItem('evt_1', { payload: { card: 'planted' }, snapshot: { card: 'planted' } });

  it('has no field that is hidden, in its payload or in its snapshot', () => {
    expect(JSON.stringify(visibleEvent(visible, event))).not.toContain('planted');
    expect(JSON.stringify(visibleSubject(visible, 'shop', { kind: 'event', event }))).not.toContain(
      'planted',
    );
  });

  it('has none either where no event could be read', () => {
    const delivery = {
      headers: {},
      body: 'planted',
      bodyEncoding: 'utf8' as const,
      bodySha256: 'b0d1',
      receivedAt: '2026-01-01T00:00:00.000Z',
      reason: 'no id',
    };
    expect(JSON.stringify(visibleSubject(visible, 'shop', { kind: 'unreadable', delivery }))).not.toContain(
      'planted',
    );
  });
});
