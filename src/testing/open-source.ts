import { z } from 'zod';
import { ConfigurationError } from '../errors.ts';
import type { Source, SourceDefinition } from '../sources/define-source.ts';

/**
 * Makes a source from its environment variables, as Landfall does at its start.
 *
 * @throws ConfigurationError that names each variable that is missing or wrong
 */
export function openSource<Settings extends z.ZodRawShape>(
  definition: SourceDefinition<Settings>,
  env: Readonly<Record<string, string>>,
): Source {
  const settings = z.object(definition.settings).safeParse(env);
  if (settings.success) return definition.create(settings.data);
  throw new ConfigurationError(
    `The source "${definition.name}" takes other variables: ${z.prettifyError(settings.error)}`,
  );
}
