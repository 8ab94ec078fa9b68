import { randomBytes, randomUUID } from 'node:crypto';
import { basename, dirname, join } from 'node:path';
import type { WorkflowHandle } from '@temporalio/client';
import type { WorkflowBundleOption } from '@temporalio/worker';
import type { DestinationStream } from 'pino';
import { inject } from 'vitest';
import { openRuntime, type Runtime } from '../../src/cli/runtime.ts';
import { startReceiver } from '../../src/cli/start-receiver.ts';
import { startWorker } from '../../src/cli/start-worker.ts';
import { loadConfig } from '../../src/config/load.ts';
import type { DemoVendor } from '../../src/dev/demo-vendor/demo-vendor.ts';
import type { DemoVendorOptions } from '../../src/dev/demo-vendor/options.ts';
import { startDemoVendor } from '../../src/dev/demo-vendor/start-demo-vendor.ts';
import { searchAttributes } from '../../src/model/search-attributes.ts';
import type { Source } from '../../src/sources/define-source.ts';
import { demoSource } from '../../src/sources/demo.ts';
import { alertsWorkflowId } from '../../src/temporal/alerts.ts';
import { plainTarget } from '../../src/temporal/client.ts';
import { encrypts } from '../../src/temporal/data-converter.ts';
import { createDeadLetters, type DeadLetters } from '../../src/temporal/dead-letters.ts';
import { purgeScheduleId } from '../../src/temporal/purge-schedule.ts';
import { scheduleId } from '../../src/temporal/schedules.ts';
import { bundlePath } from '../../src/temporal/worker.ts';
import type { processEvent } from '../../workflows/index.ts';
import { createDatabase } from './create-database.ts';
import { quietRuntime } from './quiet-runtime.ts';

/** The answer to one delivery. */
export interface Answer {
  status: number;
  body: { eventId?: string; workflowId?: string; duplicate?: boolean; code?: string; reason?: string };
}

/** A whole Landfall on the real servers of the run, with a demo vendor that the test steers. Its source has a name of its own. */
export interface Harness {
  runtime: Runtime;
  vendor: DemoVendor;
  source: Source;
  deadLetters: DeadLetters;
  /** `http://127.0.0.1:<port>` of the receiver. */
  url: string;
  /** Posts a body to a source, signed by it. */
  post(
    body: unknown,
    options?: { source?: Source; id?: string; headers?: Record<string, string> },
  ): Promise<Answer>;
  /** Ends its worker; `replaceWorker` starts another, or a process of its own takes its place. */
  stopWorker(): Promise<void>;
  /** Stops the worker and starts another. @param workflowBundle - @default the workflows of now */
  replaceWorker(workflowBundle?: WorkflowBundleOption): Promise<void>;
  /** The handle of an event's workflow. */
  event(id: string, source?: Source): WorkflowHandle<typeof processEvent>;
  stop(): Promise<void>;
}

/** Attempts follow each other at once: a test waits for none of them. */
export const fastRetry = {
  maximumAttempts: 5,
  initialIntervalMilliseconds: 20,
  backoffCoefficient: 1,
  maximumIntervalMilliseconds: 20,
};

/**
 * Starts a harness.
 *
 * @param options.change - what is other about the vendor's source
 * @param options.sources - further sources
 * @param options.settings - further settings, as environment variables
 * @param options.temporalAddress - of another server than the one of the run
 * @param options.logTo - where log lines go; nothing is logged without a level in the settings
 */
