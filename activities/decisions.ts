import { Context } from '@temporalio/activity';
import type { ActivityDependencies } from './dependencies.ts';
import type { Activities } from './types.ts';

/** The audit log, as workflows write it: the store has it, and the worker's log says it as well. */
export function createDecisionActivities({
  store,
  logger,
}: ActivityDependencies): Pick<Activities, 'noteDecision' | 'endDecision'> {
  return {
    async noteDecision(decision) {
      const { activityId, workflowExecution } = Context.current().info;
      // The same for each try.
      const id = `${workflowExecution?.runId ?? ''}:${activityId}`;
      await store.noteDecision({ id, ...decision });
      logger.info({ auditId: id, ...decision }, 'decided');
      return id;
    },

    async endDecision({ id, outcome, text }) {
      await store.endDecision(id, { outcome, text });
      logger.info({ auditId: id, outcome, result: text }, 'decision carried out');
    },
  };
}
