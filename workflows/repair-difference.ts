import { isCancellation, ParentClosePolicy, startChild, WorkflowIdReusePolicy } from '@temporalio/workflow';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { type LandfallEvent, repairType } from '../src/model/event.ts';
import { eventWorkflowId } from '../src/model/ids.ts';
import { eventStartOptions, type ProcessEventInput, workflowVersion } from '../src/model/process-event.ts';
import type { Difference } from '../src/model/reconciliation.ts';
import type { RetrySettings } from '../src/model/retry.ts';
import type { HeldRepairs } from './held-repairs.ts';
import type { processEvent } from './process-event.ts';

/**
 * Processes one difference as an event of its own, found by reconciliation, and waits for how it ends, but for no outage.
 *
 * @param backfill - whether the vendor had it all along, and nothing has happened to it just now
 * @returns `settled` where there was nothing left to do: a webhook or another run had done it, or is about to
 */
export async function repairDifference(
  source: string,
  difference: Difference,
  { retry, backfill, heldRepairs }: { retry: RetrySettings; backfill: boolean; heldRepairs: HeldRepairs },
): Promise<'repaired' | 'settled' | 'failed' | 'held'> {
  const event: LandfallEvent = {
    source,
    id: difference.eventId,
    type: difference.eventType ?? repairType(difference.entity),
    entity: difference.entity,
    announced: difference.version,
    occurredAt: null,
    deletes: difference.deleted,
    snapshot: null,
    payload: null,
    headers: {},
    bodySha256: '',
    receivedAt: new Date().toISOString(),
    foundBy: 'reconciliation',
    ...(backfill ? { backfill } : {}),
  };
  const child: ProcessEventInput = { workflowVersion, event, retry, replay: null };
  const workflowId = eventWorkflowId(source, event.id);
  const repair = async (): Promise<'repaired' | 'settled'> => {
    const handle = await startChild<typeof processEvent>('processEvent', {
      workflowId,
      args: [child],
      // Our copy differs though a run of this id may have completed: it has to run again.
      workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
      parentClosePolicy: ParentClosePolicy.ABANDON,
      ...eventStartOptions(child),
    });
    const { outcome } = await handle.result();
    return outcome === 'applied' || outcome === 'deleted' ? 'repaired' : 'settled';
  };
  try {
    return await heldRepairs.unlessHeld(workflowId, repair);
  } catch (error) {
    if (isCancellation(error)) throw error;
    // The webhook's own run of this event is under way.
    return error instanceof WorkflowExecutionAlreadyStartedError ? 'settled' : 'failed';
  }
}
