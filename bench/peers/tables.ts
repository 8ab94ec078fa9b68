import { readFile } from 'node:fs/promises';
import { markdownTable, writePage } from '../../test/support/write-page.ts';
import { contestants } from './contestants.ts';
import { type ContestantResult, readResult, type Round } from './results.ts';

const page = new URL('../../docs/why-a-workflow-per-event.md', import.meta.url);

/** Writes what stands in a folder of results between the marks of docs/why-a-workflow-per-event.md. @throws Error where a mark is missing */
export async function writeTables(folder: string): Promise<void> {
  const results: ContestantResult[] = [];
  for (const { name, title } of contestants) {
    results.push((await readResult(folder, name)) ?? { title, events: 0, rounds: [], kills: [] });
  }
  const parts = { speed: speedTable(results), kills: killTable(results), missing: missing(results) };
  let text = await readFile(page, 'utf8');
  for (const [name, content] of Object.entries(parts)) {
    const marked = new RegExp(`(<!-- ${name} -->).*(<!-- /${name} -->)`, 's');
    if (!marked.test(text)) throw new Error(`${page.pathname} has no place for ${name}.`);
    text = text.replace(marked, (_, begin: string, end: string) => `${begin}\n\n${content}\n\n${end}`);
  }
  await writePage(page, text);
}

function speedTable(results: readonly ContestantResult[]): string {
  return table(
    ['completed/s', 'acknowledged/s', 'p50, ms', 'p99, ms', 'CPU, ms an event', 'rounds'],
    results
      .filter(({ rounds }) => rounds.length > 0)
      .map(({ title, events, rounds }) => [
        title,
        range(rounds, (round) => round.completedPerSecond),
        range(rounds, (round) => round.acknowledgedPerSecond),
        range(rounds, (round) => round.p50Milliseconds),
        range(rounds, (round) => round.p99Milliseconds),
        range(rounds, (round) => round.processorMillisecondsPerEvent, 1),
        `${rounds.length} of ${events}`,
      ]),
  );
}

function killTable(results: readonly ContestantResult[]): string {
  return table(
    [
      'killed',
      'acknowledged',
      'without an effect',
      'after the operator’s step',
      'written twice',
      'fetched again',
      'last effect after the restart, s',
    ],
    results.flatMap(({ title, kills }) =>
      kills.map((kill) => [
        title,
        kill.killed,
        String(kill.acknowledged),
        String(kill.withoutEffect),
        kill.withoutEffect === 0 ? '–' : String(kill.withoutEffectAfterRecovery),
        String(kill.writtenTwice),
        String(kill.fetchedAgain),
        kill.secondsUntilLastEffect.toFixed(0),
      ]),
    ),
  );
}

/** What the tables do not have, and why. */
function missing(results: readonly ContestantResult[]): string {
  const lines = results.flatMap(({ title, rounds, kills, failed }) => {
    const open = [
      ...(rounds.length === 0 ? ['speed'] : []),
      ...(['processes', 'server'] as const)
        .filter((killed) => !kills.some((kill) => kill.killed === killed))
        .map((killed) => `${killed} killed`),
    ];
    const why = failed === undefined ? '' : ` (${failed.split('\n')[0] ?? ''})`;
    return open.length === 0 && failed === undefined ? [] : [`- ${title}: ${open.join(', ')}${why}`];
  });
  return lines.length === 0 ? '' : `Not measured:\n\n${lines.join('\n')}`;
}

/** The smallest and the largest. */
function range(rounds: readonly Round[], read: (round: Round) => number, digits = 0): string {
  const values = rounds.map(read);
  const [least, most] = [Math.min(...values).toFixed(digits), Math.max(...values).toFixed(digits)];
  return least === most ? least : `${least} to ${most}`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return markdownTable(['', ...head], rows, ['---', ...head.map(() => '--:')]);
}
