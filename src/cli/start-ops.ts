import { createOps } from '../receiver/ops.ts';
import { listen } from '../receiver/server.ts';
import { openConsole } from './open-console.ts';
import type { Runtime, Service } from './runtime.ts';

/**
 * Starts `/livez`, `/readyz`, `/metrics` and `/console`.
 *
 * @param options.readyWith - a receiver is ready with `any` of Temporal and the store, since either of them can hold an event:
 * taken out of the load balancer, it would lose what it could have accepted. A worker needs `all`.
 * @param options.temporalUiUrl - where the Temporal UI is. @default as the configuration says
 */
export async function startOps(
  runtime: Runtime,
  {
    host,
    port,
    readyWith,
    temporalUiUrl = runtime.config.temporalUiUrl,
  }: { host: string; port: number; readyWith: 'all' | 'any'; temporalUiUrl?: string | null },
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
    console: openConsole(runtime, { host, temporalUiUrl }),
  });
  const server = await listen(app, { host, port, setting: 'LANDFALL_OPS_PORT' });
  return { url: server.url, port: server.port, stop: () => server.close(1_000) };
}
