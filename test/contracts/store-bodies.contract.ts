import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { largestBodyBytes } from '../../src/sources/body-limit.ts';
import { sha256 } from '../support/receiver.ts';
import type { StoreUnderTest } from './store.contract.ts';

const hour = 3_600_000;

/** Bodies and records that are too large for a history. */
export function storeBodiesContract(subject: StoreUnderTest): void {
  describe('a large body', () => {
    const keep = async (body: Buffer) => subject.store().keepBody(body, sha256(body), null);
    const read = (body: Buffer) => subject.store().readBody(sha256(body));
    const newBody = (bytes = 1_000) => randomBytes(bytes);

    it.each([0, 1, 1_048_575, 1_048_576, 1_048_577, 5_000_000])(
      'of %i bytes comes back as it was, whether it shrinks or not',
      async (bytes) => {
        for (const body of [newBody(bytes), Buffer.from(sha256(newBody()).repeat(bytes / 64 + 1))]) {
          await keep(body);
          expect((await read(body))?.equals(body)).toBe(true);
        }
      },
    );

    it('may be as large as any that is taken', { timeout: 120_000 }, async () => {
      const body = newBody(largestBodyBytes);
      expect(await keep(body)).toBe('new');
      expect((await read(body))?.equals(body)).toBe(true);
      expect(await keep(body)).toBe('known');
    });

    it('is there once, however often it comes at the same time', async () => {
      const body = newBody(2_000_000);
      const results = await Promise.all(Array.from({ length: 8 }, () => keep(body)));
      expect(results.filter((result) => result === 'new')).toHaveLength(1);
      expect((await read(body))?.equals(body)).toBe(true);
    });

    it('that nobody keeps is not there', async () => {
      expect(await read(newBody())).toBeNull();
      await subject.store().renewBodies([]);
      await subject.store().renewBodies([sha256(newBody())]);
    });

    it('goes once nobody has used it for long, with all its pieces, and can come again', async () => {
      const body = newBody(3_000_000);
      await keep(body);
      await subject.store().purgeBodies(hour);
      expect(await read(body)).not.toBeNull();
      // The times of the database have milliseconds, rounded.
      await expect
        .poll(async () => {
          await subject.store().purgeBodies(0);
          return read(body);
        })
        .toBeNull();
      expect(await keep(body)).toBe('new');
      expect((await read(body))?.equals(body)).toBe(true);
    });

    it('stays while somebody says that it is in use, or brings it again', async () => {
      const [renewed, again, forgotten] = [newBody(), newBody(), newBody()];
      await Promise.all([renewed, again, forgotten].map(keep));
      await expect
        .poll(
          async () => {
            await subject.store().renewBodies([sha256(renewed), sha256(newBody())]);
            await keep(again);
            await subject.store().purgeBodies(2_000);
            return read(forgotten);
          },
          { timeout: 20_000 },
        )
        .toBeNull();
      expect(await read(renewed)).toEqual(renewed);
      expect(await read(again)).toEqual(again);
    });

    it('is counted once by those that purge at the same time, and no use of others stops them', async () => {
      await expect.poll(() => subject.store().purgeBodies(0)).toBe(0);
      const all = Array.from({ length: 250 }, () => newBody(100));
      await Promise.all(all.map(keep));
      const hashes = all.map(sha256);
      const backwards = [...hashes].reverse();
      // In either order, as two relays may have them.
      await Promise.all(
        Array.from({ length: 10 }, (_, index) =>
          subject.store().renewBodies(index % 2 === 0 ? hashes : backwards),
        ),
      );
      let purged = 0;
      await expect
        .poll(async () => {
          const counts = await Promise.all([0, 0, 0, 0].map((age) => subject.store().purgeBodies(age)));
          purged += counts.reduce((sum, count) => sum + count, 0);
          return purged;
        })
        .toBe(all.length);
      expect(await subject.store().purgeBodies(0)).toBe(0);
    });
  });
}
