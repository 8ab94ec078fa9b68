import {
  continueAsNew,
  ParentClosePolicy,
  setCurrentDetails,
  sleep,
  startChild,
  workflowInfo,
} from '@temporalio/workflow';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { searchAttributes } from '../src/model/search-attributes.ts';
import { describeDuration, type Rhythm, type SilenceInput, silenceWorkflowId } from '../src/model/silence.ts';
import { takeTurns } from '../src/model/take-turns.ts';
import { own } from './activity-options.ts';
import type { silence } from './silence.ts';

/**
 * Watches one source, for as long as it is on: learns the habit of its deliveries and begins an incident (the workflow
 * `silence`) when they stop against it. Its id is `watch:<source>`; its details say how the source is doing.
 */
export async function watch({ source }: { source: string }): Promise<void> {
  for (;;) {
    const read = await own(`do deliveries of ${source} arrive?`).readRhythm({ source });
    if (read === null) return;
    const { rhythm, everyMilliseconds } = read;
    setCurrentDetails(describe(source, rhythm));
    if (rhythm.kind === 'silent') {
      await beginIncident({
        source,
        since: new Date(rhythm.lastAt).toISOString(),
        usually: rhythm.usually,
        limit: rhythm.limit,
        everyMilliseconds,
      });
    }
    await sleep(everyMilliseconds, { summary: 'until the next look' });
    if (workflowInfo().continueAsNewSuggested) await continueAsNew<typeof watch>({ source });
  }
}

/** One at a time: a silence that lasts is the same incident. */
async function beginIncident(input: SilenceInput): Promise<void> {
  const { source, since } = input;
  try {
    await startChild<typeof silence>('silence', {
      workflowId: silenceWorkflowId(source),
      args: [input],
      parentClosePolicy: ParentClosePolicy.ABANDON,
      ...takeTurns(source),
      staticSummary: `${source} is silent: no delivery since ${since}`,
      typedSearchAttributes: [{ key: searchAttributes.source, value: source }],
    });
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
}

function describe(source: string, rhythm: Rhythm): string {
  const last =
    rhythm.lastAt === null
      ? 'No delivery has arrived in the last four weeks.'
      : `The last delivery arrived at ${new Date(rhythm.lastAt).toISOString()}.`;
  if (rhythm.kind === 'learning') {
    return `**${source}** is still learned: a habit is read from two days and sixty deliveries.\n\n${last}`;
  }
  const habit = `Usually one every ${describeDuration(rhythm.usually)}; at this time of the week a silence of more than ${describeDuration(rhythm.limit)} is an incident.`;
  return `**${source}** is ${rhythm.kind === 'silent' ? '**silent**' : 'as usual'}.\n\n${last}\n\n${habit}`;
}
