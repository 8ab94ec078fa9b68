import { Command } from 'commander';
import { loadConfig } from '../../config/load.ts';
import { parseFaults } from '../../dev/demo-vendor/faults.ts';
import { runDev } from '../../dev/run.ts';
import { findDefinitions } from '../source-definitions.ts';
import { examples } from '../examples.ts';
import { untilStopped } from '../until-stopped.ts';
import type { Environment } from '../with-temporal.ts';
import { readDuration } from '../read-duration.ts';
import { readNumber } from '../read-number.ts';

interface DevCommandOptions {
  for?: number;
  faults: string;
  rate: number;
}

/** `landfall dev`, which `npm start` runs: everything in one process, with no configuration. */
export function devCommand(env: Environment): Command {
  return new Command('dev')
    .description(
      'run everything here: Temporal with its UI, store, receiver, worker, schedules, a demo vendor',
    )
    .option('--for <duration>', 'end after this time with a verdict, and an exit code to match', readDuration)
    .option('--faults <faults>', 'of the demo vendor: "all", "none" or rates such as "drops=0.2"', 'all')
    .option('--rate <count>', 'changes a second at the demo vendor', readNumber({ min: 0, max: 1_000 }), 4)
    .addHelpText('after', examples('landfall dev', 'landfall dev --for 60s --faults drops=0.2'))
    .action(async (options: DevCommandOptions) => {
      const config = loadConfig(env, { mode: 'dev', definitions: await findDefinitions(env) });
      const equal = await runDev(config, {
        forMilliseconds: options.for ?? null,
        faults: parseFaults(options.faults),
        changesPerSecond: options.rate,
        environment: env,
        print: (line) => {
          console.log(line);
        },
        signal: untilStopped().signal,
      });
      if (!equal) process.exitCode = 1;
    });
}
