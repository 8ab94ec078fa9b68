import type { Client, RawWorkflowExecutionInfo, WorkflowExecutionInfo } from '@temporalio/client';
import { executionInfoFromRaw } from '@temporalio/client/lib/helpers.js';
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

/**
 * All that a list filter finds, the newest first, without memos: each may be encrypted under a key of its own, and one that nobody can
 * read any more would keep all the others from being listed.
 *
 * @param options.pageSize - of each request. @default 1000
 * @throws what the Temporal client throws
 */
export async function* listInfos(
  client: Client,
  query: string,
  { pageSize = 1_000 }: { pageSize?: number } = {},
): AsyncGenerator<WorkflowExecutionInfo> {
  for (let cursor: string | null = null; ;) {
    const { executions, nextCursor } = await listExecutions(client, query, { cursor, size: pageSize });
    for (const each of executions) yield toInfo(client, each);
    if (nextCursor === null) return;
    cursor = nextCursor;
  }
}

/** What visibility knows of a run, without its memo: see `listInfos`. */
export function toInfo(client: Client, raw: RawWorkflowExecutionInfo): Promise<WorkflowExecutionInfo> {
  const { loadedDataConverter, namespace } = client.options;
  // What the server leaves out stands in the prototype of its message, which a spread would lose.
  const withoutMemo = Object.create(raw, { memo: { value: null } }) as RawWorkflowExecutionInfo;
  return executionInfoFromRaw(withoutMemo, loadedDataConverter, raw, namespace);
}
