import { Command } from 'commander';
import type { ReconciliationReport } from '../../model/reconciliation.ts';
import { examples } from '../examples.ts';
import { readNumber } from '../read-number.ts';
import { renderTable } from '../table.ts';
import { withStore } from '../with-store.ts';
import type { Environment } from '../with-temporal.ts';

/** `landfall reports`: what the reconciliations of the past have found. */
export function reportsCommand(environment: () => Promise<Environment>): Command {
  return new Command('reports')
    .description('list what reconciliations have found and repaired, the newest first; needs DATABASE_URL')
    .option('--source <name>', 'of one source')
    .option('--limit <count>', 'at most so many', readNumber({ min: 1, max: 10_000, whole: true }), 20)
    .option('--json', 'one JSON object a line')
    .addHelpText(
      'after',
      examples('landfall reports --source stripe', 'landfall reports --limit 1000 --json'),
    )
    .action(async (options: { source?: string; limit: number; json?: boolean }) => {
      const { source = null, limit, json = false } = options;
      await withStore(await environment(), 'The reports of reconciliations', async (store) => {
        const reports = await store.listReports(source, limit);
        if (json) for (const report of reports) console.log(JSON.stringify(report));
        else console.log(reports.length === 0 ? 'Nothing was reconciled.' : tableOf(reports));
      });
    });
}

function tableOf(reports: readonly ReconciliationReport[]): string {
  return renderTable(
    ['FINISHED', 'SOURCE', 'KIND', 'SCANNED', 'MISSING', 'STALE', 'REPAIRED', 'SETTLED', 'FAILED', 'REMARK'],
    reports.map((report) => {
      const { finishedAt, source, mode = 'changes', since } = report;
      const kind = mode === 'changes' && since === null ? 'backfill' : mode;
      const { scanned, missing, stale, repaired, settled, failed } = report;
      const counts = [scanned, missing, stale, repaired, settled, failed].map(String);
      return [finishedAt, source, kind, ...counts, remarkOn(report)];
    }),
  );
}

function remarkOn({ complete, alert = null, different = 0, gone = 0 }: ReconciliationReport): string {
  return [
    ...(complete ? [] : ['broke off']),
    ...(different === 0 ? [] : [`${different} different`]),
    ...(gone === 0 ? [] : [`${gone} gone`]),
    ...(alert === null ? [] : [`alert: ${alert}`]),
  ].join('; ');
}
