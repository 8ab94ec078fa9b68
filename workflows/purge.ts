import { setCurrentDetails, sleep, workflowInfo } from '@temporalio/workflow';
import { purgedTables, type PurgeInput, type PurgeReport } from '../src/model/retention.ts';
import { purging } from './activity-options.ts';
import { noteDecision } from './note-decision.ts';

const hour = 3_600_000;

/**
 * Takes away what has been kept for as long as it is to be, table by table, and encrypts the keys of records under the newest key of
 * the deployment. Begun by the schedule `purge`, daily.
 */
export async function purge({ bodiesAfterMilliseconds = hour }: PurgeInput = {}): Promise<PurgeReport> {
  const report: PurgeReport = { purged: {}, rewrapped: 0 };
  report.rewrapped = await purging('encrypt keys of records anew').rewrapEntityKeys();
  for (const table of purgedTables) {
    if (table === 'bodies') {
      setCurrentDetails(`${describe(report)} Waiting until dead letters have said which bodies they use.`);
      await sleep(bodiesAfterMilliseconds, { summary: 'until dead letters have said what they use' });
    }
    const purged = await purging(`purge ${table}`).purgeTable({ table });
    if (purged > 0) report.purged[table] = purged;
  }
  setCurrentDetails(describe(report));
  if (Object.keys(report.purged).length > 0) await note(report);
  return report;
}

function describe({ purged }: PurgeReport): string {
  const tables = Object.entries(purged).map(([table, rows]) => `${rows} of ${table}`);
  return tables.length === 0 ? 'Nothing was too old.' : `Purged ${tables.join(', ')}.`;
}

/** Nothing that is taken away is without a line that says so, and why. */
async function note(report: PurgeReport): Promise<void> {
  const { workflowId: target } = workflowInfo();
  const reason = 'it was kept for as long as the settings say';
  const noted = await noteDecision({
    ...{ by: 'landfall', reason, via: 'landfall', action: 'purge', source: null, target },
  });
  await noted.end({ outcome: 'done', text: describe(report) });
}
