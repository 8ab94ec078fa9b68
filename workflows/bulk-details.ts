import {
  type BulkInput,
  type BulkProgress,
  describeCounts,
  describeFilter,
  totalOf,
} from '../src/model/bulk.ts';
import { deadLetterWorkflowId } from '../src/model/ids.ts';
import { inline } from './inline.ts';
import { signalCommand } from './signal-command.ts';

/** A bulk action as Markdown, for the "current details" of the Temporal UI: what it does, how far it is, what can be done. */
export function renderBulk(bulkId: string, input: BulkInput, progress: BulkProgress): string {
  const { kind, filter, by, reason, owner, perMinute, canary } = input;
  const { counts, paused, cancelled, failures, startedAt } = progress;
  return [
    `## ${heading(progress)}`,
    `**${kind}** ${inline(describeFilter(filter))}${owner === undefined ? '' : `, given to ${inline(owner)}`}`,
    `${totalOf(counts)} dead letters: ${describeCounts(counts)}`,
    `Begun by ${inline(by)} at ${startedAt}: ${inline(reason)}. A canary of ${canary}, then ${perMinute} a minute.`,
    paused === null ? '' : `**Paused** by ${inline(paused.by)} at ${paused.at}: ${inline(paused.reason)}`,
    cancelled === null
      ? ''
      : `**Cancelled** by ${inline(cancelled.by)} at ${cancelled.at}: ${inline(cancelled.reason)}`,
    failures.length === 0
      ? ''
      : `### Newest failures\n${failures
          .map(
            ({ source, eventId, result }) =>
              `- \`${deadLetterWorkflowId(source, eventId)}\` ${inline(result)}`,
          )
          .join('\n')}`,
    progress.phase === 'ended' ? '' : commands(bulkId),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

function heading({ phase, paused, cancelled }: BulkProgress): string {
  if (cancelled !== null) return phase === 'ended' ? 'Cancelled' : 'Cancelled: waits for what was asked';
  if (paused !== null) return 'Paused: waits for a decision';
  switch (phase) {
    case 'finding':
      return 'Finding its dead letters';
    case 'canary':
      return 'Trying the first few';
    case 'rest':
      return 'Going through the others';
    case 'ended':
      return 'Done';
  }
}

function commands(bulkId: string): string {
  const decision = { by: 'you@example.com', reason: 'why' };
  return [
    '### What you can do',
    'Send one of these signals, here with "Send a Signal" or from a terminal:',
    '```',
    ...['pause', 'resume', 'cancel'].map((name) => signalCommand(bulkId, name, decision)),
    '```',
  ].join('\n');
}
