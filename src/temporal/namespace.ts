import type { ConnectionLike } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';
import { searchAttributes } from '../model/search-attributes.ts';
import { TemporalRefusedError, TemporalUnavailableError } from '../errors.ts';
import { awaitSearchAttributes } from './await-search-attributes.ts';
import { toTemporalError } from './temporal-error.ts';

/**
 * How long closed runs are kept, in days. Temporal itself knows a duplicate only for this long (then the store does), and
 * a failed run can be looked at and reset only for this long. The dev server's own 24 hours are too short for both.
 */
export const retentionDays = 30;

const keywordType = 2;
const daySeconds = 86_400;

/** What the start check found and did. */
export interface NamespaceReport {
  namespace: string;
  retentionDays: number;
  /** What could not be set and has to be set by hand; empty where all is well. */
  warnings: string[];
  /** What was changed. */
  changes: string[];
}

/**
 * Makes a namespace ready for Landfall: registers the search attributes that are missing and raises the retention to 30 days.
 * A server that forbids either (Temporal Cloud, a locked-down cluster) gets a warning that says what to do.
 *
 * @param change - false only looks
 * @throws TemporalUnavailableError where Temporal does not answer
 * @throws TemporalRefusedError where a search attribute is missing and cannot be registered: every start would be refused
 */
export async function prepareNamespace(
  connection: ConnectionLike,
  namespace: string,
  { change }: { change: boolean },
): Promise<NamespaceReport> {
  const report: NamespaceReport = { namespace, retentionDays: 0, warnings: [], changes: [] };
  await prepareSearchAttributes(connection, namespace, change, report);
  await prepareRetention(connection, namespace, change, report);
  return report;
}

async function prepareSearchAttributes(
  connection: ConnectionLike,
  namespace: string,
  change: boolean,
  report: NamespaceReport,
): Promise<void> {
  const wanted = Object.values(searchAttributes).map((key) => key.name);
  let present: string[] | null = null;
  try {
    const listed = await connection.operatorService.listSearchAttributes({ namespace });
    present = Object.keys(listed.customAttributes);
  } catch (error) {
    const known = toTemporalError(error, 'list the search attributes');
    if (known.retryable) throw known;
    report.warnings.push(
      `The search attributes cannot be listed. Make sure that these exist, as Keyword: ${wanted.join(', ')}.`,
    );
    return;
  }
  const missing = wanted.filter((name) => !present.includes(name));
  if (missing.length === 0) return;
  const byHand = `temporal operator search-attribute create --namespace ${namespace} ${missing
    .map((name) => `--name ${name} --type Keyword`)
    .join(' ')}`;
  if (!change) {
    report.warnings.push(`Search attributes are missing: ${byHand}`);
    return;
  }
  try {
    await connection.operatorService.addSearchAttributes({
      namespace,
      searchAttributes: Object.fromEntries(missing.map((name) => [name, keywordType])),
    });
    await awaitSearchAttributes(connection, namespace, missing);
    report.changes.push(`registered the search attributes ${missing.join(', ')}`);
  } catch (error) {
    if (error instanceof TemporalUnavailableError) throw error;
    const known = toTemporalError(error, 'register the search attributes');
    if (known.retryable) throw known;
    throw new TemporalRefusedError(`${known.message}. Register them by hand, then start again: ${byHand}`, {
      cause: error,
    });
  }
}

async function prepareRetention(
  connection: ConnectionLike,
  namespace: string,
  change: boolean,
  report: NamespaceReport,
): Promise<void> {
  const wanted = retentionDays * daySeconds;
  const byHand = `temporal operator namespace update --namespace ${namespace} --retention ${retentionDays}d`;
  try {
    const described = await connection.workflowService.describeNamespace({ namespace });
    const seconds = Number(described.config?.workflowExecutionRetentionTtl?.seconds ?? 0);
    report.retentionDays = seconds / daySeconds;
    if (seconds >= wanted) return;
    if (!change) {
      report.warnings.push(`Closed runs are kept for ${describeDays(report.retentionDays)} only: ${byHand}`);
      return;
    }
    await connection.workflowService.updateNamespace({
      namespace,
      config: { workflowExecutionRetentionTtl: msToTs(wanted * 1_000) },
    });
    report.changes.push(`raised the retention from ${report.retentionDays} to ${retentionDays} days`);
    report.retentionDays = retentionDays;
  } catch (error) {
    const known = toTemporalError(error, 'read or set the retention of the namespace');
    if (known.retryable) throw known;
    report.warnings.push(`${known.message}. Closed runs should be kept for ${retentionDays} days: ${byHand}`);
  }
}

/** `1 day`, `30 days`. */
export function describeDays(days: number): string {
  return days === 1 ? '1 day' : `${days} days`;
}
