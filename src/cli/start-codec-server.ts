import type { Logger } from 'pino';
import { createCodecServer } from '../codec-server/app.ts';
import { anybody, anyOf, bearerOf, jwtOf } from '../codec-server/authorize.ts';
import type { Config } from '../config/load.ts';
import { ConfigurationError } from '../errors.ts';
import type { EntityKeys } from '../privacy/entity-keys.ts';
import { listen } from '../receiver/server.ts';
import { createPayloadCodec } from '../temporal/payload-codec.ts';
import type { Service } from './runtime.ts';

/** The UI of a Temporal dev server, by both names of this machine. */
const devOrigins = ['http://localhost:8233', 'http://127.0.0.1:8233'];

/**
 * Starts the codec server.
 *
 * @param entityKeys - null where there is no store: what is encrypted under the key of a record stays unreadable
 * @param options.origins - of UIs that may ask as well
 * @throws ConfigurationError where there is no key to read with, or the port cannot be had
 */
export async function startCodecServer(
  { config, entityKeys, logger }: { config: Config; entityKeys: EntityKeys | null; logger: Logger },
  options: { port?: number; origins?: readonly string[] } = {},
): Promise<Service & { url: string }> {
  const { codecServer, payloadKeys } = config;
  if (payloadKeys.current() === null) {
    throw new ConfigurationError('LANDFALL_PAYLOAD_KEYS: is not set, so there is nothing to decrypt with.');
  }
  const { token, jwt } = codecServer;
  const rules = [...(token === null ? [] : [bearerOf(token)]), ...(jwt === null ? [] : [jwtOf(jwt)])];
  const app = createCodecServer({
    codec: createPayloadCodec(payloadKeys, entityKeys),
    authorize: rules.length === 0 ? anybody : anyOf(rules),
    origins: new Set([...(codecServer.origins ?? devOrigins), ...(options.origins ?? [])]),
    logger,
  });
  const { host } = codecServer;
  const server = await listen(app, {
    host,
    port: options.port ?? codecServer.port,
    setting: 'LANDFALL_CODEC_PORT',
  });
  return { url: server.url, stop: () => server.close(1_000) };
}
