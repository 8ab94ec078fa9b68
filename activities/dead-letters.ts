import { activityInfo } from '@temporalio/activity';
import { keepClaims } from '../src/bodies/keep-claims.ts';
import { bytesOfDelivery } from '../src/bodies/whole-subject.ts';
import { storedOf } from '../src/model/dead-letter.ts';
import { deadLetterWorkflowId, eventWorkflowId } from '../src/model/ids.ts';
import { codeLabel } from '../src/monitoring/code-label.ts';
import { readUnreadable } from '../src/sources/read-delivery.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { findSource } from './find-source.ts';
import type { Activities } from './types.ts';

type DeadLetterActivities = Pick<
  Activities,
  'openDeadLetter' | 'closeDeadLetter' | 'remindDeadLetter' | 'readDelivery' | 'describeRun'
>;

/** What happens around a dead letter. */
export function createDeadLetterActivities({
  sources,
  store,
  temporal,
  metrics,
  logger,
  timers,
  inlineBodyBytes,
  now,
}: ActivityDependencies): DeadLetterActivities {
  return {
    // Temporal first: a mark without a case would hide the event, a case without a mark is only told twice.
    async openDeadLetter({ source, eventId, subject, failure, retry }) {
      await temporal.openDeadLetter({ source, eventId, subject, retry, timers }, failure);
      await store.renewBodies(storedOf(subject).map(({ sha256 }) => sha256));
      const workflowId = failure.workflowId ?? eventWorkflowId(source, eventId);
      await store.markDeadLettered({
        source,
        eventId,
        workflowId,
        runId: failure.runId ?? '',
        bodySha256: subject.kind === 'event' ? subject.event.bodySha256 : subject.delivery.bodySha256,
      });
      metrics.deadLettersOpened.inc({ source, code: codeLabel(failure.type) });
      logger.error(
        { source, eventId, workflowId, step: failure.step, code: failure.type, attempts: failure.attempts },
        'dead letter',
      );
    },

    async closeDeadLetter({ source, eventId, resolution }) {
      await store.closeDeadLetter(source, eventId, resolution);
      const workflowId = deadLetterWorkflowId(source, eventId);
      logger.info({ source, eventId, workflowId, resolution }, 'dead letter closed');
    },

    async remindDeadLetter({ source, eventId, openForMilliseconds, escalated, lastError, stored = [] }) {
      await store.renewBodies(stored);
      metrics.deadLetterReminders.inc({ source, escalated: String(escalated) });
      const openForMinutes = Math.round(openForMilliseconds / 60_000);
      logger[escalated ? 'error' : 'warn'](
        {
          source,
          eventId,
          openForMinutes,
          escalated,
          lastError,
          workflowId: activityInfo().workflowExecution?.workflowId,
        },
        'a dead letter waits for a decision',
      );
    },

    async readDelivery({ source, subject: { delivery } }) {
      const body = await bytesOfDelivery(store, delivery);
      const options = { body, now: now(), inlineBodyBytes };
      const { event, claims } = readUnreadable(findSource(sources, source), delivery, options);
      await keepClaims({ store, metrics }, source, claims);
      return event;
    },

    async describeRun({ workflowId, runId }) {
      return { status: await temporal.describeRun(workflowId, runId) };
    },
  };
}
