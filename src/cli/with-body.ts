import { wholeSubject } from '../bodies/whole-subject.ts';
import { loadConfig } from '../config/load.ts';
import { BodyGoneError } from '../errors.ts';
import { type DeadLetterSubject, storedOf } from '../model/dead-letter.ts';
import { openStore } from '../store/open-store.ts';
import { findDefinitions } from './source-definitions.ts';
import type { Environment } from './with-temporal.ts';

/**
 * What a dead letter is about, with its body where that is kept in the store. `missing` says why it could not be had.
 * @throws ConfigurationError | StoreUnavailableError
 */
export async function withBody(
  env: Environment,
  subject: DeadLetterSubject,
): Promise<{ subject: DeadLetterSubject; missing: string | null }> {
  if (storedOf(subject).length === 0) return { subject, missing: null };
  const { databaseUrl } = loadConfig(env, { mode: 'command', definitions: await findDefinitions(env) });
  if (databaseUrl === null) {
    const missing =
      'The body is in the store, which this command reaches by DATABASE_URL alone: the embedded one belongs to the process that runs.';
    return { subject, missing };
  }
  const store = await openStore({ databaseUrl, dataDirectory: null, poolSize: 1 });
  try {
    return { subject: await wholeSubject(store, subject), missing: null };
  } catch (error) {
    if (!(error instanceof BodyGoneError)) throw error;
    return { subject, missing: error.message };
  } finally {
    await store.close();
  }
}
