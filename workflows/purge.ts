import { setCurrentDetails } from '@temporalio/workflow';
import { purgedTables, type PurgeReport } from '../src/model/retention.ts';
import { purging } from './activity-options.ts';

/**
 * Takes away what has been kept for as long as it is to be, table by table, and encrypts the keys of records under the newest key of
 * the deployment. Begun by the schedule `purge`, daily.
 */
export async function purge(): Promise<PurgeReport> {
  const report: PurgeReport = { purged: {}, rewrapped: 0 };
  for (const table of purgedTables) {
    const purged = await purging(`purge ${table}`).purgeTable({ table });
    if (purged > 0) report.purged[table] = purged;
  }
  report.rewrapped = await purging('encrypt keys of records anew').rewrapEntityKeys();
  const tables = Object.entries(report.purged).map(([table, rows]) => `${rows} of ${table}`);
  setCurrentDetails(tables.length === 0 ? 'Nothing was too old.' : `Purged ${tables.join(', ')}.`);
  return report;
}
