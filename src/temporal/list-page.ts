import type { Client } from '@temporalio/client';
import type { RunRef } from '../model/replay-events.ts';

/**
 * One page of the runs that a list filter finds. Visibility is eventually consistent: what has just begun or ended may be missing.
 *
 * @param page.cursor - of the page before; null: the first one
 * @returns `nextCursor` as text, null behind the last page
 * @throws what the Temporal client throws
 */
export async function listPage(
  client: Client,
  query: string,
  { cursor, size }: { cursor: string | null; size: number },
): Promise<{ runs: RunRef[]; nextCursor: string | null }> {
  const { executions, nextPageToken } = await client.workflowService.listWorkflowExecutions({
    namespace: client.options.namespace,
    query,
    pageSize: size,
    ...(cursor === null ? {} : { nextPageToken: Buffer.from(cursor, 'base64') }),
  });
  const runs = executions.flatMap(({ execution }): RunRef[] => {
    const { workflowId, runId } = execution ?? {};
    return workflowId && runId ? [{ workflowId, runId }] : [];
  });
  const next = Buffer.from(nextPageToken).toString('base64');
  return { runs, nextCursor: next === '' ? null : next };
}
