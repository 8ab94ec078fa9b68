import type { Client, RawWorkflowExecutionInfo, WorkflowExecutionStatusName } from '@temporalio/client';
import { searchAttributes } from '../model/search-attributes.ts';
import { listExecutions, type Page, toInfo } from './list-page.ts';
import { toTemporalError } from './temporal-error.ts';

/** One run of a workflow of ours, as visibility knows it. An attribute that it does not have is empty. */
export interface RunRow {
  workflowId: string;
  runId: string;
  /** `processEvent`, `deadLetter`, … */
  type: string;
  status: WorkflowExecutionStatusName;
  /** ISO 8601. */
  startedAt: string;
  /** ISO 8601; null while it runs. */
  closedAt: string | null;
  source: string;
  eventType: string;
  entity: string;
  outcome: string;
  error: string;
  /** The workflow that began it; null where none did. */
  parent: string | null;
  /** The names of its memo; the values may be encrypted. */
  memoNames: readonly string[];
}

/**
 * One page of the runs that a list filter finds, the newest first.
 * @throws TemporalUnavailableError | TemporalRefusedError, the latter also where the cursor is none
 */
export async function listRuns(
  client: Client,
  query: string,
  page: Page,
): Promise<{ rows: RunRow[]; nextCursor: string | null }> {
  try {
    const { executions, nextCursor } = await listExecutions(client, query, page);
    return { rows: await Promise.all(executions.map((each) => toRow(client, each))), nextCursor };
  } catch (error) {
    throw toTemporalError(error, 'list the workflows');
  }
}

/** How many runs a list filter finds. @throws as `listRuns` */
export async function countRuns(client: Client, query: string): Promise<number> {
  try {
    return (await client.workflow.count(query)).count;
  } catch (error) {
    throw toTemporalError(error, 'count the workflows');
  }
}

async function toRow(client: Client, raw: RawWorkflowExecutionInfo): Promise<RunRow> {
  const info = await toInfo(client, raw);
  const found = info.typedSearchAttributes;
  return {
    workflowId: info.workflowId,
    runId: info.runId,
    type: info.type,
    status: info.status.name,
    startedAt: info.startTime.toISOString(),
    closedAt: info.closeTime?.toISOString() ?? null,
    source: found.get(searchAttributes.source) ?? '',
    eventType: found.get(searchAttributes.eventType) ?? '',
    entity: found.get(searchAttributes.entity) ?? '',
    outcome: found.get(searchAttributes.outcome) ?? '',
    error: found.get(searchAttributes.error) ?? '',
    parent: info.parentExecution?.workflowId ?? null,
    memoNames: Object.keys(raw.memo?.fields ?? {}),
  };
}
