import type { WorkflowBundleOption } from '@temporalio/worker';
import { createActivities } from '../../activities/index.ts';
import { createRoom } from '../bodies/room.ts';
import { createLagNotes } from '../monitoring/lag-notes.ts';
import { ensureAlerts } from '../temporal/alerts.ts';
import { TemporalRefusedError } from '../errors.ts';
import { findCallQueues } from '../temporal/call-queues.ts';
import { getsWork, promoteCommand } from '../temporal/deployment.ts';
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

/**
 * Prepares the namespace, starts the workers, then keeps the schedules: their first runs find somebody to do them.
 *
 * @param options.workflowBundle - @default the workflows of this version
 */
export async function startWorker(
  runtime: Runtime,
  options: { workflowBundle?: WorkflowBundleOption } = {},
): Promise<Service & { finished: Promise<void>; taskQueues: readonly string[] }> {
  const { config, client, dataConverter, target, sources, tracing, logger, taskQueueOf } = runtime;
  const report = await prepareNamespace(client.connection, target.namespace, { change: true });
  for (const change of report.changes) logger.info({ namespace: target.namespace }, change);
  for (const warning of report.warnings) logger.warn({ namespace: target.namespace }, warning);

  const lateAfterMilliseconds = config.alerts?.lagMilliseconds ?? null;
  const lags = createLagNotes({ ...runtime, now: Date.now, lateAfterMilliseconds });
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
    alerts: config.alerts,
    lags,
    inlineBodyBytes: config.inlineBodyBytes,
    room: createRoom({ maxBytes: config.heldBodyBytes }),
    now: Date.now,
  });
  const bundled = { traced: tracing !== null, encodesFailures: encrypts(config.payloadKeys) };
  const workers = await startWorkers({
    target,
    taskQueues: [config.taskQueue, ...[...sources.keys()].map(taskQueueOf)],
    callQueues: await findCallQueues(client, sources.values(), taskQueueOf),
    activities,
    deployment: config.deployment,
    shutdownGraceMilliseconds: config.shutdownGraceMilliseconds,
    tracing: tracing?.temporal.worker ?? null,
    workflowBundle: options.workflowBundle ?? (await loadWorkflowBundle(bundled)),
    dataConverter,
  });
  try {
    await warnWithoutWork(runtime);
    const scheduled = await ensureSchedules(client, sources.values(), taskQueueOf);
    await ensurePurgeSchedule(client, config.taskQueue);
    await ensureWatches(client, sources.values(), { taskQueueOf, settings: config.watch });
    if (config.alerts !== null) await ensureAlerts(client, config.taskQueue);
    logger.info({ taskQueues: workers.taskQueues, scheduled }, 'working');
  } catch (error) {
    await workers.stop();
    await lags.close();
    throw error;
  }
  const partitions = keepPartitions(runtime);
  return {
    ...workers,
    stop: async () => {
      await workers.stop();
      await lags.close();
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
