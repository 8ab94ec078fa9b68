import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { Worker } from '@temporalio/worker';
import getPort from 'get-port';
import { Webhook } from 'standardwebhooks';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { bundleWorkflows } from '../../src/temporal/worker.ts';
import type { processEvent } from '../../workflows/index.ts';
import { createDatabase } from '../support/create-database.ts';
import { uniqueName } from '../support/harness.ts';
import { type HttpVendor, startHttpVendor, type VendorRequest } from '../support/http-vendor.ts';
import { type LandfallProcess, startProcess } from '../support/landfall-process.ts';
import { listedSdkMetrics } from '../support/listed-metrics.ts';
import { type CollectedSpan, type OtlpCollector, startOtlpCollector } from '../support/otlp-collector.ts';
import { quietRuntime } from '../support/quiet-runtime.ts';

/** Of a busy machine. */
const patience = { timeout: 30_000 };
const signingSecret = `whsec_${Buffer.from('a secret that signs deliveries').toString('base64')}`;
const crmToken = 'crm-token-that-nobody-may-see';
/** In a header alone. */
const headerMarker = 'header-that-nobody-may-see';
/** In the bodies alone. */
const personal = 'ada.personal@example.com';
/** In what the destination says of an error, which the log repeats. */
const echoed = 'ada.echoed@example.com';

const retry = {
  maximumAttempts: 3,
  initialIntervalMilliseconds: 20,
  backoffCoefficient: 1,
  maximumIntervalMilliseconds: 20,
};

/** The vendor with its one customer, and the CRM that refuses its first write, with what it should not repeat. */
function startVendor(): Promise<HttpVendor> {
  let writes = 0;
  return startHttpVendor(({ method }) => {
    if (method === 'GET') return { json: { id: 'cus_1', version: 1, email: personal } };
    writes += 1;
    return writes > 1
      ? { json: {} }
      : { status: 503, text: `busy; ${echoed} came with ${crmToken}, signed with ${signingSecret}` };
  });
}

function describeSource(name: string, url: string) {
  return {
    name,
    scheme: 'standard-webhooks',
    secretEnv: 'ACME_SECRET',
    id: '/id',
    type: '/type',
    entity: { type: 'customer', id: '/data/id' },
    version: '/data/version',
    fetch: { urlTemplate: `${url}/customers/{id}`, versionPointer: '/version' },
    destination: { name: 'crm', url: `${url}/crm`, tokenEnv: 'ACME_CRM_TOKEN' },
    retry,
  };
}

