import { WorkflowNotFoundError } from '@temporalio/client';
import { toTemporalError } from './temporal-error.ts';

/**
 * Sends a signal to a workflow that may have ended; answers false where it has.
 * @throws TemporalUnavailableError | TemporalRefusedError
 */
export async function signalIfOpen(workflowId: string, signal: () => Promise<void>): Promise<boolean> {
  try {
    await signal();
    return true;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw toTemporalError(error, `signal the workflow ${workflowId}`);
  }
}
