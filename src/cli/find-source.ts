import type { Config } from '../config/load.ts';
import { UnknownSourceError } from '../errors.ts';
import type { Source } from '../sources/define-source.ts';

/**
 * The source of this name.
 * @throws UnknownSourceError where it is not on
 */
export function findSource({ sources }: Pick<Config, 'sources'>, name: string): Source {
  const source = sources.find((each) => each.name === name);
  if (source !== undefined) return source;
  const on = sources.map((each) => each.name).join(', ') || 'none';
  throw new UnknownSourceError(
    `The source "${name}" is not on here (on: ${on}). Set its secret, or start "npm start".`,
  );
}
