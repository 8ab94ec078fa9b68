import type { ActivityDependencies } from './dependencies.ts';
import { findSource } from './find-source.ts';
import type { Activities } from './types.ts';

const unversioned = { version: null, sourceTime: null };

/** Tells the workflow of the record that an event waits for its turn, and begins that workflow where it does not run. */
export function createWaitForTurn({
  sources,
  store,
  temporal,
  now,
}: ActivityDependencies): Activities['waitForTurn'] {
  return async ({ event, entity, runId }) => {
    const { name, ordering } = findSource(sources, event.source);
    const copy = await store.findRecord(name, entity);
    const known = copy === null ? null : { version: copy.version, sourceTime: copy.sourceTime };
    const { consecutiveVersions, gapMilliseconds } = ordering;
    await temporal.waitForTurn(
      { source: name, entity, ordering: { consecutiveVersions, gapMilliseconds }, known },
      { eventId: event.id, runId, announced: event.announced ?? unversioned, at: now() },
    );
  };
}
