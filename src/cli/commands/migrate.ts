import { Command } from 'commander';
import { loadConfig } from '../../config/load.ts';
import { ConfigurationError } from '../../errors.ts';
import { openStore } from '../../store/open-store.ts';
import { examples } from '../examples.ts';
import { findDefinitions } from '../source-definitions.ts';
import type { Environment } from '../with-temporal.ts';

/**
 * `landfall migrate`: brings the tables up to date, and ends. Receivers and workers do so at their start; where their role may not,
 * this is run before them as the owner of the tables.
 */
export function migrateCommand(environment: () => Promise<Environment>): Command {
  const command = new Command('migrate').description('bring the tables of the database up to date');
  return command
    .addHelpText('after', examples('DATABASE_URL=postgresql://landfall_owner:…@db/landfall landfall migrate'))
    .action(async () => {
      const env = await environment();
      const { databaseUrl } = loadConfig(env, { mode: 'command', definitions: await findDefinitions(env) });
      if (databaseUrl === null) {
        throw new ConfigurationError(
          'DATABASE_URL is not set: set the URL of the database whose tables are to be migrated, as their owner.',
        );
      }
      const store = await openStore({ databaseUrl, dataDirectory: null, poolSize: 1 });
      try {
        await store.migrate();
      } finally {
        await store.close();
      }
      console.log('The tables are up to date.');
    });
}
