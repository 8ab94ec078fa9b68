import { type Client, WorkflowIdConflictPolicy } from '@temporalio/client';
import type { watch } from '../../workflows/index.ts';
import { searchAttributes } from '../model/search-attributes.ts';
import { type WatchSettings, watchSettings, watchWorkflowId } from '../model/silence.ts';
import { takeTurns } from '../model/take-turns.ts';
import type { Source } from '../sources/define-source.ts';
import { toTemporalError } from './temporal-error.ts';

/**
 * Begins the watches that are missing; those that run go on. They read their settings at each look, so none has to be told of new
 * ones, and a source that is not watched any more ends its own.
 *
 * @throws TemporalUnavailableError | TemporalRefusedError
 */
export async function ensureWatches(
  client: Client,
  sources: Iterable<Source>,
  { taskQueueOf, settings }: { taskQueueOf: (source: string) => string; settings: WatchSettings | null },
): Promise<void> {
  for (const { name, watch: ofSource } of sources) {
    if (watchSettings(ofSource, settings) === null) continue;
    const workflowId = watchWorkflowId(name);
    try {
      await client.workflow.start<typeof watch>('watch', {
        workflowId,
        taskQueue: taskQueueOf(name),
        args: [{ source: name }],
        workflowIdConflictPolicy: WorkflowIdConflictPolicy.USE_EXISTING,
        ...takeTurns(name),
        staticSummary: `${name}: notices when its deliveries stop`,
        typedSearchAttributes: [{ key: searchAttributes.source, value: name }],
      });
    } catch (error) {
      throw toTemporalError(error, `start the workflow ${workflowId}`);
    }
  }
}
