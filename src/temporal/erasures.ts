import {
  type Client,
  WorkflowExecutionAlreadyStartedError,
  type WorkflowHandleWithFirstExecutionRunId,
  WorkflowIdReusePolicy,
} from '@temporalio/client';
import type { eraseEntity } from '../../workflows/index.ts';
import { TemporalRefusedError } from '../errors.ts';
import { type EraseInput, eraseWorkflowId } from '../model/erasure.ts';
import { describeEntity } from '../model/event.ts';
import { clip, summaryLength } from '../model/process-event.ts';
import { keyword, searchAttributes } from '../model/search-attributes.ts';
import { toTemporalError } from './temporal-error.ts';

/**
 * Begins the erasure of an entity. One at a time of each; it can be erased again later.
 *
 * Its search attributes do not name the entity: it would be among the runs that it erases.
 *
 * @throws TemporalRefusedError where one is under way, or the entity's name is longer than what Temporal finds runs by
 */
export async function startErasure(
  client: Client,
  input: EraseInput,
  taskQueue: string,
): Promise<WorkflowHandleWithFirstExecutionRunId<typeof eraseEntity>> {
  const { source, entity } = input;
  const workflowId = eraseWorkflowId(source, entity);
  const name = describeEntity(entity);
  if (keyword(name) !== name) {
    throw new TemporalRefusedError(
      `"${keyword(name)}…" is too long: Temporal cannot tell the runs of this record from those of others. Delete them by hand, and its rows.`,
    );
  }
  try {
    return await client.workflow.start<typeof eraseEntity>('eraseEntity', {
      workflowId,
      taskQueue,
      args: [input],
      workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
      staticSummary: clip(`${source}: erase ${name}`, summaryLength),
      typedSearchAttributes: [{ key: searchAttributes.source, value: source }],
    });
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) {
      throw toTemporalError(error, `start the workflow ${workflowId}`);
    }
    throw new TemporalRefusedError(`Its erasure is under way: see the workflow ${workflowId}.`, {
      cause: error,
    });
  }
}
