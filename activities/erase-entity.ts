import { describeEntity } from '../src/model/event.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { heartbeating } from './heartbeating.ts';
import type { Activities } from './types.ts';

type EraseActivities = Pick<Activities, 'eraseRuns' | 'dropEntityKey' | 'eraseRows'>;

/** What the erasure of an entity does outside of its workflow. Each can be carried out again. */
export function createEraseActivities({ store, entityRuns, logger }: ActivityDependencies): EraseActivities {
  return {
    eraseRuns: ({ source, entity, startedBefore, droppedKeys }) =>
      heartbeating(async (signal) => {
        const erased = { ended: 0, deleted: 0, left: 0, eventIds: new Set<string>() };
        const dropped = new Set(droppedKeys);
        for (const run of await entityRuns.find(source, entity)) {
          signal.throwIfAborted();
          const seen = await entityRuns.look(run);
          if (seen === null) continue;
          // What came in since then is no part of it, unless nobody could read it any more.
          const isOfIt = seen.startedAt < startedBefore || (seen.keyId !== null && dropped.has(seen.keyId));
          if (!isOfIt) continue;
          if (await entityRuns.end(run, 'its record is erased')) erased.ended += 1;
          if (await entityRuns.delete(run)) erased.deleted += 1;
          else erased.left += 1;
          if (run.eventId !== null) erased.eventIds.add(run.eventId);
        }
        return { ...erased, eventIds: [...erased.eventIds] };
      }),

    dropEntityKey: ({ source, entity }) => store.dropEntityKey(source, entity),

    async eraseRows({ source, entity, eventIds, by, reason }) {
      const rows = await store.eraseEntity(source, entity, eventIds);
      logger.info({ source, entity: describeEntity(entity), by, reason, rows }, 'a record is erased');
      return rows;
    },
  };
}
