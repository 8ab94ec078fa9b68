import { readFile, writeFile } from 'node:fs/promises';
import { cpus, totalmem } from 'node:os';
import { z } from 'zod';
import { fullTemporalRelease } from '../../test/support/build-full-temporal.ts';
import { figureSchema, ratioSchema } from './ratio.ts';

/** bench/results.json: every ratio and figure of the newest run of its suite on its server. */
export const resultsSchema = z.strictObject({
  machine: z.strictObject({
    processors: z.int(),
    memoryGibibytes: z.number(),
    node: z.string(),
    temporal: z.string(),
  }),
  ratios: z.array(ratioSchema),
  figures: z.array(figureSchema),
});
export type Results = z.infer<typeof resultsSchema>;

/** This machine, and nothing measured yet. */
export function emptyResults(): Results {
  return {
    machine: {
      processors: cpus().length,
      memoryGibibytes: Math.round(totalmem() / 2 ** 30),
      node: process.version,
      temporal: fullTemporalRelease,
    },
    ratios: [],
    figures: [],
  };
}

/** The results in a file; empty ones where there is none. @throws where it holds something else */
export async function readResults(file: URL): Promise<Results> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch {
    return emptyResults();
  }
  return resultsSchema.parse(JSON.parse(text));
}

/** Writes results that fit the schema. */
export async function writeResults(file: URL, results: Results): Promise<void> {
  await writeFile(file, `${JSON.stringify(resultsSchema.parse(results), null, 2)}\n`);
}

/** New results in the place of those of the same suites on the same servers; the others stay, with the time they have. */
export function replaceResults(kept: Results, measured: Omit<Results, 'machine'>): Results {
  const again = new Set([...measured.ratios, ...measured.figures].map(keyOf));
  const others = <Each extends { suite: string; server: string }>(all: readonly Each[]): Each[] =>
    all.filter((each) => !again.has(keyOf(each)));
  return {
    machine: emptyResults().machine,
    ratios: [...others(kept.ratios), ...measured.ratios],
    figures: [...others(kept.figures), ...measured.figures],
  };
}

function keyOf({ suite, server }: { suite: string; server: string }): string {
  return `${suite} ${server}`;
}
