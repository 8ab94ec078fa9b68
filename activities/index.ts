import { createAlertActivities } from './alerts.ts';
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
import { observeSteps } from './observe-steps.ts';
import { createReconciliationActivities } from './reconciliation.ts';
import { createRedeliverMissed } from './redeliver-missed.ts';
import { createReferToRecord } from './refer-to-record.ts';
import { createReplayActivities } from './replay-events.ts';
import { reportFailures } from './report-failures.ts';
import { createSilenceActivities } from './silence.ts';
import { createTryEvent } from './try-event.ts';
import type { Activities } from './types.ts';
import { createWaitForTurn } from './wait-for-turn.ts';

/** All activities, as the worker registers them: whatever one throws leaves as an `ApplicationFailure` without secrets. */
export function createActivities(dependencies: ActivityDependencies): Activities {
  const steps = observeSteps(
    {
      fetchRecord: createFetchRecord(dependencies),
      applyRecord: createApplyRecord(dependencies),
      deliver: createDeliver(dependencies),
    },
    dependencies,
  );
  const referToRecord = createReferToRecord(dependencies);
  return reportFailures(
    {
      ...steps,
      fetchRecord: async (input) => {
        const fetched = await steps.fetchRecord(input);
        if (fetched.kind !== 'record') return fetched;
        const byReference = input.byReference === true;
        const incoming = await referToRecord(input.event.source, fetched.incoming, { byReference });
        return { kind: 'record', incoming };
      },
      applyStored: steps.applyRecord,
      deliverStored: steps.deliver,
      waitForTurn: createWaitForTurn(dependencies),
      markDelivered: createMarkDelivered(dependencies),
      awaitStore: () => dependencies.store.ping(),
      tryEvent: createTryEvent(steps, { ...dependencies, referToRecord }),
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
      ...createAlertActivities(dependencies),
    },
    dependencies,
  );
}
