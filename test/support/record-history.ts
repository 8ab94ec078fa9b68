import { mkdir, writeFile } from 'node:fs/promises';
import type { Client } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';

const folder = new URL('../histories/', import.meta.url);

/** Keeps the history of a run for test/workflows/replay.test.ts, where `npm run record-histories` asks for it. */
export async function recordHistory(
  client: Client,
  name: string,
  { workflowId, runId }: { workflowId: string; runId?: string },
): Promise<void> {
  if (process.env['LANDFALL_RECORD_HISTORIES'] === undefined) return;
  const history = await client.workflow.getHandle(workflowId, runId).fetchHistory();
  await mkdir(folder, { recursive: true });
  await writeFile(new URL(`${name}.json`, folder), `${JSON.stringify(historyToJSON(history), null, 1)}\n`);
}
