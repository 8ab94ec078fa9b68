import type { JsonValue } from '../src/model/json.ts';
import { createRedactor } from '../src/monitoring/redactor.ts';
import { hiddenValues, noRedaction } from '../src/privacy/redaction.ts';
import type { ActivityDependencies } from './dependencies.ts';

/** A source's record, or what else an activity has of it. */
export interface Subject {
  source: string;
  documents: readonly JsonValue[];
}

/**
 * Takes secrets out of a text, and the values of these documents that people do not get to see: a destination that refuses a record
 * may say why with the record in it.
 */
export function redactingOf(
  { sources, redact }: Pick<ActivityDependencies, 'sources' | 'redact'>,
  { source, documents }: Subject,
): (text: string) => string {
  const values = hiddenValues(sources.get(source)?.redaction ?? noRedaction, documents);
  if (values.size === 0) return redact;
  const hide = createRedactor(values);
  return (text) => hide(redact(text));
}
