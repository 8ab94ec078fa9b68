import type { DataConverter } from '@temporalio/common';
import {
  Client,
  Connection,
  defaultGrpcRetryOptions,
  makeGrpcRetryInterceptor,
  type WorkflowClientInterceptor,
} from '@temporalio/client';
import { loadClientConnectConfig, type ClientConnectConfig } from '@temporalio/envconfig';
import { ConfigurationError } from '../errors.ts';
import { noKeys } from '../privacy/key-ring.ts';
import { createDataConverter } from './data-converter.ts';

/** Where Temporal is, and as whom we talk to it. */
export interface TemporalTarget {
  namespace: string;
  /** Address, TLS and API key, as `Connection` and `NativeConnection` take them. */
  connectionOptions: ClientConnectConfig['connectionOptions'];
}

/**
 * The target from the standard Temporal environment: `TEMPORAL_ADDRESS`, `TEMPORAL_NAMESPACE`, `TEMPORAL_API_KEY`,
 * `TEMPORAL_TLS_*`, `TEMPORAL_PROFILE` and the file temporal.toml. Null where none of them names an address.
 *
 * @throws ConfigurationError where they contradict or cannot be read
 * @see https://docs.temporal.io/references/client-environment-configuration
 */
export function loadTemporalTarget(env: Record<string, string | undefined>): TemporalTarget | null {
  const given = Object.fromEntries(
    Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
  let loaded: ClientConnectConfig;
  try {
    loaded = loadClientConnectConfig({ overrideEnvVars: given });
  } catch (cause) {
    throw new ConfigurationError(
      'The Temporal settings (TEMPORAL_… or temporal.toml) cannot be read: check them with `temporal env` and docs/configuration.md.',
      { cause },
    );
  }
  const { connectionOptions, namespace = 'default' } = loaded;
  if (connectionOptions.address === undefined || connectionOptions.address === '') return null;
  return { namespace, connectionOptions };
}

/** A target without TLS: the dev server, or a server on a private network. */
export function plainTarget(address: string, namespace = 'default'): TemporalTarget {
  return { namespace, connectionOptions: { address } };
}

/** gRPC's own steps grow to two minutes, for which a Temporal that is back would still count as away. */
const longestReconnectMilliseconds = 2_000;

/**
 * A client that connects at its first call, so that a receiver starts, and accepts into the inbox, while Temporal is down.
 * Two attempts a call instead of the SDK's ten: callers set a deadline and have an answer of their own to an outage.
 *
 * @param options.dataConverter - @default one without keys: nothing is encrypted
 * @param options.interceptors - of calls about workflows. @default none
 */
export function createTemporalClient(
  { namespace, connectionOptions }: TemporalTarget,
  {
    dataConverter = createDataConverter(noKeys, null),
    interceptors = [],
  }: { dataConverter?: DataConverter; interceptors?: WorkflowClientInterceptor[] } = {},
): Client {
  const { address, tls, apiKey, metadata } = connectionOptions;
  const connection = Connection.lazy({
    ...(address === undefined ? {} : { address }),
    ...(tls === undefined ? {} : { tls }),
    ...(apiKey === undefined ? {} : { apiKey }),
    ...(metadata === undefined ? {} : { metadata }),
    interceptors: [makeGrpcRetryInterceptor(defaultGrpcRetryOptions({ maxAttempts: 2 }))],
    channelArgs: { 'grpc.max_reconnect_backoff_ms': longestReconnectMilliseconds },
  });
  return new Client({ connection, namespace, dataConverter, interceptors: { workflow: interceptors } });
}
