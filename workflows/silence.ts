import {
  continueAsNew,
  executeChild,
  isCancellation,
  ParentClosePolicy,
  setCurrentDetails,
  sleep,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import { reconcileWorkflowId } from '../src/model/reconciliation.ts';
import { searchAttributes } from '../src/model/search-attributes.ts';
import {
  describeDuration,
  type SilenceInput,
  type SilenceReport,
  type SilenceState,
} from '../src/model/silence.ts';
import { takeTurns } from '../src/model/take-turns.ts';
import { own } from './activity-options.ts';
import type { reconcile } from './reconcile.ts';

/** A change may have been announced by a delivery that was under way when the last one arrived. */
const marginMilliseconds = 300_000;
/** While it lasts the window is reconciled again: if deliveries are lost, nothing else brings their changes. */
const reconcileEvery = 3_600_000;

/**
 * An incident: the deliveries of a source have stopped against its habit. Its id is `silence:<source>`; it runs until one
 * arrives again. Alerts, reconciles the window of the silence at its beginning, each hour, and at its end, and says by what it
 * finds whether deliveries are lost or the vendor is merely quiet.
 */
export async function silence(input: SilenceInput): Promise<SilenceReport> {
  const { source, since, everyMilliseconds } = input;
  const state: SilenceState = input.resume ?? { found: 0, reconciled: 0, reconciledAt: null };
  const show = () => {
    setCurrentDetails(describe(input, state));
  };
  show();
  const { lists } = await own('say that it is silent').announceSilence(input);
  const look = async (ended: boolean): Promise<SilenceReport> => {
    if (lists) await reconcileWindow(input, state);
    show();
    const report = { source, since, until: new Date().toISOString(), ...state, cause: causeOf(state) };
    await own('say what was found').reportSilence({ ...report, ended });
    return report;
  };
  for (;;) {
    const due = state.reconciledAt === null ? 0 : Date.parse(state.reconciledAt) + reconcileEvery;
    // eslint-disable-next-line temporal/workflow-no-wall-clock-assumptions -- both are the workflow's own time, kept while it continues as new
    if (Date.now() >= due) {
      await look(false);
      state.reconciledAt = new Date().toISOString();
    }
    await sleep(everyMilliseconds, { summary: 'until the next look' });
    const read = await own('do deliveries arrive again?').readRhythm({ source });
    // It is not watched any more, or a delivery has arrived since.
    if (read === null || (read.rhythm.lastAt ?? 0) > Date.parse(since)) break;
    if (workflowInfo().continueAsNewSuggested) {
      await continueAsNew<typeof silence>({ ...input, resume: state });
    }
  }
  const report = await look(true);
  upsertSearchAttributes([{ key: searchAttributes.outcome, value: report.cause }]);
  return report;
}

/** Everything that changed since the last delivery, through the same door as by the schedule. */
async function reconcileWindow({ source, since }: SilenceInput, state: SilenceState): Promise<void> {
  const from = new Date(Date.parse(since) - marginMilliseconds).toISOString();
  try {
    const report = await executeChild<typeof reconcile>('reconcile', {
      workflowId: reconcileWorkflowId(source, 'silence'),
      args: [{ source, since: from }],
      parentClosePolicy: ParentClosePolicy.ABANDON,
      ...takeTurns(source),
      staticSummary: `${source}: reconcile what changed since its last delivery`,
      typedSearchAttributes: [{ key: searchAttributes.source, value: source }],
    });
    state.found += report.repaired + report.failed + (report.held ?? 0);
    state.reconciled += 1;
  } catch (error) {
    // The list broke off; its own run says why, and the next look tries again.
    if (isCancellation(error)) throw error;
  }
}

function causeOf({ found, reconciled }: SilenceState): SilenceReport['cause'] {
  if (found > 0) return 'deliveries-lost';
  return reconciled > 0 ? 'quiet' : 'unknown';
}

function describe({ source, since, usually, limit }: SilenceInput, state: SilenceState): string {
  const cause = {
    'deliveries-lost': `**Deliveries are lost**: ${state.found} changes were found that nobody announced. Look at the webhook's settings and its log at the vendor: the address, whether it was switched off after failures, what it answers.`,
    quiet: 'Nothing changed at the vendor meanwhile: it is merely quiet, and nothing has to be done.',
    unknown: 'Whether deliveries are lost is not known yet: nothing has been reconciled. Look at the vendor.',
  }[causeOf(state)];
  return [
    `## ${source} is silent since ${since}`,
    `Usually one delivery arrives every ${describeDuration(usually)}; more than ${describeDuration(limit)} without one is unheard of at this time of the week.`,
    cause,
    state.reconciledAt === null
      ? ''
      : `Last reconciled at ${state.reconciledAt}; again each hour, and when deliveries arrive.`,
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}
