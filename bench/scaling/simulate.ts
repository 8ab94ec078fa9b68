import { readFile } from 'node:fs/promises';
import Table from 'cli-table3';
import { Command } from 'commander';
import { z } from 'zod';
import { simulate, unitsFor } from './queueing.ts';

const costsSchema = z.object({
  measured: z.object({ cores: z.number(), perSecond: z.number() }),
  parts: z.array(
    z.object({
      name: z.string(),
      millisecondsPerEvent: z.number(),
      waitMilliseconds: z.number(),
      beforeAnswer: z.boolean(),
    }),
  ),
});

const { costs: file, target } = new Command('bench:simulate')
  .description('What each rate needs of each part, by measured costs.')
  .option('--costs <file>', 'costs as JSON', 'bench/scaling/costs.json')
  .option('--target <share>', 'the utilisation to stay below', '0.7')
  .parse()
  .opts<{ costs: string; target: string }>();

const { parts, measured } = costsSchema.parse(JSON.parse(await readFile(file, 'utf8')));
const head = [
  'events/s',
  ...parts.map(({ name }) => `${name}, cores`),
  'busiest',
  'answer p99 ms',
  'end p99 ms',
];
const table = new Table({ head, style: { head: [], border: [], compact: true } });
for (const perSecond of [100, 1_000, 10_000, 100_000]) {
  const units = parts.map((part) => unitsFor(part, perSecond, Number(target)));
  const { utilisation, answerP99, completionP99 } = simulate(parts, units, {
    perSecond,
    events: 50_000,
    seed: 1,
  });
  const busiest = parts[utilisation.indexOf(Math.max(...utilisation))]?.name;
  table.push([perSecond, ...units, busiest, answerP99.toFixed(0), completionP99.toFixed(0)]);
}
console.log(table.toString());
const predicted = (measured.cores * 1000) / parts.reduce((sum, each) => sum + each.millisecondsPerEvent, 0);
const error = (predicted / measured.perSecond - 1) * 100;
console.log(
  `On ${measured.cores} cores: ${predicted.toFixed(0)} events/s by CPU alone, ${measured.perSecond} measured (${error.toFixed(0)} % too many).`,
);
