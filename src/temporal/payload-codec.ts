import type { Payload, PayloadCodec } from '@temporalio/common';
import proto from '@temporalio/proto';
import { PayloadKeyUnknownError, PayloadUnreadableError } from '../errors.ts';
import { decrypt, encrypt } from '../privacy/aes-gcm.ts';
import type { KeyRing, PayloadKey } from '../privacy/key-ring.ts';

const { Payload: PayloadMessage } = proto.temporal.api.common.v1;

/** The names that Temporal's own examples use, so that its tools know what they see. */
const encodingName = 'encoding';
const cipherName = 'encryption-cipher';
const keyName = 'encryption-key-id';
const encrypted = 'binary/encrypted';
const cipher = 'AES-256-GCM';

/**
 * Encrypts whole payloads, their metadata too, on the way to Temporal, and decrypts them on the way back. What is not encrypted
 * passes as it is: histories of before there were keys go on. Without a key nothing is encrypted, and what is encrypted is refused
 * by an error that says so, rather than taken for something else.
 *
 * The workflow's id is not part of what is authenticated: the id of a scheduled run is not known when its input is encrypted,
 * and a codec server is not told it.
 *
 * @see https://docs.temporal.io/payload-codec
 */
export function createPayloadCodec(keys: KeyRing): PayloadCodec {
  return {
    encode(payloads) {
      const key = keys.current();
      return Promise.resolve(
        key === null ? payloads : payloads.map((payload) => encryptPayload(key, payload)),
      );
    },
    // Asynchronous, so that what it throws is a rejection.
    decode: async (payloads) => payloads.map((payload) => decryptPayload(keys, payload)),
  };
}

/** Whether the payload is encrypted. */
export function isEncrypted(payload: Payload): boolean {
  return textOf(payload, encodingName) === encrypted;
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

function decryptPayload(keys: KeyRing, payload: Payload): Payload {
  if (!isEncrypted(payload)) return payload;
  const how = textOf(payload, cipherName);
  if (how !== cipher) {
    throw new PayloadUnreadableError(
      `A payload is encrypted with ${how === '' ? 'an unknown cipher' : how}, not with ${cipher}: something else than Landfall wrote it.`,
    );
  }
  const id = textOf(payload, keyName);
  const found = keys.find(id);
  if (found === null) {
    throw new PayloadKeyUnknownError(
      `A payload is encrypted under the key "${id}", which this process does not have: add it to LANDFALL_PAYLOAD_KEYS, behind the first.`,
    );
  }
  const plain = decrypt(found.key, payload.data ?? new Uint8Array(), associated(id));
  if (plain === null) {
    throw new PayloadUnreadableError(
      `A payload cannot be decrypted: the key named "${id}" here is another one than it was written with, or the payload was changed.`,
    );
  }
  return PayloadMessage.decode(plain);
}

function associated(keyId: string): string {
  return `landfall payload 1 ${cipher} ${keyId}`;
}

function textOf({ metadata }: Payload, name: string): string {
  const value = metadata?.[name];
  return value == null ? '' : Buffer.from(value).toString();
}
