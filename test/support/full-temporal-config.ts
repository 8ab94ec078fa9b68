import { stringify } from 'yaml';

/** Ports of one service of the Temporal server. */
export interface ServicePorts {
  grpc: number;
  membership: number;
}

/** The four services of the Temporal server. */
export type TemporalServices = Record<'frontend' | 'history' | 'matching' | 'worker', ServicePorts>;

/** Where PostgreSQL is. */
export interface SqlAddress {
  host: string;
  port: string;
  user: string;
  password: string;
}

/** The databases that the schema tool makes, and the schema that belongs into each. */
export const temporalDatabases = [
  { database: 'temporal', schema: 'postgresql/v12/temporal', connections: 10 },
  { database: 'temporal_visibility', schema: 'postgresql/v12/visibility', connections: 4 },
] as const;

/**
 * The static configuration of a Temporal server on PostgreSQL, on loopback, as YAML.
 *
 * @see https://docs.temporal.io/references/configuration
 */
export function fullTemporalConfig(
  sql: SqlAddress,
  services: TemporalServices,
  dynamicConfigFile: string,
): string {
  const [history, visibility] = temporalDatabases;
  const disabled = { history: { state: 'disabled' }, visibility: { state: 'disabled' } };
  return stringify({
    log: { stdout: true, level: 'warn' },
    persistence: {
      defaultStore: history.database,
      visibilityStore: visibility.database,
      numHistoryShards: 4,
      datastores: Object.fromEntries(
        temporalDatabases.map(({ database, connections }) => [
          database,
          dataStore(sql, database, connections),
        ]),
      ),
    },
    global: { membership: { maxJoinDuration: '30s', broadcastAddress: '127.0.0.1' } },
    services: Object.fromEntries(
      Object.entries(services).map(([name, { grpc, membership }]) => [
        name,
        { rpc: { grpcPort: grpc, membershipPort: membership, bindOnLocalHost: true } },
      ]),
    ),
    clusterMetadata: {
      enableGlobalNamespace: false,
      failoverVersionIncrement: 10,
      masterClusterName: 'active',
      currentClusterName: 'active',
      clusterInformation: {
        active: {
          enabled: true,
          initialFailoverVersion: 1,
          rpcName: 'frontend',
          rpcAddress: `127.0.0.1:${services.frontend.grpc}`,
        },
      },
    },
    dynamicConfigClient: { filepath: dynamicConfigFile, pollInterval: '10s' },
    dcRedirectionPolicy: { policy: 'noop' },
    archival: disabled,
    namespaceDefaults: { archival: disabled },
  });
}

/** The server's dynamic configuration, as YAML: each setting for all namespaces and task queues. */
export function dynamicConfig(settings: Readonly<Record<string, string>>): string {
  return stringify(
    Object.fromEntries(
      Object.entries(settings).map(([name, json]) => [name, [{ value: JSON.parse(json) as unknown }]]),
    ),
  );
}

function dataStore({ host, port, user, password }: SqlAddress, databaseName: string, maxConns: number) {
  return {
    sql: {
      pluginName: 'postgres12',
      databaseName,
      connectAddr: `${host}:${port}`,
      connectProtocol: 'tcp',
      user,
      password,
      maxConns,
      maxIdleConns: maxConns,
    },
  };
}