describe('telemetry of a delivery', { timeout: 120_000 }, () => {
  let client: Client;
  let vendor: HttpVendor;
  let collector: OtlpCollector;
  let processes: LandfallProcess[];
  let folder: string;
  let source: string;
  let settings: Record<string, string>;

  beforeAll(async () => {
    client = new Client({ connection: await Connection.connect({ address: inject('temporalAddress') }) });
  });
  afterAll(() => client.connection.close());

  beforeEach(async () => {
    vendor = await startVendor();
    collector = await startOtlpCollector();
    folder = await mkdtemp(join(tmpdir(), 'landfall-traced-'));
    source = uniqueName('acme');
    const file = join(folder, 'sources.json');
    await writeFile(file, JSON.stringify([describeSource(source, vendor.url)]));
    settings = {
      LANDFALL_SOURCES_FILE: file,
      ACME_SECRET: signingSecret,
      ACME_CRM_TOKEN: crmToken,
      DATABASE_URL: await createDatabase(inject('postgresUrl')),
      TEMPORAL_ADDRESS: inject('temporalAddress'),
      LANDFALL_TASK_QUEUE: uniqueName('queue'),
      LANDFALL_HOST: '127.0.0.1',
      LANDFALL_OPS_HOST: '127.0.0.1',
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      OTEL_BSP_SCHEDULE_DELAY: '100',
    };
    processes = [];
  });
  afterEach(async () => {
    await Promise.all(processes.map((each) => each[Symbol.asyncDispose]()));
    await vendor[Symbol.asyncDispose]();
    await collector[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  /** A receiver and a worker, with the addresses of both of the receiver's ports and of the worker's. */
  async function start(change: Record<string, string> = {}) {
    const local = { host: '127.0.0.1' };
    const [port, receiverOps, workerOps] = [await getPort(local), await getPort(local), await getPort(local)];
    const receiver = await startProcess('receiver', {
      ...settings,
      ...change,
      LANDFALL_PORT: String(port),
      LANDFALL_OPS_PORT: String(receiverOps),
    });
    processes.push(receiver);
    const worker = await startProcess('worker', {
      ...settings,
      ...change,
      LANDFALL_OPS_PORT: String(workerOps),
    });
    processes.push(worker);
    const scrape = async (ops: number) => (await fetch(`http://127.0.0.1:${ops}/metrics`)).text();
    return {
      receiver,
      worker,
      url: `http://127.0.0.1:${port}`,
      metricsOf: { receiver: () => scrape(receiverOps), worker: () => scrape(workerOps) },
    };
  }

  async function send(url: string, id: string): Promise<number> {
    const body = JSON.stringify({
      id,
      type: 'customer.updated',
      data: { id: 'cus_1', version: 1, email: personal },
    });
    const now = new Date();
    const response = await fetch(`${url}/webhooks/${source}`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'x-marker': headerMarker,
        baggage: `marker=${headerMarker}`,
        'webhook-id': id,
        'webhook-timestamp': String(Math.floor(now.getTime() / 1_000)),
        'webhook-signature': new Webhook(signingSecret).sign(id, now, body),
      },
      body,
    });
    await response.body?.cancel();
    return response.status;
  }

  const run = (id: string) => client.workflow.getHandle<typeof processEvent>(`${source}:${id}`);
  const writes = (): VendorRequest[] => vendor.requests.filter(({ method }) => method === 'POST');

  /** The names from a span up to its root. */
  function pathOf(span: CollectedSpan, all: readonly CollectedSpan[]): string[] {
    const parent = all.find(({ spanId }) => spanId === span.parentSpanId);
    return [span.name, ...(parent === undefined ? [] : pathOf(parent, all))];
  }

  test("one trace leads from the vendor's request over the workflow to the destination's write", async () => {
    const { url, receiver, worker, metricsOf } = await start();
    expect(await send(url, 'evt_1')).toBe(200);
    await expect(run('evt_1').result()).resolves.toMatchObject({ outcome: 'applied', delivered: ['crm'] });
    await expect.poll(() => isWhole(ofDelivery(collector.spans())), patience).toBe(true);

    const trace = ofDelivery(collector.spans());
    const root = trace.find(({ name }) => name === 'POST /webhooks/:source');
    expect(trace.filter(({ parentSpanId }) => parentSpanId === null)).toEqual([root]);
    for (const span of trace) expect(pathOf(span, trace).at(-1)).toBe('POST /webhooks/:source');

    const first = trace.find(({ name, status }) => name === 'deliver crm' && status === 2);
    const second = trace.find(({ name, status }) => name === 'deliver crm' && status !== 2);
    const above = [
      'RunWorkflow:processEvent',
      'StartWorkflow:processEvent',
      'accept',
      'POST /webhooks/:source',
    ];
    expect(first && pathOf(first, trace)).toEqual([
      'deliver crm',
      'RunActivity:tryEvent',
      'StartActivity:tryEvent',
      ...above,
    ]);
    expect(second && pathOf(second, trace)).toEqual([
      'deliver crm',
      'RunActivity:deliver',
      'StartActivity:deliver',
      ...above,
    ]);
    const names = trace.map(({ name }) => name);
    expect(names).toEqual(
      expect.arrayContaining(['verify', 'fetchRecord', 'applyRecord', 'store apply', 'store lookUp']),
    );
    expect([root?.service, first?.service]).toEqual(['landfall-receiver', 'landfall-worker']);
    expect(second?.attributes).toMatchObject({
      'landfall.source': source,
      'landfall.event.id': 'evt_1',
      'http.response.status_code': 200,
    });

    // What the destination was told goes on in ours.
    const [one, two] = writes().map(({ headers }) => headers['traceparent']);
    expect(one).toBe(`00-${root?.traceId}-${first?.spanId}-01`);
    expect(two).toBe(`00-${root?.traceId}-${second?.spanId}-01`);

    const lines = [receiver, worker].flatMap((each) => each.output().split('\n'));
    for (const message of ['started', 'processed', 'delivered', 'an activity failed']) {
      const line = lines.find((each) => each.includes(`"msg":"${message}"`)) ?? '{}';
      expect([message, JSON.parse(line)]).toEqual([
        message,
        expect.objectContaining({
          source,
          eventId: 'evt_1',
          workflowId: `${source}:evt_1`,
          trace_id: root?.traceId,
        }),
      ]);
    }

    const seen = {
      spans: collector.requests.map(({ body }) => body.toString('utf8')).join(''),
      log: lines.join(''),
      metrics: (await metricsOf.receiver()) + (await metricsOf.worker()),
    };
    for (const [where, text] of Object.entries(seen)) {
      expect(text.length, where).toBeGreaterThan(1_000);
      for (const hidden of [signingSecret, crmToken, headerMarker, personal]) {
        expect(text.includes(hidden), `${where} shows ${hidden}`).toBe(false);
      }
    }
    expect(seen.log).toContain(`busy; ${echoed} came with [redacted]`);
    expect(seen.spans + seen.metrics).not.toContain(echoed);
    expect(first?.attributes['error.type']).toBe('LANDFALL_DESTINATION_UNAVAILABLE');

    // A run that was traced replays where nothing is, and the other way round: only headers differ.
    quietRuntime();
    const history = await run('evt_1').fetchHistory();
    const sinks = { exporter: { export: { fn: () => undefined } } };
    for (const traced of [false, true]) {
      await Worker.runReplayHistory({ workflowBundle: await bundleWorkflows({ traced }), sinks }, history);
    }
  });

  test("the worker's ops port has the SDK's metrics with ours, under the names and labels that are documented", async () => {
    const { url, metricsOf } = await start();
    await send(url, 'evt_1');
    await run('evt_1').result();
    const listed = listedSdkMetrics();
    const usual = listed.filter(({ always }) => always);
    const found = async () => new Map(readSeries(await metricsOf.worker()));
    await expect
      .poll(async () => {
        const series = await found();
        return usual.filter(({ name }) => !series.has(name)).map(({ name }) => name);
      }, patience)
      .toEqual([]);
    const series = await found();
    for (const { name, labels } of listed) {
      const shown = series.get(name);
      if (shown !== undefined) expect([name, [...shown].sort()]).toEqual([name, [...labels].sort()]);
    }
    const text = await metricsOf.worker();
    expect(text).toContain('landfall_outcomes_total');
    // The buckets are ours.
    expect(text).toMatch(/temporal_request_latency_seconds_bucket\{[^}]*le="0\.025"/);
    // The receiver has no part of the SDK that measures itself.
    expect(await metricsOf.receiver()).not.toContain('temporal_');
  });

  test('where traces are switched off nothing is exported, and nothing is handed on', async () => {
    const { url } = await start({ OTEL_SDK_DISABLED: 'true' });
    expect(await send(url, 'evt_1')).toBe(200);
    await run('evt_1').result();
    const { events } = await run('evt_1').fetchHistory();
    const [begun] = events ?? [];
    expect(begun?.workflowExecutionStartedEventAttributes?.header?.fields ?? {}).toEqual({});
    expect(writes().map(({ headers }) => headers['traceparent'])).toEqual([undefined, undefined]);
    await Promise.all(
      processes.map(async (each) => {
        each.kill('SIGTERM');
        await each.exited;
      }),
    );
    expect(collector.requests).toEqual([]);
  });
});

/** The trace of the one delivery there was, among those of what the worker does by itself. */
function ofDelivery(spans: readonly CollectedSpan[]): CollectedSpan[] {
  const root = spans.find(({ name }) => name === 'POST /webhooks/:source');
  return spans.filter(({ traceId }) => traceId === root?.traceId);
}

/** Whether the last spans of both processes are here, and none whose parent is missing. */
function isWhole(spans: readonly CollectedSpan[]): boolean {
  const names = spans.map(({ name }) => name);
  const ids = new Set(spans.map(({ spanId }) => spanId));
  return (
    ['RunWorkflow:processEvent', 'POST /webhooks/:source'].every((name) => names.includes(name)) &&
    spans.every(({ parentSpanId }) => parentSpanId === null || ids.has(parentSpanId))
  );
}

/** By the name of each metric, the labels of its series; of a histogram without those of its buckets. */
function readSeries(text: string): [string, Set<string>][] {
  const series = new Map<string, Set<string>>();
  for (const [, name = '', labels = ''] of text.matchAll(/^(\w+)(?:\{(.*)\})? \S+$/gm)) {
    const metric = name.replace(/_(bucket|sum|count)$/, '');
    const known = series.get(metric) ?? new Set<string>();
    for (const [, label = ''] of labels.matchAll(/(\w+)="/g)) if (label !== 'le') known.add(label);
    series.set(metric, known);
  }
  return [...series];
}
