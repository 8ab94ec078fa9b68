import { Command } from 'commander';
import { examples } from '../examples.ts';
import { migrateWhenReachable, openSharedRuntime } from '../runtime.ts';
import { startOps } from '../start-ops.ts';
import { startReceiver } from '../start-receiver.ts';
import { untilStopped } from '../until-stopped.ts';
import type { Environment } from '../with-temporal.ts';

/** `landfall receiver`: the endpoint for webhooks. It starts, and accepts, while Temporal or the database is away. */
export function receiverCommand(env: Environment): Command {
  const command = new Command('receiver').description('run the endpoint for webhooks');
  return command.addHelpText('after', examples('LANDFALL_PORT=3000 landfall receiver')).action(async () => {
    const runtime = await openSharedRuntime(env, 'receiver');
    const { config } = runtime;
    const { stopped, signal } = untilStopped();
    const migrated = migrateWhenReachable(runtime, signal);
    const { opsHost: host, opsPort: port } = config;
    const ops = await startOps(runtime, { host, port, readyWith: 'any', phase: 'starting' });
    const receiver = await startReceiver(runtime, config);
    ops.enter('serving');
    const names = [...runtime.sources.keys()];
    runtime.logger.info({ url: receiver.url, ops: ops.url, sources: names }, 'receiving');

    await Promise.race([stopped, migrated.then(() => stopped)]);
    ops.enter('stopping');
    runtime.logger.info('stopping: balancers turn away, then requests under way are finished');
    await receiver.drain();
    await receiver.stop();
    await ops.stop();
    await runtime.close();
  });
}
