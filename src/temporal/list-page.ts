import type { Client, RawWorkflowExecutionInfo } from '@temporalio/client';
import type { RunRef } from '../model/replay-events.ts';

/** Which part of a list: behind the cursor of the page before (null: the first one), so many. */
export interface Page {
  cursor: string | null;
  size: number;
}

/**
 * One page of what a list filter finds, the newest first. Visibility is eventually consistent: what has just begun or ended may be missing.
 *
 * @returns `nextCursor` as text, null behind the last page
 * @throws what the Temporal client throws
 */
export async function listExecutions(
  client: Client,
  query: string,
  { cursor, size }: Page,
): Promise<{ executions: RawWorkflowExecutionInfo[]; nextCursor: string | null }> {
  const { executions, nextPageToken } = await client.workflowService.listWorkflowExecutions({
    namespace: client.options.namespace,
    query,
    pageSize: size,
    ...(cursor === null ? {} : { nextPageToken: Buffer.from(cursor, 'base64') }),
  });
  const next = Buffer.from(nextPageToken).toString('base64');
  return { executions, nextCursor: next === '' ? null : next };
}

/** As `listExecutions`, the runs alone. */
export async function listPage(
  client: Client,
  query: string,
  page: Page,
): Promise<{ runs: RunRef[]; nextCursor: string | null }> {
  const { executions, nextCursor } = await listExecutions(client, query, page);
  const runs = executions.flatMap(({ execution }): RunRef[] => {
    const { workflowId, runId } = execution ?? {};
    return workflowId && runId ? [{ workflowId, runId }] : [];
  });
  return { runs, nextCursor };
}
