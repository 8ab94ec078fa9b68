import { Command } from 'commander';
import { parseFaults } from '../../dev/demo-vendor/faults.ts';
import { startDemoVendor } from '../../dev/demo-vendor/start-demo-vendor.ts';
import { examples } from '../examples.ts';
import { readNumber } from '../read-number.ts';
import { untilStopped } from '../until-stopped.ts';

interface DemoVendorCommandOptions {
  target: string;
  port: number;
  faults: string;
  rate: number;
  state?: string;
}

/** `landfall demo-vendor`: the demo vendor alone, to try a receiver and a worker of one's own. */
export function demoVendorCommand(): Command {
  return new Command('demo-vendor')
    .description('run the demo vendor alone, against a receiver of your own')
    .option('--target <url>', 'where its webhooks go', 'http://127.0.0.1:3000/webhooks/demo')
    .option('--port <port>', 'of its API', readNumber({ min: 0, max: 65_535, whole: true }), 3010)
    .option('--faults <faults>', '"all", "none" or rates such as "duplicates=0.2,drops=0.1"', 'none')
    .option('--rate <count>', 'changes a second', readNumber({ min: 0, max: 1_000 }), 2)
    .option('--state <file>', 'where it keeps its records over a restart')
    .addHelpText(
      'after',
      examples('landfall demo-vendor --target http://127.0.0.1:3000/webhooks/demo --rate 10'),
    )
    .action(async (options: DemoVendorCommandOptions) => {
      const vendor = await startDemoVendor(
        {
          target: options.target,
          port: options.port,
          faults: parseFaults(options.faults),
          changesPerSecond: options.rate,
          stateFile: options.state ?? null,
        },
        {
          now: Date.now,
          warn: (message, error) => {
            console.error(message, error);
          },
        },
      );
      console.log('The receiver and the worker need these settings:');
      console.log(`DEMO_API_URL=${vendor.url}`);
      console.log(`DEMO_API_TOKEN=${vendor.token}`);
      console.log(`DEMO_WEBHOOK_SECRET=${vendor.secret}`);
      await untilStopped().stopped;
      await vendor.close();
    });
}
