import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DataConverter } from '@temporalio/common';
import {
  bundleWorkflowCode,
  NativeConnection,
  Worker,
  type WorkerDeploymentOptions,
  type WorkerOptions,
  type WorkflowBundleOption,
} from '@temporalio/worker';
import type { WorkerDeploymentVersion } from '@temporalio/common';
import type { Activities } from '../../activities/types.ts';
import { noKeys } from '../privacy/key-ring.ts';
import type { CallQueue } from './call-queues.ts';
import { createDataConverter, encodedFailuresPath } from './data-converter.ts';
import { toTemporalError } from './temporal-error.ts';
import type { TemporalTarget } from './client.ts';
import type { TemporalTracing } from './tracing.ts';

/**
 * Workflow tasks under way at once. The first attempts of events run inside of them: more than those of one source may be
 * (`perSource` in activities/try-event.ts), and not more than a busy machine can end within the ten seconds of a workflow task.
 * The rest waits at Temporal.
 */
const workflowTaskSlots = 40;

/** The running workers of this process. */
export interface Workers {
  taskQueues: readonly string[];
  /** Resolves when all have stopped; rejects where one failed. */
  finished: Promise<void>;
  /** Takes no new tasks, lets activities end within the grace, and closes the connection. */
  stop(): Promise<void>;
}

/**
 * Starts one worker for each task queue: a source with a queue of its own never waits for a slow vendor of another's.
 *
 * @param callQueues - each gets a worker that makes calls to the vendor and nothing else, at the rate that Temporal then keeps over
 * all workers together
 * @param tracing - null: no traces; else with a bundle that is `traced`
 * @param deployment - what this build is a version of: its workers get work once it is the current one; null: they are not versioned
 * @param shutdownGraceMilliseconds - how long activities may go on after `stop`; they are cancelled then, and tried again elsewhere
 * @param workflowBundle - made for whether there are keys: see `loadWorkflowBundle`
 * @param dataConverter - @default one without keys: nothing is encrypted
 * @throws TemporalUnavailableError where Temporal cannot be reached
 */
export async function startWorkers({
  target,
  taskQueues,
  callQueues,
  activities,
  tracing,
  deployment = null,
  shutdownGraceMilliseconds,
  workflowBundle,
  dataConverter = createDataConverter(noKeys, null),
}: {
  target: TemporalTarget;
  taskQueues: Iterable<string>;
  callQueues: readonly CallQueue[];
  activities: Activities;
  tracing: TemporalTracing['worker'] | null;
  deployment?: WorkerDeploymentVersion | null;
  shutdownGraceMilliseconds: number;
  workflowBundle: WorkflowBundleOption;
  dataConverter?: DataConverter;
}): Promise<Workers> {
  const connection = await connect(target);
  const queues = [...new Set(taskQueues)];
  const common: Omit<WorkerOptions, 'taskQueue'> = {
    connection,
    namespace: target.namespace,
    dataConverter,
    shutdownGraceTime: shutdownGraceMilliseconds,
    // Past the grace, the process ends with its work undone rather than hang: Temporal gives it to another worker.
    shutdownForceTime: shutdownGraceMilliseconds + 5_000,
    ...tracing,
    ...(deployment === null ? {} : { workerDeploymentOptions: versioned(deployment) }),
  };
  const options = {
    ...common,
    workflowBundle,
    activities,
    maxConcurrentWorkflowTaskExecutions: workflowTaskSlots,
    maxConcurrentLocalActivityExecutions: workflowTaskSlots,
  };
  const { fetchRecord, listChanges, auditRecords, redeliverMissed } = activities;
  const calls = { fetchRecord, listChanges, auditRecords, redeliverMissed };
  let workers: Worker[];
  try {
    workers = await Promise.all([
      ...queues.map((taskQueue) => Worker.create({ ...options, taskQueue })),
      ...callQueues.map(({ taskQueue, requestsPerSecond }) =>
        Worker.create({
          ...common,
          taskQueue,
          activities: calls,
          ...(requestsPerSecond === null ? {} : { maxTaskQueueActivitiesPerSecond: requestsPerSecond }),
        }),
      ),
    ]);
  } catch (error) {
    await connection.close();
    throw error;
  }
  const runs = workers.map((worker) => worker.run());
  const finished = Promise.all(runs).then(
    () => undefined,
    (error: unknown) => {
      shutdownAll(workers);
      throw toTemporalError(error, 'keep the worker running');
    },
  );
  // Whoever started the workers looks at `finished`; a failure before that is no unhandled rejection.
  finished.catch(() => undefined);
  return {
    taskQueues: queues,
    finished,
    async stop() {
      shutdownAll(workers);
      await Promise.allSettled(runs);
      await connection.close();
    },
  };
}

