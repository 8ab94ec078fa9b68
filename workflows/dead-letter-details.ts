import { adviceFor } from '../src/model/advice.ts';
import {
  type DeadLetterInput,
  type DeadLetterState,
  type FailureReport,
  storedOf,
} from '../src/model/dead-letter.ts';
import { describeEntity } from '../src/model/event.ts';
import { deadLetterWorkflowId } from '../src/model/ids.ts';
import { inline } from './inline.ts';
import { signalCommand } from './signal-command.ts';

/** The case as Markdown, for the "current details" of the Temporal UI: what failed, and what an engineer can do. */
export function renderDetails(input: DeadLetterInput, state: DeadLetterState, namespace: string): string {
  const last = state.errors.at(-1);
  const errors = state.errors.length === 1 ? '1 error' : `${state.errors.length} errors`;
  return [
    `## ${heading(state)}`,
    `${errors}, ${state.replays} replays, open since ${state.openedAt}${state.escalated ? ', **escalated**' : ''}`,
    `**${subject(input)}**`,
    kept(input),
    state.seen > 1 ? `The same bytes came in ${state.seen} times.` : '',
    last === undefined ? '' : `### What failed\n${failure(last, namespace)}`,
    `### What you can do\n${adviceFor(last?.type)}`,
    commands(input),
    state.errors.length < 2
      ? ''
      : `### Earlier errors\n${state.errors
          .slice(0, -1)
          .reverse()
          .map((each) => `- ${each.at} ${summary(each)}`)
          .join('\n')}`,
    `### Record of the case\n${state.audit
      .slice(-20)
      .reverse()
      .map((entry) => `- ${entry.at} **${entry.what}** ${inline(entry.text)}`)
      .join('\n')}`,
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

function heading(state: DeadLetterState): string {
  switch (state.status) {
    case 'open':
      return 'Open: waits for a decision';
    case 'replaying':
      return 'Replaying';
    case 'investigating':
      return `Investigated by ${inline(state.owner ?? 'somebody')}`;
    case 'resolved':
      return 'Resolved';
    case 'discarded':
      return 'Discarded';
  }
}

function subject({ source, eventId, subject: about }: DeadLetterInput): string {
  if (about.kind === 'unreadable') return `${source}: a delivery that could not be read (\`${eventId}\`)`;
  const entity = describeEntity(about.event.entity);
  return `${source}: ${inline(about.event.type)}${entity === '' ? '' : ` of ${inline(entity)}`}, event \`${eventId}\``;
}

/** Where its body is, if it is not in the input of this workflow. */
function kept({ source, eventId, subject: about }: DeadLetterInput): string {
  const [body] = storedOf(about);
  if (body === undefined) return '';
  return `Its body (${body.bytes} bytes) is kept in the store: \`landfall dead-letters show ${source}:${eventId}\` shows it.`;
}

function failure(report: FailureReport, namespace: string): string {
  const attempts =
    report.attempts === null ? '' : ` after ${report.attempts} attempt${report.attempts === 1 ? '' : 's'}`;
  const run =
    report.workflowId === null || report.runId === null
      ? ''
      : `Failed run: [${inline(report.workflowId)}](/namespaces/${namespace}/workflows/${encodeURIComponent(report.workflowId)}/${report.runId}/history)`;
  return [
    `**${inline(report.step)}**${attempts}: \`${report.type}\``,
    `> ${inline(report.message)}`,
    ...report.causes.map((cause) => `- caused by ${inline(cause)}`),
    ...(report.beside ?? []).map((other) => `Failed as well: ${inline(other)}`),
    report.retryable
      ? 'It could have passed by itself, but did not.'
      : 'Trying again unchanged would not have helped.',
    run,
  ]
    .filter((line) => line !== '')
    .join('\n\n');
}

function summary(report: FailureReport): string {
  return `${inline(report.step)} \`${report.type}\` ${inline(report.message)}`;
}

function commands({ source, eventId }: DeadLetterInput): string {
  const id = deadLetterWorkflowId(source, eventId);
  const signal = (name: string, argument: object) => signalCommand(id, name, argument);
  return [
    'Send one of these signals, here with "Send a Signal" or from a terminal:',
    '```',
    signal('replay', { by: 'you@example.com', reason: 'what was mended' }),
    signal('investigate', { by: 'you@example.com', owner: 'who looks into it', note: 'what is known' }),
    signal('discard', { by: 'you@example.com', reason: 'why it is not needed' }),
    '```',
    'A replay reads the vendor again and applies what it has today, so it is safe at any time and in any order.',
  ].join('\n');
}
