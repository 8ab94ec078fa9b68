import type { Client } from '@temporalio/client';
import proto from '@temporalio/proto';
import { searchAttributes } from '../../src/model/search-attributes.ts';

const { History } = proto.temporal.api.history.v1;
const { DescribeWorkflowExecutionResponse: Description } = proto.temporal.api.workflowservice.v1;

/** What Temporal keeps of one run. */
export interface RawRun {
  workflowId: string;
  runId: string;
  /** Its history and its description (memo, summary, search attributes), as bytes, without the codec. */
  bytes: Buffer;
}

/** All runs of a source that can be found by now, as Temporal itself sees them. */
export async function readRawRuns({ workflowService, options }: Client, source: string): Promise<RawRun[]> {
  const { namespace } = options;
  const query = `${searchAttributes.source.name} = '${source}'`;
  const { executions } = await workflowService.listWorkflowExecutions({ namespace, query, pageSize: 1_000 });
  const runs: RawRun[] = [];
  for (const { execution } of executions) {
    const { workflowId, runId } = execution ?? {};
    if (!workflowId || !runId) continue;
    const parts: Uint8Array[] = [];
    let nextPageToken: Uint8Array = new Uint8Array();
    do {
      const page = await workflowService.getWorkflowExecutionHistory({
        namespace,
        execution: { workflowId, runId },
        nextPageToken,
      });
      parts.push(History.encode(page.history ?? {}).finish());
      ({ nextPageToken } = page);
    } while (nextPageToken.length > 0);
    const described = await workflowService.describeWorkflowExecution({
      namespace,
      execution: { workflowId, runId },
    });
    parts.push(Description.encode(described).finish());
    runs.push({ workflowId, runId, bytes: Buffer.concat(parts) });
  }
  return runs;
}

/** Which of the texts stand in what Temporal keeps, each with the workflow it was found in. */
export function findIn(runs: readonly RawRun[], texts: readonly string[]): string[] {
  return runs.flatMap(({ workflowId, bytes }) =>
    texts.filter((text) => bytes.includes(text)).map((text) => `${text} in ${workflowId}`),
  );
}
