import { userInfo } from 'node:os';
import { Command, InvalidArgumentError } from 'commander';
import { loadConfig } from '../../config/load.ts';
import { ReplayIncompleteError } from '../../errors.ts';
import {
  describeSkips,
  type EventSelection,
  type ReplayEventsInput,
  type ReplayView,
  skipReasons,
} from '../../model/replay-events.ts';
import { findDefinitions } from '../source-definitions.ts';
import { type Survey, surveyEvents } from '../../temporal/event-selection.ts';
import { startReplayEvents } from '../../temporal/replay-events.ts';
import { replayProgressQuery } from '../../../workflows/messages.ts';
import { confirm } from '../confirm.ts';
import { examples } from '../examples.ts';
import { findSource } from '../find-source.ts';
import { type Progress, withProgress } from '../progress.ts';
import { readNumber } from '../read-number.ts';
import { readTime } from '../read-time.ts';
import { readType } from '../read-type.ts';
import { renderTable } from '../table.ts';
import { type Environment, withTemporal } from '../with-temporal.ts';

interface ReplayOptions {
  source: string;
  type: readonly string[];
  from?: string;
  to?: string;
  limit?: number;
  perSecond: number;
  reason?: string;
  by?: string;
  id?: string;
  dryRun?: boolean;
  yes?: boolean;
  wait: boolean;
  json?: boolean;
}

/** `landfall replay`: processes again what was processed before, and hands it on again to all its destinations. */
export function replayCommand(environment: () => Promise<Environment>): Command {
  return new Command('replay')
    .description('process events again that were processed before, by source, type and time')
    .requiredOption('--source <name>', 'of this source')
    .option('--type <type>', 'of this type; "customer.*" for all that begin so; may be repeated', addType, [])
    .option('--from <time>', 'whose processing began at or after this time (ISO 8601)', readTime)
    .option('--to <time>', 'whose processing began before this time. Default: until now', readTime)
    .option('--limit <count>', 'so many at most', readNumber({ min: 1, max: 10_000_000, whole: true }))
    .option('--per-second <count>', 'begun in a second', readNumber({ min: 0.1, max: 1_000 }), 10)
    .option('--reason <text>', 'why; needed but for --dry-run')
    .option('--by <name>', 'who decides. Default: who is logged in')
    .option('--id <name>', 'of the replay: the same again is refused. Default: the time')
    .option('--dry-run', 'only count')
    .option('--yes', 'do not ask')
    .option('--no-wait', 'start it and do not wait for its end')
    .option('--json', 'one JSON object')
    .addHelpText(
      'after',
      examples(
        'landfall replay --source stripe --type "customer.*" --from 2026-11-01 --to 2026-11-02 --dry-run',
        'landfall replay --source stripe --from 2026-11-01 --reason "the CRM was restored from a backup"',
      ),
    )
    .action(async (options: ReplayOptions) => {
      const env = await environment();
      const config = loadConfig(env, { mode: 'command', definitions: await findDefinitions(env) });
      const source = findSource(config, options.source);
      const selection: EventSelection = {
        source: source.name,
        types: options.type,
        from: options.from ?? null,
        // Fixed now, so that what is counted is what is replayed.
        to: options.to ?? new Date().toISOString(),
      };
      const { reason, dryRun = false, json = false } = options;
      if (reason === undefined && !dryRun) throw new InvalidArgumentError('Give --reason: why.');
      await withTemporal(env, async (client) => {
        const survey = await surveyEvents(client, selection);
        if (!json) show(survey, options.limit);
        if (dryRun || reason === undefined || survey.events === 0) {
          if (json) console.log(JSON.stringify({ survey, workflowId: null, report: null }));
          return;
        }
        if (options.yes !== true && !(await confirm(`Replay ${amount(survey, options.limit)}?`))) {
          process.exitCode = 1;
          return;
        }
        const input: ReplayEventsInput = {
          selection,
          atMost: options.limit ?? null,
          perSecond: options.perSecond,
          by: options.by ?? userInfo().username,
          reason,
          via: 'cli',
        };
        const handle = await startReplayEvents(client, input, {
          name: options.id ?? new Date().toISOString(),
          taskQueue: source.taskQueue ?? config.taskQueue,
        });
        const { workflowId } = handle;
        if (!json) console.log(workflowId);
        if (!options.wait) {
          if (json) console.log(JSON.stringify({ survey, workflowId, report: null }));
          return;
        }
        const ended = handle.result().catch((cause: unknown) => {
          throw new ReplayIncompleteError(
            `The replay did not come to its end: see the workflow ${handle.workflowId} in the Temporal UI.`,
            { cause },
          );
        });
        const report = await withProgress(ended, async () =>
          progressOf(await handle.query(replayProgressQuery), survey, options.limit),
        );
        const { found, replayed, failed, skipped } = report;
        if (json) console.log(JSON.stringify({ survey, workflowId, report }));
        else
          console.log(
            `${source.name}: ${found} found, ${replayed} replayed, ${failed} failed, ${describeSkips(skipped)}`,
          );
        if (failed > 0) process.exitCode = 1;
      });
    });
}

function progressOf(
  { replayed, failed, skipped }: ReplayView,
  { events, complete }: Survey,
  limit: number | undefined,
): Progress {
  const passed = skipReasons.reduce((sum, why) => sum + skipped[why], 0);
  return {
    done: replayed + failed + passed,
    // It may find a few that the count has not seen yet; of very many only some were counted.
    total: limit ?? (complete ? events : null),
    text: `${replayed} replayed, ${failed} failed, ${describeSkips(skipped)}`,
  };
}

function show(survey: Survey, limit: number | undefined): void {
  if (survey.byType.length > 0) {
    console.log(
      renderTable(
        ['TYPE', 'EVENTS'],
        survey.byType.map(([type, count]) => [type, String(count)]),
      ),
    );
  }
  console.log(`${amount(survey, limit)} found; what is in flight or a dead letter is left alone`);
}

function amount({ events, complete }: Survey, limit: number | undefined): string {
  const count = `${complete ? '' : 'more than '}${events} ${events === 1 ? 'event' : 'events'}`;
  return limit === undefined || (complete && events <= limit) ? count : `${limit} of ${count}`;
}

function addType(text: string, types: readonly string[]): readonly string[] {
  return [...types, readType(text)];
}
