import { createApplyRecord } from './apply-record.ts';
import { createAuditRecords } from './audit-records.ts';
import { createBulkActivities } from './bulk.ts';
import { createDeadLetterActivities } from './dead-letters.ts';
import { createDeliver, createMarkDelivered } from './deliver.ts';
import { createDecisionActivities } from './decisions.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { createEraseActivities } from './erase-entity.ts';
import { createFetchRecord } from './fetch-record.ts';
import { createHoldActivities } from './holds.ts';
import { createPurgeActivities } from './purge.ts';
import { createReconciliationActivities } from './reconciliation.ts';
import { createRedeliverMissed } from './redeliver-missed.ts';
import { createReplayActivities } from './replay-events.ts';
import { reportFailures } from './report-failures.ts';
import { createSilenceActivities } from './silence.ts';
import { createTryEvent } from './try-event.ts';
import type { Activities } from './types.ts';
import { createWaitForTurn } from './wait-for-turn.ts';

/** All activities, as the worker registers them: whatever one throws leaves as an `ApplicationFailure` without secrets. */
export function createActivities(dependencies: ActivityDependencies): Activities {
  const steps = {
    fetchRecord: createFetchRecord(dependencies),
    applyRecord: createApplyRecord(dependencies),
    deliver: createDeliver(dependencies),
  };
  return reportFailures(
    {
      ...steps,
      waitForTurn: createWaitForTurn(dependencies),
      markDelivered: createMarkDelivered(dependencies),
      awaitStore: () => dependencies.store.ping(),
      tryEvent: createTryEvent(steps, dependencies),
      ...createDeadLetterActivities(dependencies),
      ...createReconciliationActivities(dependencies),
      auditRecords: createAuditRecords(dependencies),
      ...createHoldActivities(dependencies),
      ...createSilenceActivities(dependencies),
      redeliverMissed: createRedeliverMissed(dependencies),
      ...createReplayActivities(dependencies),
      ...createDecisionActivities(dependencies),
      ...createBulkActivities(dependencies),
      ...createEraseActivities(dependencies),
      ...createPurgeActivities(dependencies),
    },
    dependencies,
  );
}
