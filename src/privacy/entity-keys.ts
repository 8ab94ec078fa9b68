import { randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import { PayloadKeyUnknownError, PayloadUnreadableError, StoreUnavailableError } from '../errors.ts';
import type { EntityRef } from '../model/event.ts';
import type { Store, WrappedKey } from '../store/store.ts';
import { decrypt, encrypt, keyBytes } from './aes-gcm.ts';
import type { KeyRing, PayloadKey } from './key-ring.ts';

/** Whose data a payload holds. */
export interface Subject {
  source: string;
  entity: EntityRef;
}

/** The key of an entity. */
export interface EntityKey extends PayloadKey {
  subject: Subject;
}

/**
 * A key for each entity, kept in the store under a key of the deployment: without it, nobody can read what was encrypted under it,
 * in whatever backup it may lie.
 */
export interface EntityKeys {
  /** The key to encrypt under; null while the store is out of reach, so that events are accepted even then. */
  of(subject: Subject): Promise<EntityKey | null>;
  /**
   * The key of this id; `erased` where its entity has been erased, null where there is none.
   * @throws PayloadKeyUnknownError where it is encrypted under a key that this process does not have
   * @throws StoreUnavailableError
   */
  find(id: string): Promise<EntityKey | 'erased' | null>;
}

type KeyStore = Pick<Store, 'obtainEntityKey' | 'findEntityKey'>;

/** What begins the name of an entity's key in a payload's metadata: no key of a deployment is named so. */
export const entityKeyPrefix = 'entity:';
/** How long a process knows a key: what was erased is unreadable everywhere after that. */
export const knownForMilliseconds = 30_000;
/** At most. A key has 32 bytes. */
const knownAtMost = 20_000;
/** An event waits so long for the key of its entity, and none waits again within the pause. */
const patienceMilliseconds = 1_000;
const pauseMilliseconds = 5_000;

/**
 * The keys of entities, in the store.
 *
 * @param options.onUnreachable - told when the store is out of reach, at most once in a pause
 */
export function createEntityKeys(
  ring: KeyRing,
  store: KeyStore,
  { onUnreachable = () => undefined }: { onUnreachable?: (error: unknown) => void } = {},
): EntityKeys {
  let pausedUntil = 0;
  const known = { max: knownAtMost, ttl: knownForMilliseconds };
  const bySubject = new LRUCache<string, EntityKey, Subject>({
    ...known,
    fetchMethod: async (_name, _stale, { context }) =>
      unwrapKey(ring, await store.obtainEntityKey(wrapKey(ring, newKey(context)))),
  });
  const byId = new LRUCache<string, EntityKey | 'erased'>({
    ...known,
    fetchMethod: async (id) => {
      const found = await store.findEntityKey(id);
      return found === null ? undefined : found === 'erased' ? found : unwrapKey(ring, found);
    },
  });

  return {
    async of(subject) {
      const { source, entity } = subject;
      const name = JSON.stringify([source, entity.type, entity.id]);
      const key = bySubject.get(name);
      if (key !== undefined) return key;
      if (performance.now() < pausedUntil) return null;
      try {
        return await inTime(bySubject.forceFetch(name, { context: subject }));
      } catch (error) {
        if (!(error instanceof StoreUnavailableError)) throw error;
        pausedUntil = performance.now() + pauseMilliseconds;
        onUnreachable(error);
        return null;
      }
    },
    find: async (id) => (await byId.fetch(id)) ?? null,
  };
}

/** The key of an entity, encrypted under the newest key of the deployment. */
export function wrapKey(ring: KeyRing, { id, key, subject: { source, entity } }: EntityKey): WrappedKey {
  const by = ring.current();
  if (by === null) throw new RangeError('keys of entities are kept only where there is a key for them');
  const wrapped = encrypt(by.key, key, associated(id)).toString('base64');
  return { id, source, entity, wrappedBy: by.id, wrapped };
}

function newKey(subject: Subject): EntityKey {
  return { id: entityKeyPrefix + randomUUID(), key: randomBytes(keyBytes), subject };
}

/**
 * The same key under the newest key of the deployment.
 * @throws PayloadKeyUnknownError | PayloadUnreadableError
 */
export function rewrapKey(ring: KeyRing, wrapped: WrappedKey): WrappedKey {
  return wrapKey(ring, unwrapKey(ring, wrapped));
}

/** @throws PayloadKeyUnknownError | PayloadUnreadableError */
function unwrapKey(ring: KeyRing, { id, source, entity, wrappedBy, wrapped }: WrappedKey): EntityKey {
  const by = ring.find(wrappedBy);
  if (by === null) {
    throw new PayloadKeyUnknownError(
      `The key of a record is encrypted under the key "${wrappedBy}", which this process does not have: add it to LANDFALL_PAYLOAD_KEYS, behind the first.`,
    );
  }
  const key = decrypt(by.key, Buffer.from(wrapped, 'base64'), associated(id));
  if (key === null) {
    throw new PayloadUnreadableError(
      `The key of a record cannot be decrypted: the key named "${wrappedBy}" here is another one than it was written with, or it was changed.`,
    );
  }
  return { id, key, subject: { source, entity } };
}

function associated(id: string): string {
  return `landfall entity key 1 AES-256-GCM ${id}`;
}

async function inTime<Result>(work: Promise<Result>): Promise<Result> {
  const given = new AbortController();
  const late = sleep(patienceMilliseconds, undefined, { signal: given.signal, ref: false }).then(() => {
    throw new StoreUnavailableError('The database does not answer in time.');
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    given.abort();
    late.catch(() => undefined);
  }
}
