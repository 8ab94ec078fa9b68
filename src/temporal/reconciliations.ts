import {
  type Client,
  WorkflowExecutionAlreadyStartedError,
  type WorkflowHandleWithFirstExecutionRunId,
} from '@temporalio/client';
import type { reconcile } from '../../workflows/index.ts';
import { TemporalRefusedError } from '../errors.ts';
import type { Decision } from '../model/dead-letter.ts';
import { type ReconcileInput, reconcileWorkflowId } from '../model/reconciliation.ts';
import { searchAttributes } from '../model/search-attributes.ts';
import { takeTurns } from '../model/take-turns.ts';
import { quote } from './list-filter.ts';
import { signalIfOpen } from './signal-if-open.ts';
import { toTemporalError } from './temporal-error.ts';

/**
 * Begins a reconciliation by hand, beside the schedule: it works while the schedule is paused. One at a time for each source.
 *
 * @throws TemporalUnavailableError | TemporalRefusedError, the latter also where one by hand is under way
 */
export async function startReconciliation(
  client: Client,
  input: Omit<ReconcileInput, 'resume'>,
  taskQueue: string,
): Promise<WorkflowHandleWithFirstExecutionRunId<typeof reconcile>> {
  const { source } = input;
  const workflowId = reconcileWorkflowId(source, 'by-hand');
  try {
    return await client.workflow.start<typeof reconcile>('reconcile', {
      workflowId,
      taskQueue,
      args: [input],
      ...takeTurns(source),
      staticSummary: describe(input),
      typedSearchAttributes: [{ key: searchAttributes.source, value: source }],
    });
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) {
      throw toTemporalError(error, `start the workflow ${workflowId}`);
    }
    throw new TemporalRefusedError(
      `A reconciliation of ${source} by hand is under way: see the workflow ${workflowId}.`,
      { cause: error },
    );
  }
}

function describe({ source, since, mode, dryRun = false }: Omit<ReconcileInput, 'resume'>): string {
  const range = since === null ? 'since the last complete run' : `since ${since}`;
  return `${source}: ${mode === 'audit' ? 'audit' : `reconcile ${range}`} by hand${dryRun ? ', a dry run' : ''}`;
}

/**
 * Pauses the source's running reconciliations, by whomever they were started, or lets them go on.
 *
 * @returns their workflow ids; empty where none runs
 * @throws TemporalUnavailableError | TemporalRefusedError
 */
export async function signalReconciliations(
  client: Client,
  source: string,
  { signal, decision }: { signal: 'pause' | 'resume'; decision: Decision },
): Promise<string[]> {
  const query = `WorkflowType = 'reconcile' AND ExecutionStatus = 'Running' AND ${searchAttributes.source.name} = ${quote(source)}`;
  const signalled: string[] = [];
  try {
    for await (const { workflowId } of client.workflow.list({ query })) {
      const handle = client.workflow.getHandle(workflowId);
      if (await signalIfOpen(workflowId, () => handle.signal(signal, decision))) signalled.push(workflowId);
    }
  } catch (error) {
    throw toTemporalError(error, `${signal} the reconciliations of ${source}`);
  }
  return signalled;
}
