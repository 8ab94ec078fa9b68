import { showObserved } from '../alerting/show-observed.ts';
import { createOps } from '../receiver/ops.ts';
import { listen } from '../receiver/server.ts';
import type { TemporalRuntime } from '../temporal/install-runtime.ts';
import type { Runtime, Service } from './runtime.ts';

/**
 * Starts `/livez`, `/readyz` and `/metrics`.
 *
 * @param options.readyWith - a receiver is ready with `any` of Temporal and the store, since either of them can hold an event:
 * taken out of the load balancer, it would lose what it could have accepted. A worker needs `all`.
 * @param options.temporal - the SDK's runtime, where the process has one: its metrics are among ours
 */
export async function startOps(
  runtime: Runtime,
  {
    host,
    port,
    readyWith,
    temporal,
  }: { host: string; port: number; readyWith: 'all' | 'any'; temporal?: TemporalRuntime },
): Promise<Service & { url: string; port: number }> {
  const { client, target, store, metrics } = runtime;
  const app = createOps({
    checks: {
      temporal: () =>
        client.withDeadline(Date.now() + 2_000, () =>
          client.workflowService.describeNamespace({ namespace: target.namespace }),
        ),
      store: () => store.ping(),
    },
    readyWith,
    registry: metrics.registry,
    moreMetrics: temporal && (() => temporal.readMetrics()),
  });
  const server = await listen(app, { host, port, setting: 'LANDFALL_OPS_PORT' });
  const observed = showObserved(runtime);
  return {
    url: server.url,
    port: server.port,
    async stop() {
      await server.close(1_000);
      await observed.stop();
    },
  };
}
