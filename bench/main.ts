import { mkdir, writeFile } from 'node:fs/promises';
import { Command, InvalidArgumentError, Option } from 'commander';
import { readDuration } from '../src/cli/read-duration.ts';
import { writePage } from '../test/support/write-page.ts';
import { notQuick, onlyOnRequest, suites } from './suites/index.ts';
import type { Scale, Suite, SuiteResult } from './suites/suite.ts';
import { startBed, type ServerKind } from './tool/bed.ts';
import { compile } from './tool/compile.ts';
import { plotRatios } from './tool/plot.ts';
import { renderReport } from './tool/report.ts';
import { emptyResults, readResults, replaceResults, type Results, writeResults } from './tool/results.ts';

interface Options {
  quick?: true;
  only?: string[];
  server?: ServerKind[];
  for?: number;
}

const docs = new URL('../docs/', import.meta.url);
const resultsFile = new URL('results.json', import.meta.url);
const scales = {
  full: {
    quick: false,
    repetitions: 3,
    events: 300,
    seconds: 8,
    listLengths: [10_000, 100_000, 1_000_000],
    soakMilliseconds: 3_600_000,
  },
  quick: {
    quick: true,
    repetitions: 1,
    events: 100,
    seconds: 2,
    listLengths: [10_000],
    soakMilliseconds: 60_000,
  },
} satisfies Record<string, Scale>;
const names = suites.map(({ name }) => name);

const program = new Command('bench')
  .description('Measures Landfall against what it could be at best, as ratios.')
  .option('--quick', 'about three minutes, on the full server; nothing is written')
  .option('--only <suite...>', names.join(', '), (name: string, before: string[] | undefined) => {
    if (!names.includes(name)) throw new InvalidArgumentError(`There are ${names.join(', ')}.`);
    return [...(before ?? []), name];
  })
  .addOption(new Option('--server <kind...>', 'on which Temporal server').choices(['full', 'dev']))
  .option('--for <duration>', 'how long a soak lasts, or an outage of the worker', readDuration);
// What was started ends with this process, but only where it ends by itself.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));

const options = program.parse().opts<Options>();

await compile();
await runAll(options);
process.exit();

async function runAll({ quick, only, server, for: asked }: Options): Promise<void> {
  const chosen = suites.filter(
    ({ name }) =>
      only?.includes(name) ?? !(onlyOnRequest.has(name) || (quick === true && notQuick.has(name))),
  );
  const usual: Scale = scales[quick === true ? 'quick' : 'full'];
  const scale = { ...usual, soakMilliseconds: asked ?? usual.soakMilliseconds };
  const all: SuiteResult = { ratios: [], figures: [] };
  for (const kind of server ?? (quick === true ? (['full'] as const) : (['full', 'dev'] as const))) {
    const bed = await startBed(kind, (message) => console.log(message));
    try {
      for (const suite of chosen) {
        const { ratios, figures } = await suite.run({ bed, scale, progress: progressOf(suite, kind) });
        all.ratios.push(...ratios);
        all.figures.push(...figures);
        // At once: a run takes long, and what is measured is not to be lost with a later suite.
        if (quick !== true) await write(replaceResults(await readResults(resultsFile), { ratios, figures }));
      }
    } finally {
      await bed.stop();
    }
  }
  if (quick === true) console.log(renderReport({ ...emptyResults(), ...all }, senses()));
}

function progressOf({ name }: Suite, server: ServerKind): (message: string) => void {
  return (message) =>
    console.log(`${new Date().toISOString().slice(11, 19)} ${name} (${server}): ${message}`);
}

function senses(): Map<string, string> {
  return new Map(suites.map(({ name, sense }) => [name, sense]));
}

async function write(results: Results): Promise<void> {
  await writeResults(resultsFile, results);
  await mkdir(new URL('images/', docs), { recursive: true });
  for (const server of ['full', 'dev'] as const) {
    if (!results.ratios.some((ratio) => ratio.server === server)) continue;
    await writeFile(new URL(`images/benchmarks-${server}.svg`, docs), plotRatios(results.ratios, server));
  }
  await writePage(new URL('benchmarks.md', docs), renderReport(results, senses()));
}
