import { mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Client } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
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
  await writeFile(new URL(`${name}.json`, folder), `${withoutMachine(historyToJSON(history))}\n`);
}

/** Paths and names of the machine that recorded it are nobody's business, and would differ each time. */
function withoutMachine(text: string): string {
  return text.replaceAll(root, '').replaceAll(/"\d+@[^"]*?(-[0-9a-f]{32})?"/g, '"worker$1"');
}
