import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';

/** A body as its pieces hold it. */
export interface PackedBody {
  /** `identity`: as it is, because compressing made it no smaller. */
  encoding: 'gzip' | 'identity';
  data: Buffer;
}

const compress = promisify(gzip);
const decompress = promisify(gunzip);
/** JSON of webhooks shrinks to a seventh at the fastest level, and by another tenth at the slowest. */
const level = 1;
/** Of the packed body, in one row: a few statements for the largest one, and none that a database would feel. */
const pieceBytes = 1_048_576;

/** Compresses a body, outside of the event loop. */
export async function packBody(body: Uint8Array): Promise<PackedBody> {
  const data = await compress(body, { level });
  return data.length < body.length
    ? { encoding: 'gzip', data }
    : { encoding: 'identity', data: Buffer.from(body.buffer, body.byteOffset, body.byteLength) };
}

/**
 * @param bytes - of the body; it is never unpacked to more
 * @throws Error where it is not what was packed
 */
export async function unpackBody({ encoding, data }: PackedBody, bytes: number): Promise<Buffer> {
  if (encoding === 'identity') return data;
  return decompress(data, { maxOutputLength: Math.max(bytes, 1) });
}

/** The packed body in its pieces; one at least. */
export function piecesOf({ data }: PackedBody): Buffer[] {
  const count = Math.max(1, Math.ceil(data.length / pieceBytes));
  return Array.from({ length: count }, (_, index) =>
    data.subarray(index * pieceBytes, (index + 1) * pieceBytes),
  );
}
