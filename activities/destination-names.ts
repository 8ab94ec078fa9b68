import type { Source } from '../src/sources/define-source.ts';

/** The destinations of a source that take events of this type, in their order. */
export function destinationNames(source: Source, eventType: string): string[] {
  return source.destinations
    .filter((destination) => destination.accepts?.(eventType) ?? true)
    .map((destination) => destination.name);
}
