import { readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { bodyOf, readRecording } from '../capture/recorded-delivery.ts';
import type { Config } from '../config/load.ts';
import { ConfigurationError } from '../errors.ts';
import type { BodyFormat } from '../sources/define-source.ts';
import { findSource } from './find-source.ts';
import type { Delivery } from './send-delivery.ts';

const contentTypes: Record<BodyFormat, string> = {
  json: 'application/json',
  form: 'application/x-www-form-urlencoded',
};

/** What of a file is sent, and a sentence for each thing that is not. */
export interface FoundDeliveries {
  deliveries: Delivery[];
  leftOut: string[];
}

/**
 * The deliveries in a file: those that `landfall listen` has recorded, or the file as the body of one.
 *
 * @param file - `-` is standard input
 * @param options.source - of recorded ones, only those of this source; needed for a body
 * @param options.unverified - whether those go along whose signature was wrong; they are signed anew as well
 * @throws ConfigurationError | UnknownSourceError
 */
export async function readDeliveriesFrom(
  file: string,
  config: Config,
  options: { source: string | undefined; headers: Record<string, string>; unverified: boolean },
): Promise<FoundDeliveries> {
  const bytes = await read(file);
  const recording = readRecording(bytes.toString('utf8'));
  if (recording === null) {
    if (options.source === undefined) {
      throw new ConfigurationError('Name the source that the body is of: landfall send <source> --file …');
    }
    return {
      deliveries: [deliveryOf(config, options.source, bytes, options.headers)],
      leftOut: [],
    };
  }
  const wanted = recording.deliveries.filter(
    ({ source }) => options.source === undefined || source === options.source,
  );
  const sent = wanted.filter(({ verified }) => verified || options.unverified);
  const deliveries = sent.flatMap((each): Delivery[] => {
    const { source: name, path, headers } = each;
    const source = findSource(config, name);
    const body = bodyOf(each);
    return body === null ? [] : [{ source, path, headers: { ...headers, ...options.headers }, body }];
  });
  const { broken } = recording;
  return {
    deliveries,
    leftOut: [
      ...(broken.length === 0 ? [] : [`line ${broken.join(', ')}: broken off when it was written`]),
      ...(sent.length === wanted.length
        ? []
        : [`${wanted.length - sent.length} whose signature was wrong; --unverified sends them as well`]),
      ...(deliveries.length === sent.length
        ? []
        : [`${sent.length - deliveries.length} whose body was left out, because it could not be redacted`]),
    ],
  };
}

/** One delivery of a source, in the first format that its bodies may have unless a header says otherwise. */
export function deliveryOf(
  config: Config,
  name: string,
  body: Buffer,
  headers: Record<string, string>,
): Delivery {
  const source = findSource(config, name);
  const [format = 'json'] = source.bodyFormats ?? [];
  return {
    source,
    path: `/webhooks/${name}`,
    headers: { 'content-type': contentTypes[format], ...headers },
    body,
  };
}

async function read(file: string): Promise<Buffer> {
  try {
    return file === '-' ? await buffer(process.stdin) : await readFile(file);
  } catch (cause) {
    throw new ConfigurationError(`The body cannot be read from ${file}: is it there, and readable?`, {
      cause,
    });
  }
}
