import { UnknownSourceError } from '../src/errors.ts';
import type { Source } from '../src/sources/define-source.ts';

/**
 * The source of an event.
 * @throws UnknownSourceError where this worker does not have it
 */
export function findSource(sources: ReadonlyMap<string, Source>, name: string): Source {
  const source = sources.get(name);
  if (source !== undefined) return source;
  const known = [...sources.keys()].join(', ') || 'none';
  throw new UnknownSourceError(
    `This worker has no source "${name}" (it has: ${known}). Configure it as the receiver does, and restart the worker.`,
  );
}
