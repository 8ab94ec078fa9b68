import { describe, expect, it } from 'vitest';
import {
  PayloadKeyUnknownError,
  PayloadUnreadableError,
  StoreUnavailableError,
} from '../../../src/errors.ts';
import { createEntityKeys, rewrapKey } from '../../../src/privacy/entity-keys.ts';
import { createKeyRing } from '../../../src/privacy/key-ring.ts';
import type { WrappedKey } from '../../../src/store/store.ts';
import { createKeyStore } from '../../support/key-store.ts';
import { payloadKey } from '../../support/payload-keys.ts';

const [old, fresh] = [payloadKey('old'), payloadKey('new')];
const ring = (...keys: string[]) => createKeyRing(keys.join(','), () => undefined);
const ada = { source: 'shop', entity: { type: 'customer', id: 'cus_1' } };
const bob = { source: 'shop', entity: { type: 'customer', id: 'cus_2' } };

function only(rows: Map<string, WrappedKey | 'erased'>): WrappedKey {
  const [row] = rows.values();
  if (row === undefined || row === 'erased') throw new Error('one key is expected');
  return row;
}

describe('The keys of records', () => {
  it('are one for each record, the same in every process, and asked for once', async () => {
    const store = createKeyStore();
    const [here, there] = [createEntityKeys(ring(old), store), createEntityKeys(ring(old), store)];
    const key = await here.of(ada);
    expect(key).toMatchObject({ subject: ada });
    expect(await here.of(ada)).toEqual(key);
    expect(store.asked).toHaveLength(1);
    expect(await there.of(ada)).toEqual(key);
    expect((await here.of(bob))?.key).not.toEqual(key?.key);
    expect(await there.find(key?.id ?? '')).toEqual(key);
  });

  it('are kept encrypted', async () => {
    const store = createKeyStore();
    const key = await createEntityKeys(ring(old), store).of(ada);
    expect(JSON.stringify(only(store.rows))).not.toContain(key?.key.toString('base64'));
    expect(only(store.rows)).toMatchObject({ ...ada, wrappedBy: 'old' });
    const other = createEntityKeys(ring(fresh), store).find(key?.id ?? '');
    await expect(other).rejects.toBeInstanceOf(PayloadKeyUnknownError);
    const namesake = createEntityKeys(ring(payloadKey('old')), store).find(key?.id ?? '');
    await expect(namesake).rejects.toBeInstanceOf(PayloadUnreadableError);
  });

  it('cannot be swapped: one that is put in the place of another is refused', async () => {
    const store = createKeyStore();
    const keys = createEntityKeys(ring(old), store);
    await keys.of(ada);
    const ofAda = only(store.rows);
    store.rows.set('entity:other', { ...ofAda, id: 'entity:other', ...bob });
    await expect(keys.find('entity:other')).rejects.toBeInstanceOf(PayloadUnreadableError);
  });

  it('tell one that was erased from one that is missing', async () => {
    const store = createKeyStore();
    store.rows.set('entity:gone', 'erased');
    const keys = createEntityKeys(ring(old), store);
    expect(await keys.find('entity:gone')).toBe('erased');
    expect(await keys.find('entity:never')).toBeNull();
  });

  it('are done without while the store is away, and nothing waits for it again and again', async () => {
    const store = createKeyStore();
    const told: unknown[] = [];
    const keys = createEntityKeys(ring(old), store, { onUnreachable: (error) => told.push(error) });
    const known = await keys.of(ada);
    store.error = new StoreUnavailableError('away');
    expect(await keys.of(bob)).toBeNull();
    expect(await keys.of(bob)).toBeNull();
    expect(store.asked).toHaveLength(2);
    expect(told).toEqual([store.error]);
    expect(await keys.of(ada)).toEqual(known);
    await expect(keys.find('entity:any')).rejects.toBe(store.error);
  });

  it('are the same key under another one after a rotation', async () => {
    const store = createKeyStore();
    const key = await createEntityKeys(ring(old), store).of(ada);
    const rewrapped = rewrapKey(ring(fresh, old), only(store.rows));
    expect(rewrapped.wrappedBy).toBe('new');
    store.rows.set(rewrapped.id, rewrapped);
    expect(await createEntityKeys(ring(fresh), store).find(rewrapped.id)).toEqual(key);
  });
});
