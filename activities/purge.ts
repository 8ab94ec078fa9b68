import { LandfallError } from '../src/errors.ts';
import { rewrapKey } from '../src/privacy/entity-keys.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { heartbeating } from './heartbeating.ts';
import type { Activities } from './types.ts';

/** Of one statement, so that no lock is held for long. */
const rowsAtOnce = 500;
const keysAtOnce = 100;

/** What the scheduled purge does outside of its workflow. Each goes on where it was cut off. */
export function createPurgeActivities({
  store,
  retention,
  payloadKeys,
  logger,
}: ActivityDependencies): Pick<Activities, 'purgeTable' | 'rewrapEntityKeys'> {
  return {
    purgeTable: ({ table }) =>
      heartbeating(async (signal) => {
        const keep = retention[table];
        if (keep === null) return 0;
        if (table === 'bodies') return store.purgeBodies(keep);
        for (let purged = 0; ;) {
          signal.throwIfAborted();
          const gone = await store.purge(table, keep, rowsAtOnce);
          purged += gone;
          if (gone < rowsAtOnce) return purged;
        }
      }),

    rewrapEntityKeys: () =>
      heartbeating(async (signal) => {
        const current = payloadKeys.current();
        if (current === null) return 0;
        let rewrapped = 0;
        for (let after: string | null = null; ;) {
          signal.throwIfAborted();
          const keys = await store.listKeysToRewrap(current.id, { after, limit: keysAtOnce });
          for (const key of keys) {
            try {
              await store.rewrapEntityKey(rewrapKey(payloadKeys, key));
              rewrapped += 1;
            } catch (error) {
              // Of the codec: tomorrow's purge may have the key that is missing. Whatever else it is concerns all of them.
              if (!(error instanceof LandfallError) || !error.code.startsWith('LANDFALL_PAYLOAD'))
                throw error;
              logger.error({ err: error, key: key.id }, 'the key of a record cannot be encrypted anew');
            }
          }
          after = keys.at(-1)?.id ?? null;
          if (keys.length < keysAtOnce) return rewrapped;
        }
      }),
  };
}
