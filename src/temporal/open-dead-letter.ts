import { type Client, WorkflowIdReusePolicy } from '@temporalio/client';
import type { deadLetter } from '../../workflows/index.ts';
import { failureSignal } from '../../workflows/messages.ts';
import type { DeadLetterInput, FailureReport } from '../model/dead-letter.ts';
import { describeEntity } from '../model/event.ts';
import { deadLetterWorkflowId } from '../model/ids.ts';
import { clip, summaryLength } from '../model/process-event.ts';
import { keyword, searchAttributes } from '../model/search-attributes.ts';
import { takeTurns } from '../model/take-turns.ts';

/**
 * Opens a dead letter, or tells the open one of another failure: signal-with-start, so that there is never a second.
 *
 * @param options.reopen - whether a closed case may be opened again: yes for an event that was processed again and failed
 * again, no for the same unreadable bytes
 * @param options.memo - kept from the start of the case
 * @throws what the Temporal client throws
 */
export async function openDeadLetter(
  client: Client,
  input: DeadLetterInput,
  failure: FailureReport,
  options: { taskQueue: string; reopen: boolean; memo?: Record<string, string> },
): Promise<{ workflowId: string }> {
  const workflowId = deadLetterWorkflowId(input.source, input.eventId);
  await client.workflow.signalWithStart<typeof deadLetter, [FailureReport]>('deadLetter', {
    workflowId,
    taskQueue: options.taskQueue,
    args: [input],
    signal: failureSignal,
    signalArgs: [failure],
    workflowIdReusePolicy: options.reopen
      ? WorkflowIdReusePolicy.ALLOW_DUPLICATE
      : WorkflowIdReusePolicy.REJECT_DUPLICATE,
    ...takeTurns(input.source),
    ...visibility(input, failure),
    ...(options.memo === undefined ? {} : { memo: options.memo }),
  });
  return { workflowId };
}

function visibility({ source, eventId, subject }: DeadLetterInput, failure: FailureReport) {
  const event = subject.kind === 'event' ? subject.event : null;
  const entity = describeEntity(event?.entity ?? null);
  const what =
    event === null ? 'an unreadable delivery' : `${event.type}${entity === '' ? '' : ` of ${entity}`}`;
  return {
    staticSummary: clip(`${source}: ${what} failed with ${failure.type}`, summaryLength),
    staticDetails: [
      `**${what}** from **${source}**, event \`${eventId}\``,
      `${failure.step} failed with \`${failure.type}\``,
      'The current details say what can be done.',
    ].join('\n\n'),
    typedSearchAttributes: [
      { key: searchAttributes.source, value: source },
      { key: searchAttributes.error, value: keyword(failure.type) },
      ...(event === null ? [] : [{ key: searchAttributes.eventType, value: keyword(event.type) }]),
      ...(entity === '' ? [] : [{ key: searchAttributes.entity, value: keyword(entity) }]),
    ],
  };
}
