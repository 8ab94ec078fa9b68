import { createActivities } from '../../activities/index.ts';
import { findCallQueues } from '../temporal/call-queues.ts';
import { prepareNamespace } from '../temporal/namespace.ts';
import { ensureSchedules } from '../temporal/schedules.ts';
import { createTemporalPort } from '../temporal/temporal-port.ts';
import { ensureWatches } from '../temporal/watches.ts';
import { createDeadLetterCases } from '../temporal/dead-letter-cases.ts';
import { createEntityRuns } from '../temporal/entity-runs.ts';
import { createEventRuns } from '../temporal/event-runs.ts';
import { ensurePurgeSchedule } from '../temporal/purge-schedule.ts';
import { encrypts } from '../temporal/data-converter.ts';
import { loadWorkflowBundle, startWorkers } from '../temporal/worker.ts';
import { keepPartitions } from './keep-partitions.ts';
import type { Runtime, Service } from './runtime.ts';

/** Prepares the namespace, starts the workers, then keeps the schedules: their first runs find somebody to do them. */
export async function startWorker(
  runtime: Runtime,
): Promise<Service & { finished: Promise<void>; taskQueues: readonly string[] }> {
  const { config, client, dataConverter, target, sources, logger, taskQueueOf } = runtime;
  const report = await prepareNamespace(client.connection, target.namespace, { change: true });
  for (const change of report.changes) logger.info({ namespace: target.namespace }, change);
  for (const warning of report.warnings) logger.warn({ namespace: target.namespace }, warning);

  const activities = createActivities({
    ...runtime,
    temporal: createTemporalPort(client, taskQueueOf),
    runs: createEventRuns(client, taskQueueOf),
    cases: createDeadLetterCases(client),
    entityRuns: createEntityRuns(client),
    timers: config.timers,
    hold: config.hold,
    watch: config.watch,
    retention: config.retention,
    payloadKeys: config.payloadKeys,
    now: Date.now,
  });
  const workers = await startWorkers({
    target,
    taskQueues: [config.taskQueue, ...[...sources.keys()].map(taskQueueOf)],
    callQueues: await findCallQueues(client, sources.values(), taskQueueOf),
    activities,
    shutdownGraceMilliseconds: config.shutdownGraceMilliseconds,
    workflowBundle: await loadWorkflowBundle({ encodesFailures: encrypts(config.payloadKeys) }),
    dataConverter,
  });
  try {
    const scheduled = await ensureSchedules(client, sources.values(), taskQueueOf);
    await ensurePurgeSchedule(client, config.taskQueue);
    await ensureWatches(client, sources.values(), { taskQueueOf, settings: config.watch });
    logger.info({ taskQueues: workers.taskQueues, scheduled }, 'working');
  } catch (error) {
    await workers.stop();
    throw error;
  }
  const partitions = keepPartitions(runtime);
  return {
    ...workers,
    stop: async () => {
      await workers.stop();
      await partitions.stop();
    },
  };
}
