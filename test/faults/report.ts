import { renderTable } from '../../src/cli/table.ts';
import { markdownTable, writePage } from '../support/write-page.ts';
import type { FaultResult } from './run-fault.ts';

const head = [
  'fault',
  'part',
  'sent',
  'accepted',
  'refused',
  'lost',
  'applied twice',
  'wrong records',
  'dead letters',
  'seconds to recover',
];

/** The results as a table for the terminal. */
export function renderResults(results: readonly FaultResult[]): string {
  return renderTable(head, rowsOf(results));
}

/** Writes docs/faults.md. */
export async function writeReport(
  results: readonly FaultResult[],
  {
    skipped,
    eventsPerSecond,
  }: { skipped: readonly { name: string; reason: string }[]; eventsPerSecond: number },
): Promise<void> {
  const earned = results.flatMap(({ fault }) =>
    fault.deadLetters === undefined ? [] : [`- **${fault.name}**: ${fault.deadLetters}.`],
  );
  await writePage(
    new URL('../../docs/faults.md', import.meta.url),
    `${introduction(eventsPerSecond)}
${markdownTable(head, rowsOf(results))}

## Dead letters that were earned

${earned.join('\n')}

No other fault may make one. All of them are replayed before the run is judged.
${skipped.length === 0 ? '' : `\n## Not tried on this machine\n\n${skipped.map(({ name, reason }) => `- **${name}**: ${reason}`).join('\n')}\n`}`,
  );
}

function rowsOf(results: readonly FaultResult[]): string[][] {
  return results.map(({ fault, judgement, secondsToRecover }) => [
    fault.name,
    fault.part,
    String(judgement.sent),
    String(judgement.accepted),
    String(judgement.refused),
    String(judgement.lost.length),
    String(judgement.appliedTwice.length),
    String(judgement.wrongRecords.length),
    String(judgement.deadLetters),
    secondsToRecover.toFixed(1),
  ]);
}

function introduction(eventsPerSecond: number): string {
  return `# Faults

\`npm run test:faults\` runs every fault of the table below and writes this page anew (about a quarter of an hour); \`npm test\` runs a few of
them. Each fault meets the system that came well out of the one before: two receivers, two workers, the full Temporal server on PostgreSQL, a PostgreSQL for
the store, and a demo vendor that makes ${eventsPerSecond} events a second, delivers a tenth of them several times and a tenth in disorder, and
never sends a twentieth. All are processes of their own, and every way between them leads through
[toxiproxy](https://github.com/Shopify/toxiproxy), which makes the faults of the network.

A fault begins under load, lasts for some seconds, and ends; the load goes on for a while. Then the run is judged, from outside:
by the vendor's own book of what it was told, by the vendor's records, and by the effects in the CRM that the records are handed on to.

- **sent**: events that the vendor tried to deliver, again and again until they were accepted; **accepted**: those that were answered with 2xx
- **refused**: deliveries that were answered otherwise or not at all. A refusal loses nothing: the vendor sends it again
- **lost**: accepted events without an outcome
- **applied twice**: events of which the CRM had more than one effect
- **wrong records**: records that differ from the vendor's after reconciliation, in our copy or in the CRM
- **dead letters**: events that used up their attempts; see below for who may
- **seconds to recover**: from the end of the fault until every event made by then was delivered and had its outcome
`;
}
