import { Command, InvalidArgumentError } from 'commander';
import { openDeliveryFile } from '../../capture/delivery-file.ts';
import { createListener, type HeardDelivery } from '../../capture/listener.ts';
import { createBodyRedactor } from '../../capture/redact-body.ts';
import { type Config, loadConfig } from '../../config/load.ts';
import { UnknownSourceError } from '../../errors.ts';
import { createRedactor } from '../../monitoring/redactor.ts';
import { listen } from '../../receiver/server.ts';
import type { Source } from '../../sources/define-source.ts';
import { isJsonPointer } from '../../sources/json-pointer.ts';
import { findDefinitions } from '../source-definitions.ts';
import { examples } from '../examples.ts';
import { findSource } from '../find-source.ts';
import { readNumber } from '../read-number.ts';
import { readUrl } from '../read-url.ts';
import { untilStopped } from '../until-stopped.ts';
import type { Environment } from '../with-temporal.ts';

interface ListenOptions {
  to: string;
  forward?: string;
  redact: readonly string[];
  host: string;
  port: number;
}

const graceMilliseconds = 5_000;

/** `landfall listen [source...]`: writes real deliveries down, for `landfall send --file` to send them again. */
export function listenCommand(environment: () => Promise<Environment>): Command {
  return new Command('listen')
    .description(
      'record deliveries to a file, and pass them on where wanted: behind a tunnel, in development',
    )
    .argument('[source...]', 'of these sources. Default: all that are on')
    .requiredOption('--to <file>', 'written behind what it holds, one delivery a line')
    .option('--forward <url>', 'of a receiver that each delivery is passed on to, unchanged', readUrl)
    .option(
      '--redact <pointer>',
      'a JSON Pointer to what is replaced by a placeholder, such as /data/object/email; "*" stands for every element; may be repeated',
      addPointer,
      [],
    )
    .option('--port <port>', 'to listen on', readNumber({ min: 0, max: 65_535, whole: true }), 3020)
    .option('--host <address>', 'to listen on; another than the default lets others in', '127.0.0.1')
    .addHelpText(
      'after',
      examples(
        'landfall listen stripe --to deliveries.jsonl --forward http://127.0.0.1:3000',
        'landfall listen --to deliveries.jsonl --redact /data/object/email --redact "/data/object/lines/*/name"',
      ),
    )
    .action(async (names: readonly string[], options: ListenOptions) => {
      const env = await environment();
      const config = loadConfig(env, { mode: 'command', definitions: await findDefinitions(env) });
      const sources = wantedSources(config, names);
      const file = await openDeliveryFile(options.to);
      try {
        const app = createListener({
          sources: new Map(sources.map((source) => [source.name, source])),
          file,
          redactBody: createBodyRedactor(options.redact, [...config.secrets].sort().join('\n')),
          redact: createRedactor(config.secrets),
          forwardTo: options.forward === undefined ? null : new URL(options.forward),
          maxBodyBytes: config.maxBodyBytes,
          now: Date.now,
          heard: (delivery) => {
            console.log(describe(delivery));
          },
        });
        const { stopped } = untilStopped();
        const server = await listen(app, { ...options, setting: '--port or --host' });
        for (const { name } of sources) console.log(`${server.url}/webhooks/${name} to ${options.to}`);
        await stopped;
        await server.close(graceMilliseconds);
      } finally {
        await file.close();
      }
    });
}

function wantedSources(config: Config, names: readonly string[]): readonly Source[] {
  if (names.length > 0) return names.map((name) => findSource(config, name));
  if (config.sources.length > 0) return config.sources;
  throw new UnknownSourceError('No source is on: set the webhook secret of one, or start "npm start".');
}

function describe({ recorded: { at, path, verified }, refused, bodyBytes, status }: HeardDelivery): string {
  const signature = verified ? 'verified' : `not verified (${refused ?? 'unknown'})`;
  return `${at} ${path} ${bodyBytes} bytes, ${signature}: ${status}`;
}

function addPointer(text: string, pointers: readonly string[]): readonly string[] {
  if (text !== '' && isJsonPointer(text)) return [...pointers, text];
  throw new InvalidArgumentError('Give a JSON Pointer such as /data/object/email.');
}
