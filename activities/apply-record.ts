import { activityInfo } from '@temporalio/activity';
import { isRepair } from '../src/handlers/repair-types.ts';
import { type EventRef, happenedAt } from '../src/model/event.ts';
import type { ApplyResult, Outcome } from '../src/model/outcome.ts';
import type { DeliveryPolicy } from '../src/model/retry.ts';
import type { Source } from '../src/sources/define-source.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { findSource } from './find-source.ts';
import { receiversOf } from './receivers.ts';
import { withRecord } from './refer-to-record.ts';
import type { Activities } from './types.ts';

/** Writes the record under the version guard, together with the mark that the event is processed. */
export function createApplyRecord(dependencies: ActivityDependencies): Activities['applyRecord'] {
  const { sources, store, metrics, lags, logger, now } = dependencies;
  return async ({ event, incoming: given, nonce }) => {
    const source = findSource(sources, event.source);
    const { names, handlers, policies } = receiversOf(source, event, given);
    const { workflowExecution } = activityInfo();
    const result = await withRecord(dependencies, { source: event.source, given }, (incoming) =>
      store.apply({
        source: event.source,
        eventId: event.id,
        bodySha256: event.bodySha256,
        workflowId: workflowExecution?.workflowId ?? '',
        runId: workflowExecution?.runId ?? '',
        incoming,
        destinations: names,
        toldPrevious: handlers,
        happenedAt: happenedAt(event),
        repair: event.foundBy === 'reconciliation',
        again: event.foundBy === 'replay',
      }),
    );
    if (result.kind === 'done') {
      metrics.outcomes.inc({ source: event.source, outcome: result.outcome });
      // A replay is late because somebody took time to decide.
      if (nonce === undefined) noteLag(event, result.outcome);
      const { entity, version, sourceTime } = given;
      logger.info(
        {
          source: event.source,
          eventId: event.id,
          workflowId: workflowExecution?.workflowId,
          eventType: event.type,
          entity,
          version,
          sourceTime,
          previous: result.previous,
          foundBy: event.foundBy,
          outcome: result.outcome,
          ...notRun(source, event, handlers),
        },
        'processed',
      );
    }
    return result.kind === 'done' ? withPolicies(result, policies) : result;
  };

  /** How long it took from the change at the vendor, by its time, to here. What reconciliation found has a report of its own. */
  function noteLag(event: EventRef, outcome: Outcome): void {
    const happened = happenedAt(event);
    if (happened === null || (outcome !== 'applied' && outcome !== 'deleted')) return;
    const milliseconds = Math.max(0, now() - Date.parse(happened));
    metrics.applyLagSeconds.observe({ source: event.source }, milliseconds / 1_000);
    lags.note(event.source, milliseconds);
  }
}

/** Of a repair that no event of the vendor's names: who may have waited for one that was missed, under another type. */
function notRun(source: Source, event: EventRef, handlers: readonly string[]): { handlersNotRun?: string[] } {
  if (event.entity === null || event.backfill === true || !isRepair({ ...event, entity: event.entity }))
    return {};
  const others = source.handlers.filter(({ name }) => !handlers.includes(name));
  return others.length === 0 ? {} : { handlersNotRun: others.map(({ name }) => name) };
}

function withPolicies(
  result: Extract<ApplyResult, { kind: 'done' }>,
  all: Record<string, DeliveryPolicy>,
): ApplyResult {
  const own = Object.entries(all).filter(([name]) => result.pending.includes(name));
  return own.length === 0 ? result : { ...result, policies: Object.fromEntries(own) };
}
