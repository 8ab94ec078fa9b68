import { Command, InvalidArgumentError } from 'commander';
import { findDefinitions } from '../source-definitions.ts';
import { type Config, loadConfig } from '../../config/load.ts';
import { ConfigurationError } from '../../errors.ts';
import { examples } from '../examples.ts';
import { findSource } from '../find-source.ts';
import { deliveryOf, type FoundDeliveries, readDeliveriesFrom } from '../read-deliveries.ts';
import { readNumber } from '../read-number.ts';
import { readUrl } from '../read-url.ts';
import { type Delivery, sendDelivery } from '../send-delivery.ts';
import type { Environment } from '../with-temporal.ts';

interface SendOptions {
  file?: string;
  header: Record<string, string>;
  url?: string;
  times: number;
  concurrency: number;
  unverified?: boolean;
}

/** `landfall send`: posts a sample event, a body of your own, or recorded deliveries, signed as the vendor would sign them. */
export function sendCommand(environment: () => Promise<Environment>): Command {
  return new Command('send')
    .description('post a sample event, your own body or recorded deliveries to a receiver, properly signed')
    .argument('[source]', 'needed for all but recorded deliveries')
    .option(
      '--body, --file <file>',
      'a body instead of the sample, or what "landfall listen" has recorded; "-" is standard input',
    )
    .option('--header <name:value>', 'a further header; may be repeated', addHeader, {})
    .option('--url <url>', 'of the receiver. Default: the one on this machine', readUrl)
    .option(
      '--times <count>',
      'deliver each so often, all at once',
      readNumber({ min: 1, max: 10_000, whole: true }),
      1,
    )
    .option(
      '--concurrency <count>',
      'recorded deliveries under way at once; one keeps their order',
      readNumber({ min: 1, max: 1_000, whole: true }),
      1,
    )
    .option('--unverified', 'send recorded deliveries as well whose signature was wrong')
    .addHelpText(
      'after',
      examples(
        'landfall send demo',
        'landfall send stripe --file invoice.json --times 10',
        'landfall send --file deliveries.jsonl --url http://127.0.0.1:3000',
      ),
    )
    .action(async (name: string | undefined, options: SendOptions) => {
      const env = await environment();
      const config = loadConfig(env, { mode: 'command', definitions: await findDefinitions(env) });
      const { deliveries, leftOut } = await find(name, options, config);
      for (const what of leftOut) console.error(`Left out: ${what}`);
      const receiver = options.url ?? `http://127.0.0.1:${config.port}`;
      const { sent, refused } = await sendAll(deliveries, receiver, options);
      if (deliveries.length !== 1) console.log(`${sent} sent, ${refused} refused`);
      if (refused > 0) process.exitCode = 1;
    });
}

async function find(
  name: string | undefined,
  options: SendOptions,
  config: Config,
): Promise<FoundDeliveries> {
  if (options.file !== undefined) {
    const { header: headers, unverified = false } = options;
    return readDeliveriesFrom(options.file, config, { source: name, headers, unverified });
  }
  if (name === undefined) {
    throw new ConfigurationError('Name a source, or give recorded deliveries with --file.');
  }
  const sample = findSource(config, name).sample?.();
  if (sample === undefined) {
    throw new ConfigurationError(`The source "${name}" has no sample event: give a body with --file.`);
  }
  const body = Buffer.from(JSON.stringify(sample.body));
  return {
    deliveries: [deliveryOf(config, name, body, { ...sample.headers, ...options.header })],
    leftOut: [],
  };
}

async function sendAll(
  deliveries: readonly Delivery[],
  receiver: string,
  { times, concurrency }: SendOptions,
): Promise<{ sent: number; refused: number }> {
  const waiting = [...deliveries];
  const counts = { sent: 0, refused: 0 };
  const sender = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      for (const answer of await sendDelivery(next, receiver, times)) {
        console.log(answer.text);
        counts.sent += 1;
        if (!answer.ok) counts.refused += 1;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, waiting.length) }, sender));
  return counts;
}

function addHeader(text: string, headers: Record<string, string>): Record<string, string> {
  const colon = text.indexOf(':');
  const name = text.slice(0, Math.max(colon, 0)).trim().toLowerCase();
  if (!/^[a-z0-9!#$%&'*+.^_`|~-]+$/.test(name)) {
    throw new InvalidArgumentError('Give a header as name:value, such as x-trace:abc.');
  }
  return { ...headers, [name]: text.slice(colon + 1).trim() };
}
