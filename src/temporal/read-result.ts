import { type Client, WorkflowFailedError, WorkflowNotFoundError } from '@temporalio/client';
import type { processEvent } from '../../workflows/index.ts';
import { PayloadErasedError } from '../errors.ts';
import type { ProcessEventResult } from '../model/outcome.ts';
import type { RunRef } from '../model/replay-events.ts';
import { toTemporalError } from './temporal-error.ts';

/**
 * How a run of `processEvent` that has ended ended; null where it failed, its record was erased, or Temporal has it no more.
 * @throws TemporalUnavailableError | TemporalRefusedError
 */
export async function readResult(
  client: Client,
  { workflowId, runId }: RunRef,
): Promise<ProcessEventResult | null> {
  try {
    return await client.workflow.getHandle<typeof processEvent>(workflowId, runId).result();
  } catch (error) {
    if (error instanceof WorkflowFailedError || error instanceof WorkflowNotFoundError) return null;
    if (error instanceof PayloadErasedError) return null;
    throw toTemporalError(error, `show the result of ${workflowId}`);
  }
}
