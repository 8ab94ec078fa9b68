import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import type { TemporalPort } from '../../activities/dependencies.ts';
import type { entityTurns } from '../../workflows/index.ts';
import { replaySignal, waitSignal } from '../../workflows/messages.ts';
import { TemporalUnavailableError } from '../errors.ts';
import { describeEntity } from '../model/event.ts';
import { deadLetterWorkflowId, entityWorkflowId } from '../model/ids.ts';
import { clip, summaryLength } from '../model/process-event.ts';
import { keyword, searchAttributes } from '../model/search-attributes.ts';
import { takeTurns } from '../model/take-turns.ts';
import type { Ticket } from '../model/turns.ts';
import { createHoldPort } from './hold-port.ts';
import { createOpenWork } from './open-work.ts';
import { openDeadLetter } from './open-dead-letter.ts';
import { signalIfOpen } from './signal-if-open.ts';
import { toTemporalError } from './temporal-error.ts';

/** What activities ask of Temporal, over the client. */
export function createTemporalPort(client: Client, taskQueueOf: (source: string) => string): TemporalPort {
  return {
    async openDeadLetter(input, failure) {
      try {
        await openDeadLetter(client, input, failure, { taskQueue: taskQueueOf(input.source), reopen: true });
      } catch (error) {
        const known = toTemporalError(error, `open the dead letter of ${input.source}:${input.eventId}`);
        // Tried for as long as it takes, even where Temporal refuses: a failed event without its case would be lost.
        throw known.retryable ? known : new TemporalUnavailableError(known.message, { cause: error });
      }
    },
    async replayDeadLetter(source, eventId, decision) {
      const workflowId = deadLetterWorkflowId(source, eventId);
      return signalIfOpen(workflowId, () =>
        client.workflow.getHandle(workflowId).signal(replaySignal, decision),
      );
    },
    ...createHoldPort(client, taskQueueOf),
    ...createOpenWork(client),
    async waitForTurn(input, ticket) {
      const { source, entity } = input;
      const workflowId = entityWorkflowId(source, entity);
      try {
        await client.workflow.signalWithStart<typeof entityTurns, [Ticket]>('entityTurns', {
          workflowId,
          taskQueue: taskQueueOf(source),
          args: [input],
          signal: waitSignal,
          signalArgs: [ticket],
          ...takeTurns(source),
          staticSummary: clip(`${source}: turns of the events of ${describeEntity(entity)}`, summaryLength),
          typedSearchAttributes: [
            { key: searchAttributes.source, value: source },
            { key: searchAttributes.entity, value: keyword(describeEntity(entity)) },
          ],
        });
      } catch (error) {
        throw toTemporalError(error, `wait for a turn in ${workflowId}`);
      }
    },
    async describeRun(workflowId, runId) {
      try {
        const { status } = await client.workflow.getHandle(workflowId, runId).describe();
        return status.name;
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return 'NOT_FOUND';
        throw toTemporalError(error, `describe the workflow ${workflowId}`);
      }
    },
  };
}
