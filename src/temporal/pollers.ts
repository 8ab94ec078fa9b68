import type { Client } from '@temporalio/client';
import { toTemporalError } from './temporal-error.ts';

/** TASK_QUEUE_TYPE_WORKFLOW and TASK_QUEUE_TYPE_ACTIVITY. */
const types = { workflow: 1, activity: 2 } as const;

/**
 * How many workers have asked a task queue for work in the last five minutes.
 * @throws TemporalUnavailableError | TemporalRefusedError
 */
export async function countPollers(
  client: Client,
  taskQueue: string,
  type: keyof typeof types,
): Promise<number> {
  try {
    const { pollers } = await client.workflowService.describeTaskQueue({
      namespace: client.options.namespace,
      taskQueue: { name: taskQueue },
      // eslint-disable-next-line @typescript-eslint/no-unsafe-enum-assignment -- TaskQueueType: its package cannot be imported by name
      taskQueueType: types[type],
    });
    return pollers.length;
  } catch (error) {
    throw toTemporalError(error, `describe the task queue ${taskQueue}`);
  }
}
