import { markdownTable } from '../../test/support/write-page.ts';
import type { Figure, Goal, Ratio } from './ratio.ts';
import type { Results } from './results.ts';

/** How the report names the servers. */
export const serverNames = { full: 'the full server with PostgreSQL', dev: 'the dev server' } as const;

/**
 * The page docs/benchmarks.md.
 *
 * @param senses - what each suite measures, by its name, in the order of the page
 */
export function renderReport(results: Results, senses: ReadonlyMap<string, string>): string {
  const { machine } = results;
  const servers = (['full', 'dev'] as const).filter((server) =>
    [...results.ratios, ...results.figures].some((each) => each.server === server),
  );
  return `${[
    '# Benchmarks',
    'Written by `npm run bench`; [how to read a ratio](../bench/README.md); [where the time goes](where-the-time-goes.md) where a goal is missed. Every ratio in machine-readable form: [bench/results.json](../bench/results.json).',
    `Measured on ${machine.processors} processors, ${machine.memoryGibibytes} GiB, Node ${machine.node}, Temporal ${machine.temporal}. Load generator, vendor and servers share them, so that absolute figures are small; PostgreSQL waits for the disk. The ratios are medians, with the smallest and the largest of the repetitions.`,
    ...servers.map(
      (server) => `![Each ratio on ${serverNames[server]}, with its goal](images/benchmarks-${server}.svg)`,
    ),
    ...[...senses].flatMap(([suite, sense]) => renderSuite(results, suite, sense)),
  ].join('\n\n')}\n`;
}

function renderSuite({ ratios, figures }: Results, suite: string, sense: string): string[] {
  const own = ratios.filter((each) => each.suite === suite);
  const alone = figures.filter((each) => each.suite === suite);
  if (own.length + alone.length === 0) return [];
  return [
    `## ${suite}`,
    `${sense} ${processorsOf([...own, ...alone])}`,
    ...(own.length === 0 ? [] : [markdownTable(ratioHead, own.map(ratioRow))]),
    ...(alone.length === 0 ? [] : [markdownTable(figureHead, alone.map(figureRow))]),
  ];
}

/** Both sides of a ratio are measured on one machine; two servers may have been on two. */
function processorsOf(all: readonly (Ratio | Figure)[]): string {
  const named = [...new Set(all.map(({ processor }) => processor))].map((processor) => {
    const servers = new Set(all.filter((each) => each.processor === processor).map(({ server }) => server));
    return `${processor} (${[...servers].join(', ')})`;
  });
  return `Measured on ${named.join(' and ')}.`;
}

const ratioHead = ['what', 'server', 'ratio', 'goal', 'Landfall', 'against', 'repetitions'];
const figureHead = ['what', 'server', 'figure', 'goal'];

function ratioRow(ratio: Ratio): string[] {
  const { minimum, maximum } = ratio.spread;
  return [
    ratio.note === null ? ratio.name : `${ratio.name} (${ratio.note})`,
    ratio.server,
    `**${digits(ratio.value)}** (${digits(minimum)}–${digits(maximum)})`,
    goalCell(ratio.goal, ratio.met),
    `${digits(ratio.ours)} ${ratio.unit}`,
    `${ratio.against}: ${digits(ratio.theirs)} ${ratio.unit}`,
    String(ratio.repetitions),
  ];
}

function figureRow(figure: Figure): string[] {
  const name = figure.note === null ? figure.name : `${figure.name} (${figure.note})`;
  return [name, figure.server, `${digits(figure.value)} ${figure.unit}`, goalCell(figure.goal, figure.met)];
}

function goalCell(goal: Goal | null, met: boolean | null): string {
  if (goal === null) return 'none';
  const bound = 'atLeast' in goal ? `≥ ${digits(goal.atLeast)}` : `≤ ${digits(goal.atMost)}`;
  return `${bound}: ${met === true ? 'met' : '**missed**'}`;
}

/** Three digits that count, or the whole number where it is longer. */
export function digits(value: number): string {
  return Math.abs(value) >= 100
    ? Math.round(value).toLocaleString('en')
    : Number(value.toPrecision(3)).toString();
}
