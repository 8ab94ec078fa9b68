import { Command, InvalidArgumentError } from 'commander';
import { loadConfig } from '../../config/load.ts';
import { ReconciliationIncompleteError, UnknownSourceError } from '../../errors.ts';
import { sourceDefinitions } from '../../sources/registry.ts';
import { startReconciliation } from '../../temporal/schedules.ts';
import { type Environment, withTemporal } from '../with-temporal.ts';

/** `landfall reconcile <source>`: compares a source with our copies now, and repairs the differences. */
export function reconcileCommand(environment: () => Promise<Environment>): Command {
  return new Command('reconcile')
    .description('compare a source with our copies, and repair the differences')
    .argument('<source>')
    .option(
      '--since <time>',
      'changes since this time (ISO 8601) instead of since the last complete run',
      readTime,
    )
    .option('--no-wait', 'start it and do not wait for its report')
    .action(async (name: string, options: { since?: string; wait: boolean }) => {
      const env = await environment();
      const { sources, taskQueue } = loadConfig(env, { mode: 'command', definitions: sourceDefinitions });
      const source = sources.find((each) => each.name === name);
      if (source?.listChanged === undefined) {
        const able = sources.filter((each) => each.listChanged !== undefined).map((each) => each.name);
        throw new UnknownSourceError(
          `There is no source "${name}" that can list its changes. These can: ${able.join(', ') || 'none'}.`,
        );
      }
      await withTemporal(env, async (client) => {
        const handle = await startReconciliation(
          client,
          name,
          options.since ?? null,
          source.taskQueue ?? taskQueue,
        );
        if (!options.wait) {
          console.log(handle.workflowId);
          return;
        }
        const report = await handle.result().catch((cause: unknown) => {
          throw new ReconciliationIncompleteError(
            `The reconciliation did not complete: see the workflow ${handle.workflowId} in the Temporal UI.`,
            { cause },
          );
        });
        const { scanned, missing, stale, repaired, settled, failed, since } = report;
        console.log(
          `${name} since ${since ?? 'the beginning'}: ${scanned} scanned, ${missing} missing, ${stale} stale; ` +
            `${repaired} repaired, ${settled} settled meanwhile, ${failed} failed`,
        );
        if (failed > 0) process.exitCode = 1;
      });
    });
}

function readTime(text: string): string {
  const time = Date.parse(text);
  if (Number.isNaN(time))
    throw new InvalidArgumentError('Give a time such as 2026-11-01 or 2026-11-01T12:00:00Z.');
  return new Date(time).toISOString();
}
