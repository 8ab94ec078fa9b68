import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import getPort, { portNumbers } from 'get-port';
import { serveBodies } from '../cli/dev-bodies.ts';
import { removeDevState, writeDevState } from '../cli/dev-state.ts';
import { openRuntime, type Runtime, sourcesWithHandlers } from '../cli/runtime.ts';
import { startCodecServer } from '../cli/start-codec-server.ts';
import { startOps } from '../cli/start-ops.ts';
import { startReceiver } from '../cli/start-receiver.ts';
import { startWorker } from '../cli/start-worker.ts';
import type { Config } from '../config/load.ts';
import { TemporalUnavailableError } from '../errors.ts';
import { bothOf } from '../privacy/redaction.ts';
import { demoSource } from '../sources/demo.ts';
import { encrypts } from '../temporal/data-converter.ts';
import { installTemporalRuntime } from '../temporal/install-runtime.ts';
import type { DemoVendor } from './demo-vendor/demo-vendor.ts';
import type { Faults } from './demo-vendor/faults.ts';
import { startDemoVendor } from './demo-vendor/start-demo-vendor.ts';
import { createDisplay } from './display.ts';
import { startTemporal } from './start-temporal.ts';
import { describeVerdict, judge } from './verdict.ts';

/** How `landfall dev` is to run. */
export interface DevOptions {
  /** End with a verdict after this time, in milliseconds; null: run until stopped. */
  forMilliseconds: number | null;
  faults: Faults;
  changesPerSecond: number;
  environment: Readonly<Record<string, string | undefined>>;
  print: (line: string) => void;
  /** Aborted when the process is to stop. */
  signal: AbortSignal;
}

const local = '127.0.0.1';

/**
 * Everything in one process: Temporal, store, receiver, worker, schedules and the demo vendor, started in order and stopped in reverse.
 * The data stays in the data directory, so that the next start goes on where this one ended.
 *
 * @returns false where a verdict was asked for and is not equal
 * @throws ConfigurationError | TemporalUnavailableError | StoreUnavailableError
 */
export async function runDev(config: Config, options: DevOptions): Promise<boolean> {
  const { print, signal } = options;
  const started: (() => Promise<unknown>)[] = [];
  const broken = new AbortController();
  const ends = AbortSignal.any([signal, broken.signal]);
  try {
    await mkdir(config.dataDirectory, { recursive: true });
    const codecPort = encrypts(config.payloadKeys)
      ? await getPort({
          host: local,
          port: portNumbers(config.codecServer.port, config.codecServer.port + 99),
        })
      : null;
    const temporal = await startTemporal(config, options.environment, {
      onProgress: print,
      signal,
      ...(codecPort === null ? {} : { uiCodecEndpoint: `http://${local}:${codecPort}` }),
      onExit: (reason) => {
        broken.abort(
          new TemporalUnavailableError(
            `Temporal ${reason}; see ${join(config.dataDirectory, 'temporal.log')}.`,
          ),
        );
      },
    });
    started.push(() => temporal.stop());

    const vendor = await startDemoVendor(
      {
        port: await getPort({ host: local, port: portNumbers(3010, 3109) }),
        faults: options.faults,
        changesPerSecond: options.changesPerSecond,
        stateFile: join(config.dataDirectory, 'demo-vendor.json'),
      },
      {
        now: Date.now,
        warn: (message, error) => {
          print(`demo vendor: ${message}: ${error instanceof Error ? error.message : String(error)}`);
        },
      },
    );
    started.push(() => vendor.close());

    const created = demoSource.create({
      DEMO_WEBHOOK_SECRET: [vendor.secret],
      DEMO_API_URL: vendor.url,
      DEMO_API_TOKEN: vendor.token,
      DEMO_CRM_URL: undefined,
    });
    const demo = { ...created, redaction: bothOf(created.redaction, config.redaction) };
    const display = createDisplay(print);
    const logFile = createWriteStream(join(config.dataDirectory, 'landfall.log'), { flags: 'a' });
    const runtime = await openRuntime(config, {
      target: temporal.target,
      sources: await sourcesWithHandlers(config, [
        ...config.sources.filter(({ name }) => name !== demo.name),
        demo,
      ]),
      dataDirectory: join(config.dataDirectory, 'store'),
      serviceName: 'landfall-dev',
      secrets: [vendor.secret, vendor.token],
      logTo: {
        write(line) {
          logFile.write(line);
          display.write(line);
        },
      },
    });
    started.push(() => runtime.close());
    await runtime.store.migrate();
    const temporalRuntime = await installTemporalRuntime(runtime.logger);

    if (codecPort !== null) {
      const codec = await startCodecServer(runtime, {
        port: codecPort,
        origins: temporal.uiUrl === null ? [] : bothNames(temporal.uiUrl),
      });
      started.push(() => codec.stop());
    }
    const worker = await startWorker(runtime);
    started.push(() => worker.stop());
    worker.finished.catch((error: unknown) => {
      broken.abort(error);
    });
    const port = await getPort({ host: local, port: portNumbers(config.port, config.port + 99) });
    const receiver = await startReceiver(runtime, { host: config.host, port });
    started.push(() => receiver.stop());
    const opsPort = await getPort({ host: local, port: portNumbers(config.opsPort, config.opsPort + 99) });
    const ops = await startOps(runtime, {
      host: config.opsHost,
      port: opsPort,
      readyWith: 'all',
      temporal: temporalRuntime,
      temporalUiUrl: temporal.uiUrl ?? config.temporalUiUrl,
    });
    started.push(() => ops.stop());

    const bodies = config.databaseUrl === null ? await serveBodies(runtime.store) : null;
    if (bodies !== null) started.push(() => bodies.stop());

    await writeDevState(config.dataDirectory, {
      pid: process.pid,
      ...(bodies === null ? {} : { bodies: bodies.bodies, console: ops.url }),
      env: {
        ...(codecPort === null ? {} : codecSettings(codecPort, options.environment)),
        TEMPORAL_ADDRESS: temporal.target.connectionOptions.address ?? '',
        TEMPORAL_NAMESPACE: temporal.target.namespace,
        LANDFALL_PORT: String(receiver.port),
        DEMO_WEBHOOK_SECRET: vendor.secret,
        DEMO_API_URL: vendor.url,
        DEMO_API_TOKEN: vendor.token,
      },
    });
    started.push(() => removeDevState(config.dataDirectory));

    print('');
    for (const line of links({
      ui: temporal.uiUrl,
      receiver: receiver.url,
      ops: ops.url,
      vendor: vendor.url,
    }))
      print(line);
    print('');
    vendor.sendTo(`http://${local}:${receiver.port}/webhooks/${demo.name}`);
    vendor.startChanging();

    await sleep(options.forMilliseconds ?? 2 ** 31 - 1, undefined, { signal: ends }).catch(() => undefined);
    if (broken.signal.aborted) throw broken.signal.reason;
    if (signal.aborted || options.forMilliseconds === null) return true;
    return await giveVerdict(vendor, runtime, demo.name, { print, tally: display.tally });
  } finally {
    if (started.length > 0) print('Stopping …');
    for (const stop of started.reverse()) {
      await stop().catch((error: unknown) => {
        print(error instanceof Error ? error.message : String(error));
      });
    }
  }
}

