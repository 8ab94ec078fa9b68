import { wholeSubject } from '../bodies/whole-subject.ts';
import { loadConfig } from '../config/load.ts';
import { LandfallError } from '../errors.ts';
import { type DeadLetterSubject, storedOf } from '../model/dead-letter.ts';
import { openStore } from '../store/open-store.ts';
import type { Store } from '../store/store.ts';
import { fetchBodies } from './dev-bodies.ts';
import { readDevState } from './dev-state.ts';
import { findDefinitions } from './source-definitions.ts';
import type { Environment } from './with-temporal.ts';

type Bodies = Pick<Store, 'readBody'>;

/**
 * What a dead letter is about, with its body where that is kept in the store. `missing` says why it could not be had: the rest of
 * the case is worth to be seen without it.
 */
export async function withBody(
  env: Environment,
  subject: DeadLetterSubject,
): Promise<{ subject: DeadLetterSubject; missing: string | null }> {
  if (storedOf(subject).length === 0) return { subject, missing: null };
  const read = (bodies: Bodies) => wholeSubject(bodies, subject);
  try {
    const config = loadConfig(env, { mode: 'command', definitions: await findDefinitions(env) });
    if (config.databaseUrl !== null) {
      const store = await openStore({ databaseUrl: config.databaseUrl, dataDirectory: null, poolSize: 1 });
      return { subject: await read(store).finally(() => store.close()), missing: null };
    }
    const dev = await readDevState(config.dataDirectory);
    if (dev?.bodies !== undefined) return { subject: await read(fetchBodies(dev.bodies)), missing: null };
  } catch (error) {
    if (!(error instanceof LandfallError)) throw error;
    return { subject, missing: error.message };
  }
  return { subject, missing: 'The body is in the store: set DATABASE_URL to see it.' };
}
