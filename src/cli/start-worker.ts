import type { WorkflowBundleOption } from '@temporalio/worker';
import { createActivities } from '../../activities/index.ts';
import { TemporalRefusedError } from '../errors.ts';
import { findCallQueues } from '../temporal/call-queues.ts';
import { getsWork, promoteCommand } from '../temporal/deployment.ts';
import { prepareNamespace } from '../temporal/namespace.ts';
import { ensureSchedules } from '../temporal/schedules.ts';
import { createTemporalPort } from '../temporal/temporal-port.ts';
import { ensureWatches } from '../temporal/watches.ts';
import { createEventRuns } from '../temporal/event-runs.ts';
import { loadWorkflowBundle, startWorkers } from '../temporal/worker.ts';
import { keepPartitions } from './keep-partitions.ts';
import type { Runtime, Service } from './runtime.ts';

/**
 * Prepares the namespace, starts the workers, then keeps the schedules: their first runs find somebody to do them.
 *
 * @param options.workflowBundle - @default the workflows of this version
 */
export async function startWorker(
  runtime: Runtime,
  options: { workflowBundle?: WorkflowBundleOption } = {},
): Promise<Service & { finished: Promise<void>; taskQueues: readonly string[] }> {
  const { config, client, target, sources, logger, taskQueueOf } = runtime;
  const report = await prepareNamespace(client.connection, target.namespace, { change: true });
  for (const change of report.changes) logger.info({ namespace: target.namespace }, change);
  for (const warning of report.warnings) logger.warn({ namespace: target.namespace }, warning);

  const activities = createActivities({
    ...runtime,
    temporal: createTemporalPort(client, taskQueueOf),
    runs: createEventRuns(client, taskQueueOf),
    timers: config.timers,
    hold: config.hold,
    watch: config.watch,
    now: Date.now,
  });
  const workers = await startWorkers({
    target,
    taskQueues: [config.taskQueue, ...[...sources.keys()].map(taskQueueOf)],
    callQueues: await findCallQueues(client, sources.values(), taskQueueOf),
    activities,
    deployment: config.deployment,
    shutdownGraceMilliseconds: config.shutdownGraceMilliseconds,
    workflowBundle: options.workflowBundle ?? (await loadWorkflowBundle()),
  });
  try {
    await warnWithoutWork(runtime);
    const scheduled = await ensureSchedules(client, sources.values(), taskQueueOf);
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

/** A build that nobody makes the current one would wait for ever, and look as well as any other. */
async function warnWithoutWork({ config: { deployment }, client, target, logger }: Runtime): Promise<void> {
  if (deployment === null) return;
  try {
    if (await getsWork(client, deployment)) return;
  } catch (error) {
    // Whoever may not look is told all the same.
    if (!(error instanceof TemporalRefusedError)) throw error;
  }
  logger.warn(
    { ...deployment, promote: promoteCommand(deployment, target.namespace) },
    'this build gets work once it is made the current version of its deployment',
  );
}
