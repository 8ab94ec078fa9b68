import { setTimeout as sleep } from 'node:timers/promises';
import { startStandIn } from '../alerting/stand-in.ts';
import { createOverflow } from '../inbox/overflow.ts';
import { createRelay } from '../inbox/relay.ts';
import { createReceiver } from '../receiver/app.ts';
import { listen } from '../receiver/server.ts';
import type { Runtime, Service } from './runtime.ts';

/** Starts the endpoint for webhooks, the relay of the inbox, and what judges alerts where no worker does. */
export async function startReceiver(
  runtime: Runtime,
  { host, port }: { host: string; port: number },
): Promise<Service & { url: string; port: number; drain(): Promise<void> }> {
  const { config, metrics } = runtime;
  const overflow = createOverflow();
  const { maxBodyBytes, inlineBodyBytes, heldBodyBytes, limits } = config;
  const bodies = { maxBodyBytes, inlineBodyBytes, heldBodyBytes };
  const receiver = createReceiver({ ...runtime, ...limits, ...bodies, overflow, now: Date.now });
  const server = await listen(receiver.app, {
    host,
    port,
    setting: 'LANDFALL_PORT',
    limits,
    onCutOff: (reason) => metrics.cutOff.inc({ reason }),
  });
  const relay = createRelay({ ...runtime, overflow });
  relay.start();
  const standIn =
    config.alerts === null ? null : startStandIn({ ...runtime, settings: config.alerts, now: Date.now });
  return {
    url: server.url,
    port: server.port,
    /** Goes on taking requests for as long as balancers need to turn to others, and lets go of the connections that they keep. */
    async drain() {
      server.turnAway();
      await sleep(config.drainMilliseconds);
    },
    async stop() {
      await server.close(config.shutdownGraceMilliseconds);
      await receiver.close();
      await relay.stop();
      await standIn?.stop();
    },
  };
}
