import {
  CancellationScope,
  condition,
  getExternalWorkflowHandle,
  isCancellation,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import { describeEntity, eventRef } from '../src/model/event.ts';
import { entityWorkflowId } from '../src/model/ids.ts';
import type { LandingInput } from '../src/model/land-event.ts';
import { own } from './activity-options.ts';
import { doneSignal, turnSignal } from './messages.ts';

/** The workflow that gives the turns may have been terminated by hand: then it is asked again, and so begun anew. */
const askAgainAfter = '10 minutes';

interface Turn<Result> {
  landing: LandingInput;
  work(): Promise<Result>;
}

/**
 * Does `work` when it is this event's turn among those of its record, and gives the turn back, however the work ends.
 * See the workflow `entityTurns`.
 */
export async function inTurn<Result>(turn: Turn<Result>): Promise<Result> {
  const { event, entity } = turn.landing;
  const { runId } = workflowInfo();
  let isOurs = false;
  setHandler(turnSignal, () => {
    isOurs = true;
  });
  try {
    do {
      await own(`wait for the turn among the events of ${describeEntity(entity)}`).waitForTurn({
        event: eventRef(event),
        entity,
        runId,
      });
    } while (!(await condition(() => isOurs, askAgainAfter)));
    return await turn.work();
  } finally {
    await CancellationScope.nonCancellable(async () => {
      try {
        await getExternalWorkflowHandle(entityWorkflowId(event.source, entity)).signal(doneSignal, { runId });
      } catch (error) {
        // Nobody waits for it any more.
        if (isCancellation(error)) throw error;
      }
    });
  }
}
