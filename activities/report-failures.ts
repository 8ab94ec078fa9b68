import { activityInfo, ApplicationFailure } from '@temporalio/activity';
import { z } from 'zod';
import type { EventRef } from '../src/model/event.ts';
import type { IncomingRecord } from '../src/model/record.ts';
import { codeLabel } from '../src/monitoring/code-label.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { redactingOf, type Subject } from './redacting.ts';
import { toApplicationFailure } from './to-application-failure.ts';
import type { Activities, FailureDetail } from './types.ts';

/** Wraps each activity: a failure is classed, freed of secrets and of what is hidden, counted and logged, then thrown on. */
export function reportFailures(
  activities: Activities,
  dependencies: Pick<ActivityDependencies, 'sources' | 'redact' | 'metrics' | 'logger'>,
): Activities {
  const { redact, metrics, logger } = dependencies;
  const wrap =
    <Input, Output>(
      name: keyof Activities,
      run: (input: Input) => Promise<Output>,
      about?: (input: Input) => Subject,
    ) =>
    async (input: Input): Promise<Output> => {
      try {
        return await run(input);
      } catch (error) {
        const hides = about === undefined ? redact : redactingOf(dependencies, about(input));
        const failure = toApplicationFailure(error, hides);
        if (failure instanceof ApplicationFailure) {
          const { attempt, workflowExecution } = activityInfo();
          const code = failure.type ?? 'Error';
          metrics.activityFailures.inc({ activity: name, code: codeLabel(code) });
          logger.warn(
            {
              activity: name,
              code,
              ...describe(input, failure),
              attempt,
              workflowId: workflowExecution?.workflowId,
              reason: failure.message,
            },
            'an activity failed',
          );
        }
        throw failure;
      }
    };
  return {
    tryEvent: wrap('tryEvent', activities.tryEvent),
    waitForTurn: wrap('waitForTurn', activities.waitForTurn),
    fetchRecord: wrap('fetchRecord', activities.fetchRecord),
    applyRecord: wrap('applyRecord', activities.applyRecord, ofRecord),
    applyStored: wrap('applyStored', activities.applyStored, ofRecord),
    deliver: wrap('deliver', activities.deliver, ofRecord),
    deliverStored: wrap('deliverStored', activities.deliverStored, ofRecord),
    markDelivered: wrap('markDelivered', activities.markDelivered),
    awaitStore: () => wrap('awaitStore', activities.awaitStore)(undefined),
    openDeadLetter: wrap('openDeadLetter', activities.openDeadLetter),
    closeDeadLetter: wrap('closeDeadLetter', activities.closeDeadLetter),
    remindDeadLetter: wrap('remindDeadLetter', activities.remindDeadLetter),
    readDelivery: wrap('readDelivery', activities.readDelivery),
    describeRun: wrap('describeRun', activities.describeRun),
    beginReconciliation: wrap('beginReconciliation', activities.beginReconciliation),
    listChanges: wrap('listChanges', activities.listChanges),
    compareAgain: wrap('compareAgain', activities.compareAgain),
    auditRecords: wrap('auditRecords', activities.auditRecords),
    redeliverMissed: wrap('redeliverMissed', activities.redeliverMissed),
    finishReconciliation: wrap('finishReconciliation', activities.finishReconciliation),
    findHold: wrap('findHold', activities.findHold),
    judgeFailure: wrap('judgeFailure', activities.judgeFailure),
    announceHold: wrap('announceHold', activities.announceHold),
    pickHeld: wrap('pickHeld', activities.pickHeld),
    letGo: wrap('letGo', activities.letGo),
    settleFailures: wrap('settleFailures', activities.settleFailures),
    reportHold: wrap('reportHold', activities.reportHold),
    readRhythm: wrap('readRhythm', activities.readRhythm),
    announceSilence: wrap('announceSilence', activities.announceSilence),
    noteDecision: wrap('noteDecision', activities.noteDecision),
    endDecision: wrap('endDecision', activities.endDecision),
    findLetters: wrap('findLetters', activities.findLetters),
    decideLetters: wrap('decideLetters', activities.decideLetters),
    leaveLetters: wrap('leaveLetters', activities.leaveLetters),
    reportSilence: wrap('reportSilence', activities.reportSilence),
    beginReplays: wrap('beginReplays', activities.beginReplays),
    awaitReplays: wrap('awaitReplays', activities.awaitReplays),
    judgeAlerts: () => wrap('judgeAlerts', activities.judgeAlerts)(undefined),
    sendAlerts: () => wrap('sendAlerts', activities.sendAlerts)(undefined),
    silenceAlert: wrap('silenceAlert', activities.silenceAlert),
    unsilenceAlert: wrap('unsilenceAlert', activities.unsilenceAlert),
    eraseRuns: wrap('eraseRuns', activities.eraseRuns),
    dropEntityKey: wrap('dropEntityKey', activities.dropEntityKey),
    eraseRows: wrap('eraseRows', activities.eraseRows),
    purgeTable: wrap('purgeTable', activities.purgeTable),
    rewrapEntityKeys: () => wrap('rewrapEntityKeys', activities.rewrapEntityKeys)(undefined),
  };
}

function ofRecord({ event, incoming }: { event: EventRef; incoming: IncomingRecord }): Subject {
  return { source: event.source, documents: [incoming.data] };
}

/** What inputs say of whom they are about. */
const subject = z.object({
  event: z.object({ source: z.string(), id: z.string() }).optional(),
  source: z.string().optional(),
  eventId: z.string().optional(),
});

/** The source and the event that an activity is about, and of one that takes several steps, the step. */
function describe(
  input: unknown,
  { details }: ApplicationFailure,
): { source?: string | undefined; eventId?: string | undefined; step?: string | undefined } {
  const { event, source, eventId } = subject.safeParse(input).data ?? {};
  const detail = details?.[0] as FailureDetail | undefined;
  return { source: event?.source ?? source, eventId: event?.id ?? eventId, step: detail?.step };
}
