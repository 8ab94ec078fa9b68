import {
  type Client,
  isGrpcDeadlineError,
  WorkflowExecutionAlreadyStartedError,
  WorkflowFailedError,
  WorkflowIdReusePolicy,
  WorkflowNotFoundError,
} from '@temporalio/client';
import type { EventRuns } from '../../activities/dependencies.ts';
import type { processEvent } from '../../workflows/index.ts';
import { PayloadErasedError } from '../errors.ts';
import { eventWorkflowId } from '../model/ids.ts';
import { isJsonObject } from '../model/json.ts';
import { eventOfInput, eventStartOptions } from '../model/process-event.ts';
import type { ReplayMark } from '../model/replay-events.ts';
import { selectionFilter } from './event-selection.ts';
import { listPage } from './list-page.ts';
import { isNotFound, toTemporalError } from './temporal-error.ts';

/** Where the mark of a replay stands in the memo of a run. */
const markKey = 'replay';

/** The runs of `processEvent`, over the client. */
export function createEventRuns(client: Client, taskQueueOf: (source: string) => string): EventRuns {
  const { namespace } = client.options;

  return {
    async find(selection, page) {
      try {
        return await listPage(client, selectionFilter(selection), page);
      } catch (error) {
        throw toTemporalError(error, 'list the processed events');
      }
    },

    async latest(workflowId) {
      try {
        const { runId, status, memo } = await client.workflow.getHandle(workflowId).describe();
        return { runId, running: status.name === 'RUNNING', mark: readMark(memo?.[markKey]) };
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return null;
        throw toTemporalError(error, `describe the workflow ${workflowId}`);
      }
    },

    async readEvent(run) {
      try {
        const { history } = await client.workflowService.getWorkflowExecutionHistory({
          namespace,
          execution: run,
          // The first event of a history holds what the run was begun with.
          maximumPageSize: 1,
        });
        const [first] = history?.events ?? [];
        return eventOfInput(
          await readInput(first?.workflowExecutionStartedEventAttributes?.input?.payloads ?? []),
        );
      } catch (error) {
        // Erased: nobody can read it any more, wherever it may still be.
        const isGone = isNotFound(error) || error instanceof PayloadErasedError;
        const known = isGone ? null : toTemporalError(error, `show the run of ${run.workflowId}`);
        if (known === null) return null;
        throw known;
      }
    },

    async begin(input, mark) {
      const { event } = input;
      const workflowId = eventWorkflowId(event.source, event.id);
      const options = eventStartOptions(input);
      try {
        const handle = await client.workflow.start<typeof processEvent>('processEvent', {
          workflowId,
          taskQueue: taskQueueOf(event.source),
          args: [input],
          workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
          ...options,
          memo: { ...options.memo, [markKey]: mark },
        });
        return { workflowId, runId: handle.firstExecutionRunId };
      } catch (error) {
        if (error instanceof WorkflowExecutionAlreadyStartedError) return null;
        throw toTemporalError(error, `start the workflow ${workflowId}`);
      }
    },

    async waitFor({ workflowId, runId }, milliseconds) {
      try {
        await client.withDeadline(Date.now() + milliseconds, () =>
          client.workflow.getHandle(workflowId, runId).result(),
        );
        return 'completed';
      } catch (error) {
        if (error instanceof WorkflowFailedError) return 'failed';
        // Deleted by hand: how it ended is not known, and nobody can say that it succeeded.
        if (error instanceof WorkflowNotFoundError) return 'failed';
        if (isGrpcDeadlineError(error)) return 'running';
        throw toTemporalError(error, `wait for the workflow ${workflowId}`);
      }
    },
  };

  async function readInput(payloads: readonly Payload[]): Promise<unknown> {
    const { payloadCodecs, payloadConverter } = client.options.loadedDataConverter;
    let decoded = [...payloads];
    for (const codec of [...payloadCodecs].reverse()) decoded = await codec.decode(decoded);
    const [first] = decoded;
    return first === undefined ? null : payloadConverter.fromPayload(first);
  }
}

type Payload = Parameters<Client['options']['loadedDataConverter']['payloadConverter']['fromPayload']>[0];

function readMark(value: unknown): ReplayMark | null {
  if (!isJsonObject(value)) return null;
  const { replay, page } = value;
  return typeof replay === 'string' && typeof page === 'number' ? { replay, page } : null;
}
