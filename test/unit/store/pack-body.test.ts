import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { packBody, piecesOf, unpackBody } from '../../../src/store/pack-body.ts';

const pieceBytes = 1_048_576;

/** Short and long, random and repetitive, about the size of a piece and far from it. */
const anyBody = fc
  .tuple(fc.uint8Array({ maxLength: 2_000 }), fc.constantFrom(1, 2, 700, 5_000))
  .map(([part, times]) => Buffer.concat(Array.from({ length: times }, () => part)));

describe('A packed body', () => {
  it('comes back from its pieces to the byte, whatever it holds', async () => {
    await fc.assert(
      fc.asyncProperty(anyBody, async (body) => {
        const packed = await packBody(body);
        expect(packed.data.length).toBeLessThanOrEqual(body.length);
        const pieces = piecesOf(packed);
        expect(pieces.length).toBeGreaterThan(0);
        for (const piece of pieces) expect(piece.length).toBeLessThanOrEqual(pieceBytes);
        const data = Buffer.concat(pieces);
        expect((await unpackBody({ ...packed, data }, body.length)).equals(body)).toBe(true);
      }),
      { numRuns: 100 },
    );
  });

  it('is a part of a larger buffer as it is of one of its own', async () => {
    const around = Buffer.from('before the body after');
    const body = around.subarray(7, 15);
    const packed = await packBody(body);
    expect((await unpackBody(packed, body.length)).toString()).toBe('the body');
  });

  it('is never unpacked to more than was packed', async () => {
    const data = gzipSync(Buffer.alloc(50_000_000));
    await expect(unpackBody({ encoding: 'gzip', data }, 1_000)).rejects.toThrow();
  });
});
