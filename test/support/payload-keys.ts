import { randomBytes } from 'node:crypto';

/** A new key, as it stands in `LANDFALL_PAYLOAD_KEYS`. */
export function payloadKey(id: string): string {
  return `${id}:${randomBytes(32).toString('base64')}`;
}

/** Under which the encrypted histories in test/histories were recorded: no secret. */
export const recordedKey = `recorded:${Buffer.alloc(32, 7).toString('base64')}`;

/** The key of the record that they are of. */
export const recordedEntityKey = { id: 'entity:recorded', key: Buffer.alloc(32, 9) };