export async function startHarness(
  options: {
    vendor?: DemoVendorOptions;
    change?: (source: Source) => Source;
    sources?: (vendor: DemoVendor) => readonly Source[];
    settings?: Record<string, string>;
    temporalAddress?: string;
    logTo?: DestinationStream;
  } = {},
): Promise<Harness> {
  const vendor = await startDemoVendor(
    { customers: 0, orders: 0, changesPerSecond: 0, requestsPerSecond: 100_000, ...options.vendor },
    { now: Date.now, warn: () => undefined },
  );
  const demo = createDemoSource(vendor);
  const named: Source = {
    ...demo,
    name: uniqueName('demo'),
    retry: fastRetry,
    reconcile: { ...demo.reconcile, graceMilliseconds: 0 },
  };
  const source = options.change?.(named) ?? named;
  const sources = [source, ...(options.sources?.(vendor) ?? [])];
  const databaseUrl = await createDatabase(inject('postgresUrl'));
  const config = loadConfig(
    {
      DATABASE_URL: databaseUrl,
      LANDFALL_TASK_QUEUE: uniqueName('queue'),
      LANDFALL_LOG_LEVEL: 'silent',
      LANDFALL_SHUTDOWN_GRACE: '2s',
      // Tests of single failures have many of them; those of outages, silence and alerts switch these on.
      LANDFALL_HOLD_AFTER: 'off',
      LANDFALL_SILENCE: 'off',
      LANDFALL_ALERT_EVERY: 'off',
      ...options.settings,
    },
    { mode: 'command', definitions: [] },
  );
  const runtime = await openRuntime(config, {
    target: plainTarget(options.temporalAddress ?? inject('temporalAddress')),
    sources,
    dataDirectory: null,
    secrets: [vendor.secret, vendor.token],
    ...(options.logTo === undefined ? {} : { logTo: options.logTo }),
  });
  await runtime.store.migrate();
  quietRuntime();
  let worker = await startWorker(runtime, { workflowBundle: compiledBundle(runtime) });
  let working = true;
  const stopWorker = async () => {
    if (working) await worker.stop();
    working = false;
  };
  const receiver = await startReceiver(runtime, { host: '127.0.0.1', port: 0 });
  vendor.sendTo(`${receiver.url}/webhooks/${source.name}`);

  return {
    runtime,
    vendor,
    source,
    deadLetters: createDeadLetters(runtime.client),
    url: receiver.url,
    stopWorker,
    post: (body, how = {}) => post(receiver.url, how.source ?? source, body, how),
    async replaceWorker(workflowBundle) {
      await stopWorker();
      worker = await startWorker(runtime, { workflowBundle: workflowBundle ?? compiledBundle(runtime) });
      working = true;
    },
    event: (id, of = source) => runtime.client.workflow.getHandle<typeof processEvent>(`${of.name}:${id}`),
    async stop() {
      await vendor.close();
      await receiver.stop();
      await endAll(runtime, sources);
      await stopWorker();
      await runtime.close();
    },
  };
}

/** The workflows as the run has compiled them: to bundle them takes two seconds, in each process anew. */
function compiledBundle({ tracing, config }: Runtime): WorkflowBundleOption {
  const bundled = { traced: tracing !== null, encodesFailures: encrypts(config.payloadKeys) };
  return { codePath: join(dirname(inject('landfall')), '../..', basename(bundlePath(bundled))) };
}

/** The source `demo` of this vendor, without its CRM. */
export function createDemoSource(vendor: DemoVendor): Source {
  return demoSource.create({
    DEMO_WEBHOOK_SECRET: [vendor.secret],
    DEMO_API_URL: vendor.url,
    DEMO_API_TOKEN: vendor.token,
    DEMO_CRM_URL: undefined,
  });
}

/** For `change`: a source that is never reconciled, so that only what is delivered is processed. */
export function withoutListing({ listChanged: _listChanged, ...source }: Source): Source {
  return source;
}

/** A name that no other test uses. */
export function uniqueName(prefix: string): string {
  return `${prefix}-${randomBytes(5).toString('hex')}`;
}

async function post(
  url: string,
  source: Source,
  body: unknown,
  { id = randomUUID(), headers = {} }: { id?: string; headers?: Record<string, string> },
): Promise<Answer> {
  const bytes = Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body));
  const signature = await source.verification.sign(bytes, { id, now: Date.now() });
  const response = await fetch(`${url}/webhooks/${source.name}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...signature, ...headers },
    body: new Uint8Array(bytes),
  });
  return { status: response.status, body: (await response.json()) as Answer['body'] };
}

/** Leaves nothing running on the server that the other tests share. */
async function endAll({ client, config }: Runtime, sources: readonly Source[]): Promise<void> {
  await client.schedule.getHandle(purgeScheduleId(config.taskQueue)).delete();
  const alerts = client.workflow.getHandle(alertsWorkflowId(config.taskQueue));
  if (config.alerts !== null) await alerts.terminate('the test is over');
  for (const { name, listChanged } of sources) {
    if (listChanged !== undefined) await client.schedule.getHandle(scheduleId(name)).delete();
    const query = `ExecutionStatus = 'Running' AND ${searchAttributes.source.name} = '${name}'`;
    for await (const { workflowId } of client.workflow.list({ query })) {
      await client.workflow
        .getHandle(workflowId)
        .terminate('the test is over')
        .catch(() => undefined);
    }
  }
}
