import { Command } from 'commander';
import { loadConfig } from '../../config/load.ts';
import { ConfigurationError } from '../../errors.ts';
import { createLogger } from '../../monitoring/logger.ts';
import { createRedactor } from '../../monitoring/redactor.ts';
import { createEntityKeys } from '../../privacy/entity-keys.ts';
import { openStore } from '../../store/open-store.ts';
import { examples } from '../examples.ts';
import { findDefinitions } from '../source-definitions.ts';
import { startCodecServer } from '../start-codec-server.ts';
import { untilStopped } from '../until-stopped.ts';
import type { Environment } from '../with-temporal.ts';

/** `landfall codec-server`: shows encrypted payloads in Temporal's web UI, to those who may see them. */
export function codecServerCommand(env: Environment): Command {
  return new Command('codec-server')
    .description('decrypt payloads for the Temporal UI and command line')
    .addHelpText('after', examples('landfall codec-server'))
    .action(async () => {
      const config = loadConfig(env, { mode: 'command', definitions: await findDefinitions(env) });
      const logger = createLogger({
        level: config.logLevel,
        format: config.logFormat ?? (process.stdout.isTTY ? 'pretty' : 'json'),
        redact: createRedactor(config.secrets),
      });
      const { databaseUrl, payloadKeys } = config;
      if (databaseUrl === null) {
        throw new ConfigurationError(
          'DATABASE_URL: set it. The keys of records are in the store, and nearly everything is encrypted under one of them.',
        );
      }
      const { stopped } = untilStopped();
      const store = await openStore({ databaseUrl, dataDirectory: null, poolSize: config.poolSize });
      const entityKeys = createEntityKeys(payloadKeys, store);
      const server = await startCodecServer({ config, entityKeys, logger });
      logger.info({ url: server.url }, 'decrypting');
      await stopped;
      await server.stop();
      await store.close();
    });
}
