import type { Payload, PayloadCodec } from '@temporalio/common';
import proto from '@temporalio/proto';
import { LRUCache } from 'lru-cache';
import { PayloadErasedError, PayloadKeyUnknownError, PayloadUnreadableError } from '../errors.ts';
import { decrypt, encrypt } from '../privacy/aes-gcm.ts';
import { type EntityKeys, entityKeyPrefix, type Subject } from '../privacy/entity-keys.ts';
import type { KeyRing, PayloadKey } from '../privacy/key-ring.ts';
import { ownerOf, subjectOf } from './payload-subject.ts';

const { Payload: PayloadMessage } = proto.temporal.api.common.v1;

/** The names that Temporal's own examples use, so that its tools know what they see. */
const encodingName = 'encoding';
const cipherName = 'encryption-cipher';
const keyName = 'encryption-key-id';
const encrypted = 'binary/encrypted';
const cipher = 'AES-256-GCM';
/** Workflows whose entity is remembered. What a workflow writes follows what it has read, within a cached run or anew. */
const ownersAtMost = 50_000;

/**
 * Encrypts whole payloads, their metadata too, on the way to Temporal, and decrypts them on the way back. What is not encrypted
 * passes as it is: histories of before there were keys go on. Without a key nothing is encrypted, and what is encrypted is refused
 * by an error that says so, rather than taken for something else.
 *
 * What belongs to an entity's events is encrypted under the key of that entity, all else under the deployment's.
 *
 * The workflow's id is not part of what is authenticated: the id of a scheduled run is not known when its input is encrypted,
 * and a codec server is not told it.
 *
 * @param entityKeys - null where they are out of reach: what is written is then under the deployment's key
 * @see https://docs.temporal.io/payload-codec
 */
export function createPayloadCodec(keys: KeyRing, entityKeys: EntityKeys | null): PayloadCodec {
  const subjects = new LRUCache<string, Subject>({ max: ownersAtMost });

  return {
    async encode(payloads, context) {
      const current = keys.current();
      if (current === null) return payloads;
      const subject = entityKeys === null ? null : findSubject(ownerOf(context), payloads);
      const key = (subject === null ? null : await entityKeys?.of(subject)) ?? current;
      return payloads.map((payload) => encryptPayload(key, payload));
    },
    decode: (payloads, context) =>
      Promise.all(payloads.map((payload) => decryptPayload(payload, ownerOf(context)))),
  };

  function findSubject(owner: string | null, payloads: readonly Payload[]): Subject | null {
    if (owner === null) return null;
    const known = subjects.get(owner);
    if (known !== undefined) return known;
    for (const payload of payloads) {
      const subject = subjectOf(owner, payload);
      if (subject === null) continue;
      subjects.set(owner, subject);
      return subject;
    }
    return null;
  }

  async function decryptPayload(payload: Payload, owner: string | null): Promise<Payload> {
    if (!isEncrypted(payload)) return payload;
    const how = textOf(payload, cipherName);
    if (how !== cipher) {
      throw new PayloadUnreadableError(
        `A payload is encrypted with ${how === '' ? 'an unknown cipher' : how}, not with ${cipher}: something else than Landfall wrote it.`,
      );
    }
    const id = textOf(payload, keyName);
    const key = id.startsWith(entityKeyPrefix) ? await findEntityKey(id, owner) : findKey(id);
    const plain = decrypt(key, payload.data ?? new Uint8Array(), associated(id));
    if (plain === null) {
      throw new PayloadUnreadableError(
        `A payload cannot be decrypted: the key named "${id}" here is another one than it was written with, or the payload was changed.`,
      );
    }
    return PayloadMessage.decode(plain);
  }

  function findKey(id: string): Buffer {
    const found = keys.find(id);
    if (found !== null) return found.key;
    throw new PayloadKeyUnknownError(
      `A payload is encrypted under the key "${id}", which this process does not have: add it to LANDFALL_PAYLOAD_KEYS, behind the first.`,
    );
  }

  async function findEntityKey(id: string, owner: string | null): Promise<Buffer> {
    if (entityKeys === null) {
      throw new PayloadKeyUnknownError(
        `A payload is encrypted under the key of a record ("${id}"): to read it, set LANDFALL_PAYLOAD_KEYS and DATABASE_URL, or LANDFALL_CODEC_URL for a codec server that has both.`,
      );
    }
    const found = await entityKeys.find(id);
    if (found === 'erased') {
      throw new PayloadErasedError(
        `A payload cannot be read any more: its record has been erased, and its key ("${id}") with it.`,
      );
    }
    if (found === null) {
      throw new PayloadKeyUnknownError(
        `A payload is encrypted under the key of a record ("${id}") that is not in this store: it is the store of another deployment, or was restored from before the payload was written.`,
      );
    }
    if (owner !== null) subjects.set(owner, found.subject);
    return found.key;
  }
}

/** Whether the payload is encrypted. */
export function isEncrypted(payload: Payload): boolean {
  return textOf(payload, encodingName) === encrypted;
}

/** The name of the key that a payload is encrypted under; null where it is not encrypted. */
export function keyIdOf(payload: Payload): string | null {
  return isEncrypted(payload) ? textOf(payload, keyName) : null;
}

function encryptPayload({ id, key }: PayloadKey, payload: Payload): Payload {
  const plain = PayloadMessage.encode(payload).finish();
  return {
    metadata: {
      [encodingName]: Buffer.from(encrypted),
      [cipherName]: Buffer.from(cipher),
      [keyName]: Buffer.from(id),
    },
    data: encrypt(key, plain, associated(id)),
  };
}

function associated(keyId: string): string {
  return `landfall payload 1 ${cipher} ${keyId}`;
}

function textOf({ metadata }: Payload, name: string): string {
  const value = metadata?.[name];
  return value == null ? '' : Buffer.from(value).toString();
}
