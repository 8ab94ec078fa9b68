import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { Command, InvalidArgumentError } from 'commander';
import { loadConfig } from '../../config/load.ts';
import { ConfigurationError, UnknownSourceError } from '../../errors.ts';
import type { BodyFormat } from '../../sources/define-source.ts';
import { readNumber } from '../read-number.ts';
import { findDefinitions } from '../source-definitions.ts';
import type { Environment } from '../with-temporal.ts';

const contentTypes: Record<BodyFormat, string> = {
  json: 'application/json',
  form: 'application/x-www-form-urlencoded',
};

interface SendOptions {
  body?: string;
  header: Record<string, string>;
  url?: string;
  times: number;
}

/** `landfall send <source>`: posts a sample event, or your own body, signed as the vendor would sign it. */
export function sendCommand(environment: () => Promise<Environment>): Command {
  return new Command('send')
    .description('post a properly signed sample event to the receiver')
    .argument('<source>')
    .option('--body <file>', 'a file with the body instead of the sample')
    .option('--header <name:value>', 'a further header; may be repeated', addHeader, {})
    .option('--url <url>', 'of the receiver', readUrl)
    .option(
      '--times <count>',
      'deliver it so often, all at once',
      readNumber({ min: 1, max: 10_000, whole: true }),
      1,
    )
    .action(async (name: string, options: SendOptions) => {
      const env = await environment();
      const config = loadConfig(env, { mode: 'command', definitions: await findDefinitions(env) });
      const source = config.sources.find((each) => each.name === name);
      if (source === undefined) {
        const on = config.sources.map((each) => each.name).join(', ') || 'none';
        throw new UnknownSourceError(
          `The source "${name}" is not on here (on: ${on}). Set its secret, or start "npm start".`,
        );
      }
      const sample = source.sample?.();
      if (options.body === undefined && sample === undefined) {
        throw new ConfigurationError(`The source "${name}" has no sample event: give a body with --body.`);
      }
      const body =
        options.body === undefined ? Buffer.from(JSON.stringify(sample?.body)) : await readBody(options.body);
      const base = options.url ?? `http://127.0.0.1:${config.port}`;
      const url = new URL(`/webhooks/${name}`, base);
      const [format = 'json'] = source.bodyFormats ?? [];
      const unsigned = {
        'content-type': contentTypes[format],
        ...(options.body === undefined ? sample?.headers : {}),
        ...options.header,
      };
      const signing = { id: randomUUID(), now: Date.now(), url: url.pathname, headers: unsigned };
      const headers = { ...unsigned, ...(await source.verification.sign(body, signing)) };
      const answers = await Promise.all(
        Array.from({ length: options.times }, () => post(url, body, headers)),
      );
      for (const answer of answers) console.log(answer.text);
      if (!answers.every((answer) => answer.ok)) process.exitCode = 1;
    });
}

async function post(
  url: URL,
  body: Buffer,
  headers: Record<string, string>,
): Promise<{ ok: boolean; text: string }> {
  try {
    const response = await fetch(url, { method: 'POST', body: new Uint8Array(body), headers });
    return { ok: response.ok, text: `${response.status} ${await response.text()}` };
  } catch (cause) {
    throw new ConfigurationError(
      `No receiver answers at ${url.origin}. Start "npm start", or give its address with --url.`,
      { cause },
    );
  }
}

async function readBody(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (cause) {
    throw new ConfigurationError(`The body cannot be read from ${file}: is it there, and readable?`, {
      cause,
    });
  }
}

function readUrl(text: string): string {
  if (URL.canParse(text) && /^https?:/.test(text)) return text;
  throw new InvalidArgumentError('Give a URL such as http://127.0.0.1:3000.');
}

function addHeader(text: string, headers: Record<string, string>): Record<string, string> {
  const colon = text.indexOf(':');
  const name = text.slice(0, Math.max(colon, 0)).trim().toLowerCase();
  if (!/^[a-z0-9!#$%&'*+.^_`|~-]+$/.test(name)) {
    throw new InvalidArgumentError('Give a header as name:value, such as x-trace:abc.');
  }
  return { ...headers, [name]: text.slice(colon + 1).trim() };
}
