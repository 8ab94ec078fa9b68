import { Command } from 'commander';
import { loadConfig } from '../../config/load.ts';
import { sourceDefinitions } from '../../sources/registry.ts';
import { migrateWhenReachable, openRuntime } from '../runtime.ts';
import { startOps } from '../start-ops.ts';
import { startReceiver } from '../start-receiver.ts';
import { untilStopped } from '../until-stopped.ts';
import type { Environment } from '../with-temporal.ts';

/** `landfall receiver`: the endpoint for webhooks. It starts, and accepts, while Temporal or the database is away. */
export function receiverCommand(env: Environment): Command {
  return new Command('receiver').description('run the endpoint for webhooks').action(async () => {
    const config = loadConfig(env, { mode: 'receiver', definitions: sourceDefinitions });
    const { temporal: target, sources } = config;
    if (target === null) throw new RangeError('loadConfig lets no receiver pass without Temporal');
    const runtime = await openRuntime(config, { target, sources, dataDirectory: null });
    const { stopped, signal } = untilStopped();
    const migrated = migrateWhenReachable(runtime, signal);
    const ops = await startOps(runtime, { host: config.opsHost, port: config.opsPort, readyWith: 'any' });
    const receiver = await startReceiver(runtime, config);
    const names = sources.map(({ name }) => name);
    runtime.logger.info({ url: receiver.url, ops: ops.url, sources: names }, 'receiving');

    await Promise.race([stopped, migrated.then(() => stopped)]);
    runtime.logger.info('stopping: requests under way are finished');
    await receiver.stop();
    await ops.stop();
    await runtime.close();
  });
}
