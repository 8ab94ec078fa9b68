import { loadConfig } from '../config/load.ts';
import type { DeadLetterSubject } from '../model/dead-letter.ts';
import { redactSubject } from '../privacy/redact-subject.ts';
import { findDefinitions } from './source-definitions.ts';
import type { Environment } from './with-temporal.ts';

/**
 * What a dead letter is about, as people may see it. Of a source that is not on here, by the rules of all sources.
 *
 * @throws ConfigurationError
 */
export async function readableSubject(
  env: Environment,
  source: string,
  subject: DeadLetterSubject,
): Promise<DeadLetterSubject> {
  const { sources, redaction } = loadConfig(env, {
    mode: 'command',
    definitions: await findDefinitions(env),
  });
  return redactSubject(sources.find(({ name }) => name === source)?.redaction ?? redaction, subject);
}