/** A browser may be pointed at this machine by either. */
function bothNames(url: string): string[] {
  return [url, url.replace(local, 'localhost')];
}

/** Commands in other terminals read what is encrypted by it: the embedded store, with the keys of the records, is ours alone. */
function codecSettings(
  port: number,
  { LANDFALL_CODEC_TOKEN: token, LANDFALL_CODEC_TOKEN_FILE: file }: DevOptions['environment'],
): Record<string, string> {
  return {
    LANDFALL_CODEC_URL: `http://${local}:${port}`,
    ...(token === undefined ? {} : { LANDFALL_CODEC_TOKEN: token }),
    ...(file === undefined ? {} : { LANDFALL_CODEC_TOKEN_FILE: file }),
  };
}

async function giveVerdict(
  vendor: DemoVendor,
  { store, client, taskQueueOf }: Runtime,
  source: string,
  { print, tally }: { print: (line: string) => void; tally: () => ReadonlyMap<string, number> },
): Promise<boolean> {
  print('The vendor stops changing; what is under way is finished, then both sides are compared …');
  const verdict = await judge({ vendor, store, client, source, taskQueue: taskQueueOf(source) });
  print('');
  print([...tally()].map(([label, count]) => `${count} ${label}`).join(', '));
  print(describeVerdict(verdict));
  print('');
  return verdict.equal;
}

function links(urls: { ui: string | null; receiver: string; ops: string; vendor: string }): string[] {
  const dead = 'WorkflowType="deadLetter" AND ExecutionStatus="Running"';
  return [
    ...(urls.ui === null
      ? []
      : [
          `Temporal UI     ${urls.ui}`,
          `  dead letters  ${urls.ui}/namespaces/default/workflows?query=${encodeURIComponent(dead)}`,
        ]),
    `webhooks        ${urls.receiver}/webhooks/<source>`,
    `console         ${urls.ops}/console`,
    `metrics         ${urls.ops}/metrics`,
    `demo vendor     ${urls.vendor}/control/ledger`,
    'by hand         npm run landfall -- send demo',
  ];
}
