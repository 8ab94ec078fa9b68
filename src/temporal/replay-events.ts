import {
  type Client,
  WorkflowExecutionAlreadyStartedError,
  type WorkflowHandleWithFirstExecutionRunId,
  WorkflowIdReusePolicy,
} from '@temporalio/client';
import type { replayEvents } from '../../workflows/index.ts';
import { TemporalRefusedError } from '../errors.ts';
import { ownWorkflowId } from '../model/ids.ts';
import { clip, summaryLength } from '../model/process-event.ts';
import type { ReplayEventsInput } from '../model/replay-events.ts';
import { keyword, searchAttributes } from '../model/search-attributes.ts';
import { takeTurns } from '../model/take-turns.ts';
import { toTemporalError } from './temporal-error.ts';

/** `replay:<source>:<name>`. */
export function replayWorkflowId(source: string, name: string): string {
  return ownWorkflowId('replay', source, name);
}

/**
 * Begins a replay of processed events. The same name is never used twice, so that asking again begins nothing again.
 *
 * @param options.name - of the replay; the time of its start where nobody names it
 * @throws TemporalRefusedError where a replay of this name was begun before
 */
export async function startReplayEvents(
  client: Client,
  input: ReplayEventsInput,
  { name, taskQueue }: { name: string; taskQueue: string },
): Promise<WorkflowHandleWithFirstExecutionRunId<typeof replayEvents>> {
  const { selection, by, reason } = input;
  const { source, types, from, to } = selection;
  const workflowId = replayWorkflowId(source, name);
  const [type, ...more] = types;
  try {
    return await client.workflow.start<typeof replayEvents>('replayEvents', {
      workflowId,
      taskQueue,
      args: [input],
      workflowIdReusePolicy: WorkflowIdReusePolicy.REJECT_DUPLICATE,
      ...takeTurns(source),
      staticSummary: clip(
        `${source}: replay ${types.join(', ') || 'every type'} from ${from ?? 'the beginning'} to ${to ?? 'now'}`,
        summaryLength,
      ),
      staticDetails: `Replayed by ${by}: ${reason}`,
      typedSearchAttributes: [
        { key: searchAttributes.source, value: source },
        ...(type === undefined || more.length > 0
          ? []
          : [{ key: searchAttributes.eventType, value: keyword(type) }]),
      ],
    });
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) {
      throw toTemporalError(error, `start the workflow ${workflowId}`);
    }
    throw new TemporalRefusedError(
      `There is a replay of this name: see the workflow ${workflowId}, or give another --id.`,
      { cause: error },
    );
  }
}
