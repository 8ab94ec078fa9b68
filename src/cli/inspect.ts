import { z } from 'zod';
import { loadConfig } from '../config/load.ts';
import { ConfigurationError, StoreUnavailableError, UnknownSourceError } from '../errors.ts';
import { type InspectionDependencies, visibleBy } from '../inspection/dependencies.ts';
import { createSourceHealth, type Overview } from '../inspection/source-health.ts';
import { redactAll } from '../monitoring/redact-all.ts';
import { createRedactor } from '../monitoring/redactor.ts';
import { readDevState } from './dev-state.ts';
import { sourcesWithHandlers } from './runtime.ts';
import { findDefinitions } from './source-definitions.ts';
import { withStore } from './with-store.ts';
import { type Environment, withTemporal } from './with-temporal.ts';

/** What a command answers the questions of people from. */
export interface Inspection extends InspectionDependencies {
  sourceHealth: (names?: readonly string[]) => Promise<Overview>;
  /** Milliseconds since the epoch. */
  now: () => number;
}

/**
 * Answers a question from Temporal and the store, without the configured secrets. The embedded store belongs to the process of
 * `landfall dev`: there its console answers, with the same facts.
 *
 * @param path - of the console's page that answers the same
 * @throws ConfigurationError where there is neither, and as what is asked
 */
export async function inspect<Answer>(
  env: Environment,
  path: string,
  tell: (deps: Inspection) => Promise<Answer>,
): Promise<Answer> {
  const config = loadConfig(env, { mode: 'command', definitions: await findDefinitions(env) });
  if (config.databaseUrl === null) {
    const dev = await readDevState(config.dataDirectory);
    if (dev?.console !== undefined) {
      return askConsole<Answer>(new URL(path, dev.console), env['LANDFALL_CONSOLE_TOKEN']);
    }
  }
  const sources = new Map((await sourcesWithHandlers(config)).map((source) => [source.name, source]));
  return withStore(env, 'What happened', (store) =>
    withTemporal(env, async (client) => {
      const visible = visibleBy((source) => sources.get(source)?.redaction ?? config.redaction);
      const shared = { sources, store, client, visible, now: Date.now };
      const answer = await tell({ ...shared, sourceHealth: createSourceHealth(shared) });
      return redactAll(answer, createRedactor(config.secrets));
    }),
  );
}

const problemSchema = z.object({ detail: z.string() });

/** The console of this machine's `landfall dev`. */
async function askConsole<Answer>(url: URL, token: string | undefined): Promise<Answer> {
  const headers = {
    accept: 'application/json',
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
  };
  const response = await fetch(url, { headers }).catch((cause: unknown) => {
    throw new StoreUnavailableError('The console of "npm start" cannot be reached: is it running?', {
      cause,
    });
  });
  const answer: unknown = await response.json();
  if (response.ok) return answer as Answer;
  const problem = problemSchema.safeParse(answer);
  const detail = problem.success ? problem.data.detail : `The console answers ${response.status}.`;
  if (response.status === 404) throw new UnknownSourceError(detail);
  throw response.status < 500 ? new ConfigurationError(detail) : new StoreUnavailableError(detail);
}
