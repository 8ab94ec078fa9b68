import type { ActivityDependencies } from './dependencies.ts';
import type { Activities } from './types.ts';

/** The audit log, as workflows write it: the store has it, and the worker's log says it as well. */
export function createDecisionActivities({
  store,
  logger,
}: ActivityDependencies): Pick<Activities, 'noteDecision' | 'endDecision'> {
  return {
    async noteDecision(decision) {
      await store.noteDecision(decision);
      const { id: auditId, ...rest } = decision;
      logger.info({ auditId, ...rest }, 'decided');
    },

    async endDecision({ id, outcome, text }) {
      await store.endDecision(id, { outcome, text });
      logger.info({ auditId: id, outcome, result: text }, 'decision carried out');
    },
  };
}
