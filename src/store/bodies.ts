import { createHash } from 'node:crypto';
import { and, asc, eq, inArray, lt, sql } from 'drizzle-orm';
import { StoreRefusedError } from '../errors.ts';
import type { Database, Queries } from './database.ts';
import { packBody, piecesOf, unpackBody } from './pack-body.ts';
import { bodies, bodyOwners, bodyPieces } from './schema.ts';
import type { Store } from './store.ts';

type Bodies = Pick<Store, 'keepBody' | 'readBody' | 'renewBodies' | 'purgeBodies'>;

/** Of one statement, so that no lock is held for long. */
const purgeAtOnce = 100;

/** The tables `bodies` and `body_pieces`. */
export function createBodies(database: Database): Bodies {
  return {
    async keepBody(body, sha256, owner) {
      const known = await database.transaction((queries) => useAgain(queries, sha256, owner));
      if (known) return 'known';
      const packed = await packBody(body);
      return database.transaction(async (queries) => {
        for (;;) {
          const added = await queries
            .insert(bodies)
            .values({ sha256, bytes: body.length, encoding: packed.encoding, usedAt: sql`now()` })
            .onConflictDoNothing()
            .returning({ sha256: bodies.sha256 });
          if (added.length > 0) break;
          // None to renew: a purge has taken it away just now, and it is added after all.
          if (await useAgain(queries, sha256, owner)) return 'known';
        }
        await own(queries, sha256, owner);
        for (const [piece, data] of piecesOf(packed).entries()) {
          // As text: the embedded database takes minutes to write so many bytes as `bytea`, because it does so one by one.
          const bytes = sql`decode(${data.toString('base64')}, 'base64')`;
          await queries.insert(bodyPieces).values({ sha256, piece, data: bytes });
        }
        return 'new';
      });
    },

    async readBody(sha256) {
      // One statement, so that a purge takes away all of it or nothing.
      const pieces = await database.run((queries) =>
        queries
          .select({
            bytes: bodies.bytes,
            encoding: bodies.encoding,
            data: sql<string>`encode(${bodyPieces.data}, 'base64')`,
          })
          .from(bodies)
          .innerJoin(bodyPieces, eq(bodyPieces.sha256, bodies.sha256))
          .where(eq(bodies.sha256, sha256))
          .orderBy(asc(bodyPieces.piece)),
      );
      const [first] = pieces;
      if (first === undefined) return null;
      const data = Buffer.concat(pieces.map((piece) => Buffer.from(piece.data, 'base64')));
      const body = await unpackBody({ encoding: first.encoding, data }, first.bytes).catch(() => null);
      if (body === null || createHash('sha256').update(body).digest('hex') !== sha256) {
        throw new StoreRefusedError(`The body ${sha256} is damaged in the store: restore it from a backup.`);
      }
      return body;
    },

    async renewBodies(sha256s) {
      if (sha256s.length > 0) await database.run((queries) => renew(queries, sha256s));
    },

    async purgeBodies(unusedMilliseconds) {
      const unused = lt(
        bodies.usedAt,
        sql`clock_timestamp() - ${unusedMilliseconds} * interval '1 millisecond'`,
      );
      for (let purged = 0; ;) {
        const gone = await database.run((queries) => {
          const some = queries
            .select({ sha256: bodies.sha256 })
            .from(bodies)
            .where(unused)
            .limit(purgeAtOnce);
          // The age once more: one that was renewed since the search stays.
          return queries
            .delete(bodies)
            .where(and(inArray(bodies.sha256, some), unused))
            .returning({ sha256: bodies.sha256 });
        });
        purged += gone.length;
        if (gone.length < purgeAtOnce) return purged;
      }
    },
  };
}

type Owner = Parameters<Store['keepBody']>[2];

/** Whether it is there. Renewing it keeps it from being purged until its owner is written. */
async function useAgain(queries: Queries, sha256: string, owner: Owner): Promise<boolean> {
  if ((await renew(queries, [sha256])) === 0) return false;
  await own(queries, sha256, owner);
  return true;
}

async function own(queries: Queries, sha256: string, owner: Owner): Promise<void> {
  if (owner === null) return;
  const { source, entity } = owner;
  await queries
    .insert(bodyOwners)
    .values({ source, entityType: entity.type, entityId: entity.id, sha256 })
    .onConflictDoNothing();
}

/** Answers how many of them there are. In one order always: two that renew the same ones never wait for each other in a circle. */
async function renew(queries: Queries, sha256s: readonly string[]): Promise<number> {
  const inOrder = queries
    .select({ sha256: bodies.sha256 })
    .from(bodies)
    .where(inArray(bodies.sha256, [...sha256s]))
    .orderBy(asc(bodies.sha256))
    .for('no key update');
  const renewed = await queries
    .update(bodies)
    .set({ usedAt: sql`clock_timestamp()` })
    .where(inArray(bodies.sha256, inOrder))
    .returning({ sha256: bodies.sha256 });
  return renewed.length;
}
