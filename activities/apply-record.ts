import { activityInfo } from '@temporalio/activity';
import { happenedAt } from '../src/model/event.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { destinationNames } from './destination-names.ts';
import { findSource } from './find-source.ts';
import type { Activities } from './types.ts';

/** Writes the record under the version guard, together with the mark that the event is processed. */
export function createApplyRecord({
  sources,
  store,
  metrics,
  logger,
}: ActivityDependencies): Activities['applyRecord'] {
  return async ({ event, incoming }) => {
    const source = findSource(sources, event.source);
    const { workflowExecution } = activityInfo();
    const result = await store.apply({
      source: event.source,
      eventId: event.id,
      bodySha256: event.bodySha256,
      workflowId: workflowExecution?.workflowId ?? '',
      runId: workflowExecution?.runId ?? '',
      incoming,
      destinations: destinationNames(source, event.type),
      happenedAt: happenedAt(event),
      repair: event.foundBy === 'reconciliation',
      again: event.foundBy === 'replay',
    });
    if (result.kind === 'done') {
      metrics.outcomes.inc({ source: event.source, outcome: result.outcome });
      const { entity, version, sourceTime } = incoming;
      logger.info(
        {
          source: event.source,
          eventId: event.id,
          eventType: event.type,
          entity,
          version,
          sourceTime,
          previous: result.previous,
          foundBy: event.foundBy,
          outcome: result.outcome,
        },
        'processed',
      );
    }
    return result;
  };
}
