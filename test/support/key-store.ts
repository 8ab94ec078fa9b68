import type { Store, WrappedKey } from '../../src/store/store.ts';

type KeyStore = Pick<Store, 'obtainEntityKey' | 'findEntityKey'>;

/** The keys of entities in memory, for tests without a database; with what was asked of it. */
export interface KeyStoreStandIn extends KeyStore {
  rows: Map<string, WrappedKey | 'erased'>;
  asked: string[];
  /** Thrown instead of an answer, while it is set. */
  error: Error | null;
}

export function createKeyStore(): KeyStoreStandIn {
  const store: KeyStoreStandIn = {
    rows: new Map(),
    asked: [],
    error: null,
    obtainEntityKey(fresh) {
      store.asked.push('obtain');
      if (store.error !== null) return Promise.reject(store.error);
      const known = [...store.rows.values()].find(
        (row): row is WrappedKey =>
          row !== 'erased' &&
          row.source === fresh.source &&
          row.entity.type === fresh.entity.type &&
          row.entity.id === fresh.entity.id,
      );
      if (known === undefined) store.rows.set(fresh.id, fresh);
      return Promise.resolve(known ?? fresh);
    },
    findEntityKey(id) {
      store.asked.push('find');
      if (store.error !== null) return Promise.reject(store.error);
      return Promise.resolve(store.rows.get(id) ?? null);
    },
  };
  return store;
}
