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

const deepest = 5;

/**
 * The error without what `hide` takes out of texts: its own, and those of its causes. It stays what it is, so that whoever catches it
 * knows it by its class.
 */
export function hideInError(error: unknown, hide: (text: string) => string, depth = 0): unknown {
  if (!(error instanceof Error) || depth > deepest) return error;
  const message = hide(error.message);
  const stack = error.stack === undefined ? undefined : hide(error.stack);
  try {
    if (message !== error.message) error.message = message;
    if (stack !== undefined && stack !== error.stack) error.stack = stack;
    if (error.cause !== undefined) error.cause = hideInError(error.cause, hide, depth + 1);
    return error;
  } catch {
    // Frozen, or of a class whose message cannot be set.
    return Object.assign(new Error(message), { name: error.name });
  }
}
