import { type Config, loadConfig } from '../config/load.ts';
import type { DeadLetterSubject } from '../model/dead-letter.ts';
import { hideHeaders, redactBody, redactJson } from '../privacy/redaction.ts';
import { findDefinitions } from './source-definitions.ts';
import type { Environment } from './with-temporal.ts';

/**
 * What a dead letter is about, as people may see it: by the rules that hold now, whatever they were when it came in. Of a source that is
 * not on here, by those of all sources.
 *
 * @throws ConfigurationError
 */
export async function readableSubject(
  env: Environment,
  source: string,
  subject: DeadLetterSubject,
): Promise<DeadLetterSubject> {
  const config = loadConfig(env, { mode: 'command', definitions: await findDefinitions(env) });
  return redactSubject(config, source, subject);
}

function redactSubject(
  { sources, redaction: ofAll }: Pick<Config, 'sources' | 'redaction'>,
  source: string,
  subject: DeadLetterSubject,
): DeadLetterSubject {
  const { redaction } = sources.find(({ name }) => name === source) ?? { redaction: ofAll };
  if (subject.kind === 'unreadable') {
    const { delivery } = subject;
    const shown = { headers: hideHeaders(redaction, delivery.headers), ...redactBody(redaction, delivery) };
    return { kind: 'unreadable', delivery: { ...delivery, ...shown } };
  }
  const { event } = subject;
  return {
    kind: 'event',
    event: {
      ...event,
      headers: hideHeaders(redaction, event.headers),
      payload: redactJson(redaction, event.payload),
      snapshot: redactJson(redaction, event.snapshot),
    },
  };
}