/**
 * A run goes on with the current version at its next task: dead letters and holds live for weeks, and no deployment waits for them.
 * That old runs replay is what test/workflows holds the code to.
 */
function versioned(version: WorkerDeploymentVersion): WorkerDeploymentOptions {
  return { version, useWorkerVersioning: true, defaultVersioningBehavior: 'AUTO_UPGRADE' };
}

function shutdownAll(workers: readonly Worker[]): void {
  for (const worker of workers) {
    if (worker.getState() === 'RUNNING') worker.shutdown();
  }
}

async function connect({ connectionOptions }: TemporalTarget): Promise<NativeConnection> {
  const { address, tls, apiKey, metadata } = connectionOptions;
  try {
    return await NativeConnection.connect({
      ...(address === undefined ? {} : { address }),
      ...(tls === undefined ? {} : { tls }),
      ...(apiKey === undefined ? {} : { apiKey }),
      ...(metadata === undefined ? {} : { metadata }),
    });
  } catch (error) {
    throw toTemporalError(error, `answer at ${address ?? 'its address'}`);
  }
}

/** How workflows are bundled. */
export interface BundleOptions {
  /**
   * With the interceptors of OpenTelemetry in it. They cost each workflow the loading of OpenTelemetry, so a worker without traces goes
   * without; both make the same commands, and replay what the other has recorded. @default false
   */
  traced?: boolean;
  /** True where failures are encrypted: what makes payloads of them runs inside of workflows. @default false */
  encodesFailures?: boolean;
}

/** Where `npm run build` puts a bundle. */
export function bundlePath({ traced = false, encodesFailures = false }: BundleOptions): string {
  const name = ['workflow-bundle', ...(traced ? ['traced'] : []), ...(encodesFailures ? ['encrypted'] : [])];
  return fileURLToPath(new URL(`../../${name.join('-')}.js`, import.meta.url));
}

/** The workflows as one bundle: the one that `npm run build` made where this runs from `dist`, else made now. */
export async function loadWorkflowBundle(options: BundleOptions): Promise<WorkflowBundleOption> {
  const built = bundlePath(options);
  if (existsSync(built)) return { codePath: built };
  return bundleWorkflows(options);
}

/** Bundles the workflows from their source, with the determinism checks of the SDK. */
export async function bundleWorkflows({
  traced = false,
  encodesFailures = false,
}: BundleOptions = {}): Promise<{ code: string }> {
  const pathOf = (name: string) => {
    const extension = extname(fileURLToPath(import.meta.url));
    return fileURLToPath(new URL(`../../workflows/${name}${extension}`, import.meta.url));
  };
  const tracing = () => [
    createRequire(import.meta.url).resolve(
      '@temporalio/interceptors-opentelemetry/lib/workflow-interceptors',
    ),
    pathOf('end-trace-with-run'),
  ];
  return bundleWorkflowCode({
    workflowsPath: pathOf('index'),
    workflowInterceptorModules: traced ? tracing() : [],
    logger: silent,
    ...(encodesFailures ? { failureConverterPath: encodedFailuresPath } : {}),
  });
}

/** The bundler reports its sizes at level info; its errors are thrown. */
const silent = {
  log: () => undefined,
  trace: () => undefined,
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};
