import type { Client } from '@temporalio/client';
import { callQueue } from '../model/call-queue.ts';
import type { Source } from '../sources/define-source.ts';
import { toTemporalError } from './temporal-error.ts';

/** A task queue of vendor calls that a worker serves: see `Source.requestsPerSecond`. */
export interface CallQueue {
  taskQueue: string;
  /** null: without a limit. */
  requestsPerSecond: number | null;
}

/**
 * The queues of the sources whose rate is limited, and of those whose limit was taken away while calls still waited: somebody has
 * to serve them.
 *
 * @throws TemporalUnavailableError | TemporalRefusedError
 */
export async function findCallQueues(
  client: Client,
  sources: Iterable<Source>,
  taskQueueOf: (source: string) => string,
): Promise<CallQueue[]> {
  const found = await Promise.all(
    [...sources].map(async ({ name, requestsPerSecond }) => {
      const taskQueue = callQueue(taskQueueOf(name), name);
      const isServed = requestsPerSecond !== null || (await hasBacklog(client, taskQueue));
      return isServed ? [{ taskQueue, requestsPerSecond }] : [];
    }),
  );
  return found.flat();
}

async function hasBacklog(client: Client, taskQueue: string): Promise<boolean> {
  try {
    const { stats } = await client.workflowService.describeTaskQueue({
      namespace: client.options.namespace,
      taskQueue: { name: taskQueue },
      // eslint-disable-next-line @typescript-eslint/no-unsafe-enum-assignment -- TASK_QUEUE_TYPE_ACTIVITY: its package cannot be imported by name
      taskQueueType: 2,
      reportStats: true,
    });
    return stats?.approximateBacklogCount?.isZero() === false;
  } catch (error) {
    throw toTemporalError(error, `describe the task queue ${taskQueue}`);
  }
}
