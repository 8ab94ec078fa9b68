import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DataConverter } from '@temporalio/common';
import type { EntityKeys } from '../privacy/entity-keys.ts';
import type { KeyRing } from '../privacy/key-ring.ts';
import { createPayloadCodec } from './payload-codec.ts';

/** The module that makes payloads of the messages and stacks of failures. By path, because the SDK loads it itself, into workflows too. */
export const encodedFailuresPath = fileURLToPath(
  new URL(`./encoded-failures${extname(fileURLToPath(import.meta.url))}`, import.meta.url),
);

/**
 * How every client and worker writes to Temporal: encrypted where there are keys, failures included.
 *
 * @param entityKeys - null where the store is out of reach
 */
export function createDataConverter(keys: KeyRing, entityKeys: EntityKeys | null): DataConverter {
  const payloadCodecs = [createPayloadCodec(keys, entityKeys)];
  return encrypts(keys) ? { payloadCodecs, failureConverterPath: encodedFailuresPath } : { payloadCodecs };
}

/** Whether anything is encrypted. It does not change while a process runs: keys come and go, not all of them. */
export function encrypts(keys: KeyRing): boolean {
  return keys.current() !== null;
}
