import { Command, Option } from 'commander';
import { compile } from './tool/compile.ts';
import { startBed, type ServerKind } from './tool/bed.ts';
import type { Figure, Ratio } from './tool/ratio.ts';
import { burstSuite } from './suites/burst.ts';
import { peersSuite } from './suites/peers.ts';
import { processingSuite } from './suites/processing.ts';
import { receivingSuite } from './suites/receiving.ts';
import type { Scale, Suite } from './suites/suite.ts';

const suites: readonly Suite[] = [processingSuite, receivingSuite, burstSuite, peersSuite];
const full: Scale = {
  repetitions: 3,
  events: 600,
  seconds: 8,
  listLengths: [10_000, 100_000, 1_000_000],
  soakMilliseconds: 3_600_000,
};
const quick: Scale = {
  repetitions: 1,
  events: 200,
  seconds: 3,
  listLengths: [10_000],
  soakMilliseconds: 60_000,
};

const program = new Command('bench')
  .option('--quick', 'a few minutes, on the full server; nothing is written')
  .option('--only <suite...>', `of: ${suites.map(({ name }) => name).join(', ')}`)
  .addOption(new Option('--server <kind...>', 'on which Temporal server').choices(['dev', 'full']));

program.parse();
const options = program.opts<{ quick?: true; only?: string[]; server?: ServerKind[] }>();
const scale = options.quick ? quick : full;
const progress = (message: string): void => console.log(message);
progress('compiling');
await compile();
const ratios: Ratio[] = [];
const figures: Figure[] = [];
for (const server of options.server ??
  (options.quick ? ['full' as const] : ['full' as const, 'dev' as const])) {
  const bed = await startBed(server, progress);
  try {
    for (const suite of suites.filter(({ name }) => options.only?.includes(name) ?? true)) {
      progress(`${suite.name} (${server})`);
      const result = await suite.run({ bed, scale, progress });
      ratios.push(...result.ratios);
      figures.push(...result.figures);
    }
  } finally {
    await bed.stop();
  }
}
for (const ratio of ratios) {
  console.log(
    ratio.suite,
    ratio.name,
    ratio.server,
    ratio.value.toFixed(3),
    ratio.ours.toFixed(1),
    ratio.theirs.toFixed(1),
    ratio.met,
  );
}
for (const figure of figures) console.log(figure.suite, figure.name, figure.server, figure.value, figure.met);
process.exit();
