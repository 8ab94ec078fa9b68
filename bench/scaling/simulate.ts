import { readFile } from 'node:fs/promises';
import { Command } from 'commander';
import { mean } from 'simple-statistics';
import { z } from 'zod';
import { markdownTable } from '../../test/support/write-page.ts';
import { perSecondOn, simulate, unitsFor, usableShare } from './queueing.ts';

const costsSchema = z.object({
  /** Runs on so many cores for all parts together, as fast as they could be driven. */
  measured: z
    .array(
      z.object({
        what: z.string(),
        cores: z.number(),
        perSecond: z.number(),
        millisecondsPerEvent: z.number(),
      }),
    )
    .nonempty(),
  /** How an event's CPU time divides between the parts: shares that make 1. */
  parts: z.array(
    z.object({
      name: z.string(),
      share: z.number(),
      waitMilliseconds: z.number(),
      beforeAnswer: z.boolean(),
    }),
  ),
});

const { costs: file, target } = new Command('bench:simulate')
  .description('What each rate needs of each part, by measured costs.')
  .option('--costs <file>', 'costs as JSON', 'bench/scaling/costs.json')
  .option('--target <share>', 'of what the cores can be driven to, to stay below', '0.7')
  .parse()
  .opts<{ costs: string; target: string }>();

const { parts, measured } = costsSchema.parse(JSON.parse(await readFile(file, 'utf8')));
const usable = mean(measured.map(usableShare));
const number = (value: number) => Math.round(value).toLocaleString('en');
const range = (values: readonly number[]) => {
  const [least, most] = [number(Math.min(...values)), number(Math.max(...values))];
  return least === most ? least : `${least}–${most}`;
};

console.log(`A core can be driven to ${(usable * 100).toFixed(0)} % (the mean of what was measured).\n`);
console.log(
  markdownTable(
    ['measured', 'CPU ms an event', 'by CPU alone', 'by the model', 'measured, events/s', 'model against it'],
    measured.map((run) => {
      const model = perSecondOn(run, usable);
      const difference = (model / run.perSecond - 1) * 100;
      return [
        `${run.what}, ${run.cores} cores`,
        String(run.millisecondsPerEvent),
        number(perSecondOn(run, 1)),
        number(model),
        number(run.perSecond),
        `${difference > 0 ? '+' : ''}${difference.toFixed(0)} %`,
      ];
    }),
  ),
);
console.log('');
console.log(
  markdownTable(
    ['events/s', ...parts.map(({ name }) => name), 'together', 'answer p99, ms', 'end p99, ms'],
    [100, 1_000, 10_000, 100_000].map((perSecond) => {
      const runs = measured.map(({ millisecondsPerEvent }) => {
        const costly = parts.map((part) => ({
          ...part,
          // What a core does between its idle moments takes as long as if all of it were slower.
          millisecondsPerEvent: (part.share * millisecondsPerEvent) / usable,
        }));
        const units = costly.map((part) => unitsFor(part, perSecond, Number(target)));
        return { units, ...simulate(costly, units, { perSecond, events: 50_000, seed: 1 }) };
      });
      return [
        number(perSecond),
        ...parts.map((_, index) => range(runs.map(({ units }) => units[index] ?? Number.NaN))),
        range(runs.map(({ units }) => units.reduce((sum, each) => sum + each, 0))),
        range(runs.map(({ answerP99 }) => answerP99)),
        range(runs.map(({ completionP99 }) => completionP99)),
      ];
    }),
  ),
);
