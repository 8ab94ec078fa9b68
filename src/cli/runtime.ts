import type { Client } from '@temporalio/client';
import type { DataConverter } from '@temporalio/common';
import type { DestinationStream, Logger } from 'pino';
import type { Channel } from '../alerting/channel.ts';
import { openChannels } from '../alerting/open-channels.ts';
import { type Config, loadConfig } from '../config/load.ts';
import { loadHandlers } from '../config/load-handlers.ts';
import { StoreUnavailableError } from '../errors.ts';
import { createLogger } from '../monitoring/logger.ts';
import { createMetrics, type Metrics } from '../monitoring/metrics.ts';
import { observeStore } from '../monitoring/observe-store.ts';
import { createRedactor } from '../monitoring/redactor.ts';
import { createEntityKeys, type EntityKeys } from '../privacy/entity-keys.ts';
import type { Source } from '../sources/define-source.ts';
import { openStore } from '../store/open-store.ts';
import type { Store } from '../store/store.ts';
import { createTemporalClient, type TemporalTarget } from '../temporal/client.ts';
import { createDataConverter, encrypts } from '../temporal/data-converter.ts';
import { createEventStarter } from '../temporal/create-event-starter.ts';
import type { EventStarter } from '../temporal/event-starter.ts';
import { openTracing, type Tracing } from './open-tracing.ts';
import { findDefinitions } from './source-definitions.ts';

/** What every process of Landfall is made of. */
export interface Runtime {
  config: Config;
  sources: ReadonlyMap<string, Source>;
  store: Store;
  target: TemporalTarget;
  client: Client;
  /** How it writes to Temporal, and the worker has to. */
  dataConverter: DataConverter;
  /** null where nothing is encrypted. */
  entityKeys: EntityKeys | null;
  starter: EventStarter;
  metrics: Metrics;
  /** null: nobody asks for traces. */
  tracing: Tracing | null;
  logger: Logger;
  /** How people are told of alerts. */
  channels: readonly Channel[];
  redact: (text: string) => string;
  taskQueueOf: (source: string) => string;
  close(): Promise<void>;
}

/** A part of a process that was started. */
export interface Service {
  stop(): Promise<void>;
}

/**
 * Opens what the parts of a process share.
 *
 * @param options.secrets - beside those of the configuration
 * @param options.logTo - where log lines go. @default standard output
 * @param options.serviceName - by which traces know the process. @default landfall
 * @throws ConfigurationError | StoreUnavailableError
 */
export async function openRuntime(
  config: Config,
  options: {
    target: TemporalTarget;
    sources: readonly Source[];
    dataDirectory: string | null;
    secrets?: readonly string[];
    logTo?: DestinationStream;
    serviceName?: string;
  },
): Promise<Runtime> {
  const { target } = options;
  for (const secret of options.secrets ?? []) config.secrets.add(secret);
  const redact = createRedactor(config.secrets);
  const logger = createLogger({
    level: config.logLevel,
    format: config.logFormat ?? (process.stdout.isTTY && options.logTo === undefined ? 'pretty' : 'json'),
    redact,
    destination: options.logTo,
  });
  const sources = new Map(options.sources.map((source) => [source.name, source]));
  const metrics = createMetrics();
  const opened = await openStore({
    databaseUrl: config.databaseUrl,
    dataDirectory: options.dataDirectory,
    poolSize: config.poolSize,
  });
  const store = observeStore(opened, metrics);
  const entityKeys = encrypts(config.payloadKeys)
    ? createEntityKeys(config.payloadKeys, store, {
        onUnreachable: (error) => {
          logger.warn(
            { err: error },
            'the keys of records cannot be reached: encrypting under the common key',
          );
        },
      })
    : null;
  const dataConverter = createDataConverter(config.payloadKeys, entityKeys);
  const { serviceName = 'landfall' } = options;
  const tracing = await openTracing(config.tracing, { serviceName, redact, logger });
  const client = createTemporalClient(target, {
    dataConverter,
    interceptors: tracing?.temporal.client ?? [],
  });
  const taskQueueOf = (name: string) => sources.get(name)?.taskQueue ?? config.taskQueue;
  const settingsOf = (name: string) => {
    const source = sources.get(name);
    if (source === undefined) throw new RangeError(`no source ${name}`);
    return { retry: source.retry, taskQueue: taskQueueOf(name) };
  };
  return {
    config,
    sources,
    store,
    target,
    client,
    dataConverter,
    entityKeys,
    starter: createEventStarter({ client, settingsOf, timers: config.timers, store }),
    metrics,
    tracing,
    logger,
    channels: openChannels(config.channels, { logger, now: Date.now }),
    redact,
    taskQueueOf,
    async close() {
      await client.connection.close();
      const destinations = [...sources.values()].flatMap((source) => source.destinations);
      // One that several accounts share is closed once.
      for (const each of new Set(destinations)) await each.close?.();
      await store.close();
      await tracing?.stop();
    },
  };
}

/**
 * Opens the runtime of a process that shares Temporal and PostgreSQL with others, from its environment.
 * @throws ConfigurationError where a setting is missing or wrong
 */
export async function openSharedRuntime(
  env: Readonly<Record<string, string | undefined>>,
  mode: 'receiver' | 'worker',
): Promise<Runtime> {
  const config = loadConfig(env, { mode, definitions: await findDefinitions(env) });
  const { temporal: target } = config;
  if (target === null) throw new RangeError(`loadConfig lets no ${mode} pass without Temporal`);
  // A receiver hands nothing on, and needs none of what that needs.
  const sources = mode === 'worker' ? await sourcesWithHandlers(config) : config.sources;
  return openRuntime(config, { target, sources, dataDirectory: null, serviceName: `landfall-${mode}` });
}

/**
 * The sources that are on, with what the module of `LANDFALL_HANDLERS` has for them.
 *
 * @param sources - @default those of the configuration
 * @throws ConfigurationError
 */
export function sourcesWithHandlers(
  config: Pick<Config, 'sources' | 'knownSources' | 'handlersModule'>,
  sources: readonly Source[] = config.sources,
): Promise<readonly Source[]> {
  return config.handlersModule === null
    ? Promise.resolve(sources)
    : loadHandlers(config.handlersModule, sources, { known: config.knownSources });
}

const migratePause = 2_000;

/**
 * Brings the tables up to date, waiting for a database that is not there yet, or for somebody who may change it (`landfall migrate`);
 * throws what no waiting can mend.
 */
export async function migrateWhenReachable(
  { store, logger }: Pick<Runtime, 'store' | 'logger'>,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    try {
      await store.migrate();
      return;
    } catch (error) {
      if (!(error instanceof StoreUnavailableError)) throw error;
      logger.error({ err: error }, 'the tables cannot be brought up to date: trying again');
      await new Promise((resolve) => setTimeout(resolve, migratePause));
    }
  }
}
