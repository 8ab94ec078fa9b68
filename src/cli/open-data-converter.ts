import type { DataConverter } from '@temporalio/common';
import { createRemoteCodec } from '../codec-server/remote-codec.ts';
import { loadPayloadKeys } from '../config/payload-keys.ts';
import { withSecretFiles } from '../config/secret-files.ts';
import { createEntityKeys } from '../privacy/entity-keys.ts';
import { openStore } from '../store/open-store.ts';
import { createDataConverter, encodedFailuresPath, encrypts } from '../temporal/data-converter.ts';
import type { Environment } from './with-temporal.ts';

/** How a command reads and writes what is encrypted, until it is closed. */
export interface OpenDataConverter {
  dataConverter: DataConverter;
  close(): Promise<void>;
}

/**
 * By a codec server where `LANDFALL_CODEC_URL` names one, else by the keys here and in the store; nothing is encrypted where there are
 * none. The store is connected to when a key of it is asked for.
 *
 * @throws ConfigurationError where the keys are malformed
 */
export async function openDataConverter(env: Environment): Promise<OpenDataConverter> {
  const read = reader(env);
  const url = read('LANDFALL_CODEC_URL');
  if (url !== null) {
    const payloadCodecs = [createRemoteCodec(url, read('LANDFALL_CODEC_TOKEN'))];
    const dataConverter = { payloadCodecs, failureConverterPath: encodedFailuresPath };
    return { dataConverter, close: () => Promise.resolve() };
  }
  const keys = loadPayloadKeys(env);
  const databaseUrl = encrypts(keys) ? read('DATABASE_URL') : null;
  if (databaseUrl === null) {
    return { dataConverter: createDataConverter(keys, null), close: () => Promise.resolve() };
  }
  const store = await openStore({ databaseUrl, dataDirectory: null, poolSize: 1 });
  return {
    dataConverter: createDataConverter(keys, createEntityKeys(keys, store)),
    close: () => store.close(),
  };
}

/** Variables as they are set, or as their file has them; null for nothing. */
function reader(env: Environment): (name: string) => string | null {
  const variables = withSecretFiles(env, () => undefined);
  return (name) => {
    const value = variables[name];
    const text = typeof value === 'function' ? value() : value;
    return text === undefined || text.trim() === '' ? null : text;
  };
}
