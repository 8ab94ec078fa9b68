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
    const ops = await startOps(runtime, { host: config.opsHost, port: config.opsPort, readyWith: 'any' });
    const receiver = await startReceiver(runtime, config);
    const names = [...runtime.sources.keys()];
    runtime.logger.info({ url: receiver.url, ops: ops.url, sources: names }, 'receiving');

    await Promise.race([stopped, migrated.then(() => stopped)]);
    runtime.logger.info('stopping: requests under way are finished');
    await receiver.stop();
    await ops.stop();
    await runtime.close();
  });
}
