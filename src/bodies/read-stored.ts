import { BodyGoneError } from '../errors.ts';
import type { StoredBody } from '../model/stored-body.ts';
import type { Store } from '../store/store.ts';

/**
 * What a reference stands for, to the byte: whatever reads a body that may be large reads it here.
 * @throws BodyGoneError where it is not kept any more
 */
export async function readStored(
  store: Pick<Store, 'readBody'>,
  { sha256, bytes }: StoredBody,
): Promise<Buffer> {
  const body = await store.readBody(sha256);
  if (body !== null) return body;
  throw new BodyGoneError(
    `The ${bytes} bytes of ${sha256} are not in the store any more: nobody had used them for longer than LANDFALL_KEEP_BODIES.`,
  );
}
