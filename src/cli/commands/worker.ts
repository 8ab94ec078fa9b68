import { Command } from 'commander';
import { installTemporalRuntime } from '../../temporal/install-runtime.ts';
import { examples } from '../examples.ts';
import { migrateWhenReachable, openSharedRuntime } from '../runtime.ts';
import { startOps } from '../start-ops.ts';
import { startWorker } from '../start-worker.ts';
import { untilStopped } from '../until-stopped.ts';
import type { Environment } from '../with-temporal.ts';

/** `landfall worker`: processes events. Ends with an error where Temporal is away, for its supervisor to start it again. */
export function workerCommand(env: Environment): Command {
  const command = new Command('worker').description('process events');
  return command.addHelpText('after', examples('landfall worker')).action(async () => {
    const runtime = await openSharedRuntime(env, 'worker');
    const { config } = runtime;
    const temporal = await installTemporalRuntime(runtime.logger);
    const { stopped, signal } = untilStopped();
    const { opsHost: host, opsPort: port } = config;
    const ops = await startOps(runtime, { host, port, readyWith: 'all', phase: 'starting', temporal });
    try {
      await migrateWhenReachable(runtime, signal);
      // Asked to stop while it waited for the database.
      if (signal.aborted) return;
      const worker = await startWorker(runtime);
      ops.enter('serving');
      try {
        await Promise.race([stopped, worker.finished]);
        ops.enter('stopping');
        runtime.logger.info('stopping: activities under way are finished');
      } finally {
        await worker.stop();
      }
    } finally {
      await ops.stop();
      await runtime.close();
    }
  });
}
