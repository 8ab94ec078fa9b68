import { Command } from 'commander';
import type { AuditEntry, AuditFilter } from '../../model/audit.ts';
import { examples } from '../examples.ts';
import { readNumber } from '../read-number.ts';
import { readTime } from '../read-time.ts';
import { renderTable } from '../table.ts';
import { withStore } from '../with-store.ts';
import type { Environment } from '../with-temporal.ts';

type AuditOptions = Omit<AuditFilter, 'after'> & { limit: number; json?: boolean };

const pageSize = 1_000;

/** `landfall audit`: who decided what, and why, and what came of it. */
export function auditCommand(environment: () => Promise<Environment>): Command {
  return new Command('audit')
    .description('list who decided what, why, and what came of it; needs DATABASE_URL')
    .option('--source <name>', 'about one source')
    .option('--by <name>', 'of one person')
    .option('--action <action>', 'of one kind, such as dead-letter.discard; "bulk.*" for all that begin so')
    .option('--target <id>', 'about one dead letter, hold or bulk action, by its workflow id')
    .option('--since <time>', 'at or after this time (ISO 8601)', readTime)
    .option('--limit <count>', 'at most so many', readNumber({ min: 1, max: 1_000_000, whole: true }), 50)
    .option('--json', 'one JSON object a line')
    .addHelpText(
      'after',
      examples(
        'landfall audit --source stripe --since 2026-11-01',
        'landfall audit --target dead-letter:stripe:evt_123 --json',
      ),
    )
    .action(async ({ limit, json = false, ...filter }: AuditOptions) => {
      await withStore(await environment(), 'The audit log', async (store) => {
        const entries: AuditEntry[] = [];
        while (entries.length < limit) {
          const last = entries.at(-1);
          const size = Math.min(pageSize, limit - entries.length);
          const page = await store.listAudit(
            { ...filter, ...(last === undefined ? {} : { after: last }) },
            size,
          );
          entries.push(...page);
          if (page.length < size) break;
        }
        if (json) for (const entry of entries) console.log(JSON.stringify(entry));
        else console.log(entries.length === 0 ? 'Nothing was decided.' : tableOf(entries));
      });
    });
}

function tableOf(entries: readonly AuditEntry[]): string {
  return renderTable(
    ['AT', 'BY', 'VIA', 'ACTION', 'TARGET', 'REASON', 'RESULT'],
    entries.map(({ at, by, via, action, target, reason, result }) => [
      ...[at, by, via, action, target, reason],
      result === null ? 'under way' : `${result.outcome}: ${result.text}`,
    ]),
  );
}
