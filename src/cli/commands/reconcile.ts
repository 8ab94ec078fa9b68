import { Command } from 'commander';
import { loadConfig } from '../../config/load.ts';
import { ConfigurationError, ReconciliationIncompleteError, UnknownSourceError } from '../../errors.ts';
import { describeEntity } from '../../model/event.ts';
import type { Decision } from '../../model/dead-letter.ts';
import type { Difference, ReconcileProgress, ReconcileResult } from '../../model/reconciliation.ts';
import { describeVersion } from '../../model/version.ts';
import type { Source } from '../../sources/define-source.ts';
import { signalReconciliations, startReconciliation } from '../../temporal/reconciliations.ts';
import { progressQuery } from '../../../workflows/messages.ts';
import { findDefinitions } from '../source-definitions.ts';
import { examples } from '../examples.ts';
import { type Progress, withProgress } from '../progress.ts';
import { readTime } from '../read-time.ts';
import { renderTable } from '../table.ts';
import { type Environment, withTemporal } from '../with-temporal.ts';

interface Options {
  since?: string;
  audit?: boolean;
  dryRun?: boolean;
  wait: boolean;
  pause?: boolean;
  resume?: boolean;
  by?: string;
  reason?: string;
  json?: boolean;
}

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
    .option(
      '--audit',
      'compare each copy with the record itself as well: finds what changed or went without a word',
    )
    .option('--dry-run', 'only say what differs: repair nothing, keep no report')
    .option('--no-wait', 'start it and do not wait for its report')
    .option('--pause', 'hold up the ones that are under way, with --by and --reason')
    .option('--resume', 'let paused ones go on')
    .option('--by <name>', 'who pauses')
    .option('--reason <text>', 'why')
    .option('--json', 'the report as JSON')
    .addHelpText(
      'after',
      examples('landfall reconcile stripe', 'landfall reconcile stripe --since 2026-11-01'),
    )
    .action(async (name: string, options: Options) => {
      const env = await environment();
      const definitions = await findDefinitions(env);
      const { sources, taskQueue } = loadConfig(env, { mode: 'command', definitions });
      const source = findSource(sources, name, options);
      await withTemporal(env, async (client) => {
        if (options.pause === true || options.resume === true) {
          const signal = options.pause === true ? 'pause' : 'resume';
          const ids = await signalReconciliations(client, name, { signal, decision: readDecision(options) });
          console.log(ids.length === 0 ? `No reconciliation of ${name} is under way.` : ids.join('\n'));
          return;
        }
        const input = {
          source: name,
          since: options.since ?? null,
          ...(options.audit === true ? { mode: 'audit' as const } : {}),
          ...(options.dryRun === true ? { dryRun: true } : {}),
        };
        const handle = await startReconciliation(client, input, source.taskQueue ?? taskQueue);
        if (!options.wait) {
          console.log(handle.workflowId);
          return;
        }
        const ended = handle.result().catch((cause: unknown) => {
          throw new ReconciliationIncompleteError(
            `The reconciliation did not complete: see the workflow ${handle.workflowId} in the Temporal UI.`,
            { cause },
          );
        });
        const report = await withProgress(ended, async () =>
          progressOf(await handle.query(progressQuery), options),
        );
        if (options.json === true) console.log(JSON.stringify(report));
        else print(report);
        if (report.failed > 0) process.exitCode = 1;
      });
    });
}

function progressOf(progress: ReconcileProgress | null, { dryRun = false }: Options): Progress | null {
  if (progress === null) return null;
  const { phase = 'list', paused = null, counts } = progress;
  const { scanned, missing, stale, repaired, failed, audited } = counts;
  const words = [
    paused === null ? phase : `paused by ${paused.by}`,
    `${scanned} scanned`,
    ...(audited === undefined ? [] : [`${audited} compared`]),
    `${missing} missing`,
    `${stale} stale`,
    ...(dryRun ? [] : [`${repaired} repaired`, `${failed} failed`]),
  ];
  // A vendor says on no page how many will follow.
  return { done: 0, total: null, text: words.join(', ') };
}

/** @throws UnknownSourceError where it cannot be reconciled so */
function findSource(sources: readonly Source[], name: string, { audit = false }: Options): Source {
  const isAble = (source: Source) =>
    source.listChanged !== undefined || (audit && source.fetchRecord !== undefined);
  const source = sources.find((each) => each.name === name);
  if (source !== undefined && isAble(source)) return source;
  const able = sources.filter(isAble).map((each) => each.name);
  throw new UnknownSourceError(
    `There is no source "${name}" that can ${audit ? 'fetch its records' : 'list its changes'}. These can: ${able.join(', ') || 'none'}.`,
  );
}

function readDecision({ pause, resume, by, reason }: Options): Decision {
  if (pause === true && resume === true) throw new ConfigurationError('Give --pause or --resume, not both.');
  if (pause === true && (by === undefined || reason === undefined)) {
    throw new ConfigurationError('--pause needs --by and --reason: whoever finds it paused wants to know.');
  }
  return { by: by ?? '', reason: reason ?? '', via: 'cli' };
}

function print(report: ReconcileResult): void {
  const { source, since, mode, scanned, missing, stale, repaired, settled, failed, alert = null } = report;
  const { audited = 0, different = 0, gone = 0, held = 0, differences } = report;
  const found = [
    `${scanned} scanned`,
    ...(mode === 'audit' ? [`${audited} compared`] : []),
    `${missing} missing`,
    `${stale} stale`,
    ...(mode === 'audit' ? [`${different} different`, `${gone} gone`] : []),
  ].join(', ');
  const range = mode === 'audit' ? 'audited' : `since ${since ?? 'the beginning'}`;
  const done =
    differences === undefined
      ? `; ${repaired} repaired, ${settled} settled meanwhile, ${failed} failed${held === 0 ? '' : `, ${held} held`}`
      : '; a dry run, nothing was repaired';
  console.log(`${source} ${range}: ${found}${done}`);
  if (differences !== undefined && differences.length > 0) console.log(table(differences));
  if (alert !== null) console.error(`alert: ${alert}`);
}

function table(differences: readonly Difference[]): string {
  return renderTable(
    ['DIFFERENCE', 'ENTITY', 'AT THE VENDOR'],
    differences.map(({ kind, entity, version, deleted }) => [
      kind,
      describeEntity(entity),
      deleted || kind === 'gone' ? 'deleted' : describeVersion(version),
    ]),
  );
}
