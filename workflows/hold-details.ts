import {
  defaultHold,
  type HoldInput,
  type HoldSettings,
  type HoldState,
  holdWorkflowId,
} from '../src/model/hold.ts';
import { describeDuration } from '../src/model/silence.ts';
import { inline } from './inline.ts';
import { signalCommand } from './signal-command.ts';

/** A hold as Markdown, for the "current details" of the Temporal UI: what is held, since when, and what an engineer can do. */
export function renderHold(input: HoldInput, state: HoldState): string {
  const { source, step, error, entities, settings } = input;
  const window = describeDuration(settings.withinMilliseconds);
  return [
    `## ${heading(state)}`,
    `**${source}** at **${inline(step)}**: ${entities} different records failed within ${window} with \`${error}\`.`,
    `> ${inline(state.message)}`,
    `${state.waiting ?? 'Some'} events wait, ${state.probes} probes were made${state.lastProbeAt === null ? '' : `, the last at ${state.lastProbeAt}`}. ${next(state)}`,
    others(state, settings),
    `${state.released} events let go, ${state.replayed} dead letters replayed.`,
    state.ending === null ? '' : `Ended by ${inline(state.ending.by)}: ${inline(state.ending.reason)}`,
    commands(input),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

function heading({ status, since }: HoldState): string {
  switch (status) {
    case 'holding':
      return `Held since ${since}`;
    case 'releasing':
      return 'Over: the events are let go';
    case 'giving-up':
      return 'Given up: the events become dead letters';
  }
}

function next({ status, pauseMilliseconds }: HoldState): string {
  return status === 'holding' ? `The next one comes after ${describeDuration(pauseMilliseconds)}.` : '';
}

/** @param settings - those of runs of before say nothing of it */
function others(
  { status, othersPassSince = null }: HoldState,
  { othersPassMilliseconds = defaultHold.othersPassMilliseconds }: Partial<HoldSettings>,
): string {
  if (status !== 'holding' || othersPassSince === null) return '';
  const longest = describeDuration(othersPassMilliseconds);
  return `**Others get through** since ${othersPassSince}: these may fail for themselves. Look at what they have in common; where waiting does not help, give them up. After ${longest} of it they become dead letters.`;
}

function commands(input: HoldInput): string {
  const id = holdWorkflowId(input);
  const signal = (name: string, reason: string) => signalCommand(id, name, { by: 'you@example.com', reason });
  return [
    '### What you can do',
    'Nothing, where the other side is away: a probe ends the hold by itself. Where it refuses us, mend the credentials and restart the workers. Or send one of these signals:',
    '```',
    signal('release', 'why they should try again now'),
    signal('give-up', 'why they should become dead letters'),
    '```',
  ].join('\n');
}
