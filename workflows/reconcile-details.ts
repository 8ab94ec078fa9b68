import { setCurrentDetails } from '@temporalio/workflow';
import type { ReconcileInput, ReconcileProgress } from '../src/model/reconciliation.ts';

const doing = {
  ask: 'asks the vendor to send again what it could not deliver',
  list: 'reads what the vendor lists as changed',
  'catch-up': 'reads what changed while it read everything',
  audit: 'compares each of our copies with the record itself',
  wait: 'waits for the webhooks of young changes',
  done: 'is done',
};

/** Shows in the Temporal UI how far a reconciliation has come. */
export function showProgress({ source, mode, dryRun }: ReconcileInput, progress: ReconcileProgress): void {
  const { counts, since, paused = null, phase = 'list', young = [] } = progress;
  const {
    pages,
    scanned,
    missing,
    stale,
    repaired,
    settled,
    failed,
    held = 0,
    audited,
    different = 0,
    gone = 0,
  } = counts;
  const range = mode === 'audit' ? 'audit of everything' : `changes since ${since ?? 'the beginning'}`;
  setCurrentDetails(
    [
      `**${source}**, ${range}${dryRun === true ? ', a dry run: nothing is repaired' : ''}`,
      paused === null
        ? `It ${doing[phase]}.`
        : `**Paused** by ${paused.by} at ${paused.at}: ${paused.reason}. The signal \`resume\` lets it go on.`,
      `${pages} pages, ${scanned} changes scanned${audited === undefined ? '' : `, ${audited} copies compared`}`,
      `${missing} missing, ${stale} stale${audited === undefined ? '' : `, ${different} different, ${gone} gone`}: ${repaired} repaired, ${settled} settled meanwhile, ${failed} failed${held === 0 ? '' : `, ${held} wait for the end of an outage`}${young.length === 0 ? '' : `, ${young.length} wait for their webhooks`}`,
    ].join('\n\n'),
  );
}
