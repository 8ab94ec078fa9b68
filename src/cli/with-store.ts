import { loadConfig } from '../config/load.ts';
import { ConfigurationError } from '../errors.ts';
import { openStore } from '../store/open-store.ts';
import type { Store } from '../store/store.ts';
import { findDefinitions } from './source-definitions.ts';
import type { Environment } from './with-temporal.ts';

/**
 * Runs `use` with the store, and closes it.
 *
 * @param what - for people: what is in the store, "The audit log"
 * @throws ConfigurationError where there is none to be reached: the embedded one belongs to the process that runs
 */
export async function withStore<Result>(
  env: Environment,
  what: string,
  use: (store: Store) => Promise<Result>,
): Promise<Result> {
  const { databaseUrl } = loadConfig(env, { mode: 'command', definitions: await findDefinitions(env) });
  if (databaseUrl === null) {
    throw new ConfigurationError(
      `${what} is in the database: set DATABASE_URL. The embedded one of "npm start" belongs to that process alone.`,
    );
  }
  const store = await openStore({ databaseUrl, dataDirectory: null, poolSize: 1 });
  try {
    return await use(store);
  } finally {
    await store.close();
  }
}
