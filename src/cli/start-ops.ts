import { showObserved } from '../alerting/show-observed.ts';
import { createOps, type Phase } from '../receiver/ops.ts';
import { listen } from '../receiver/server.ts';
import type { TemporalRuntime } from '../temporal/install-runtime.ts';
import { openConsole } from './open-console.ts';
import type { Runtime, Service } from './runtime.ts';

/**
 * Starts `/livez`, `/readyz`, `/metrics` and `/console`.
 *
 * @param options.readyWith - a receiver is ready with `any` of Temporal and the store, since either of them can hold an event:
 * taken out of the load balancer, it would lose what it could have accepted. A worker needs `all`.
 * @param options.temporal - the SDK's runtime, where the process has one: its metrics are among ours
 * @param options.phase - in which the process is; `enter` changes it. @default 'serving'
 * @param options.temporalUiUrl - where the Temporal UI is. @default as the configuration says
 */
export async function startOps(
  runtime: Runtime,
  options: {
    host: string;
    port: number;
    readyWith: 'all' | 'any';
    temporal?: TemporalRuntime;
    phase?: Phase;
    temporalUiUrl?: string | null;
  },
): Promise<Service & { url: string; port: number; enter(phase: Phase): void }> {
  const { client, target, store, metrics } = runtime;
  const { host, port, readyWith, temporal, temporalUiUrl = runtime.config.temporalUiUrl } = options;
  let phase = options.phase ?? 'serving';
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
    phase: () => phase,
    console: openConsole(runtime, { host, temporalUiUrl }),
  });
  const server = await listen(app, { host, port, setting: 'LANDFALL_OPS_PORT' });
  const observed = showObserved(runtime);
  return {
    url: server.url,
    port: server.port,
    enter(next) {
      phase = next;
    },
    async stop() {
      await server.close(1_000);
      await observed.stop();
    },
  };
}
