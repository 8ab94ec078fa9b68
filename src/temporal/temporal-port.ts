import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import type { TemporalPort } from '../../activities/dependencies.ts';
import { TemporalUnavailableError } from '../errors.ts';
import { openDeadLetter } from './open-dead-letter.ts';
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
    async describeRun(workflowId) {
      try {
        const { status } = await client.workflow.getHandle(workflowId).describe();
        return status.name;
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return 'NOT_FOUND';
        throw toTemporalError(error, `describe the workflow ${workflowId}`);
      }
    },
  };
}
