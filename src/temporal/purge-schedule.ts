import { type Client, ScheduleAlreadyRunning, ScheduleOverlapPolicy } from '@temporalio/client';
import type { purge } from '../../workflows/index.ts';
import { toTemporalError } from './temporal-error.ts';

/** `purge-<task queue>`: the schedule that begins the workflow `purge`, one for a deployment. */
export function purgeScheduleId(taskQueue: string): string {
  return `purge-${taskQueue}`;
}

const hour = 3_600_000;

/**
 * Creates the schedule where it is missing, and brings it up to date. What an engineer did to it, such as pausing it, stays.
 *
 * @throws TemporalUnavailableError | TemporalRefusedError
 */
export async function ensurePurgeSchedule(client: Client, taskQueue: string): Promise<void> {
  const scheduleId = purgeScheduleId(taskQueue);
  const options = {
    scheduleId,
    // At night by UTC, and not at the hour itself, when everybody's schedules begin.
    spec: { intervals: [{ every: 24 * hour, offset: 2 * hour }], jitter: hour },
    policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: 24 * hour, pauseOnFailure: false },
    action: {
      type: 'startWorkflow' as const,
      workflowType: 'purge' satisfies typeof purge.name,
      workflowId: `purge:${taskQueue}`,
      taskQueue,
      args: [],
      staticSummary: 'take away what was kept for long enough',
    },
  };
  try {
    await client.schedule.create(options);
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) {
      throw toTemporalError(error, `keep the schedule ${scheduleId}`);
    }
    try {
      await client.schedule
        .getHandle(scheduleId)
        .update((previous) => ({ ...options, state: previous.state }));
    } catch (cause) {
      throw toTemporalError(cause, `keep the schedule ${scheduleId}`);
    }
  }
}
