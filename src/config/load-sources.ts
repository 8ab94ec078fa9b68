import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { ConfigurationError } from '../errors.ts';
import type { Source, SourceDefinition } from '../sources/define-source.ts';
import { readGenericSources } from '../sources/generic.ts';
import { nearestName } from './nearest-name.ts';
import type { SettingValues } from './schema.ts';

/** `STRIPE_WEBHOOK_SECRET`: a source whose secret is set is on, unless LANDFALL_SOURCES says otherwise. */
function secretVariable(name: string): string {
  return `${name.toUpperCase().replaceAll('-', '_')}_WEBHOOK_SECRET`;
}

/**
 * Makes the sources that are on, from the registry and from the sources file; adds each mistake to `problems`.
 *
 * @param options.needSecrets - whether a source without a webhook secret is a mistake: a receiver would refuse each of its deliveries
 */
export function loadSources(
  env: Readonly<Record<string, string | undefined>>,
  {
    LANDFALL_SOURCES: wanted,
    LANDFALL_SOURCES_FILE: file,
  }: Pick<SettingValues, 'LANDFALL_SOURCES' | 'LANDFALL_SOURCES_FILE'>,
  definitions: readonly SourceDefinition[],
  problems: string[],
  { needSecrets }: { needSecrets: boolean },
): Source[] {
  const described = file === null ? [] : readFile(file, env, problems);
  const known = [...definitions, ...described].map(({ name }) => name);
  for (const name of wanted ?? []) {
    if (known.includes(name)) continue;
    const near = nearestName(name, known);
    problems.push(
      `LANDFALL_SOURCES: there is no source "${name}".${near === null ? ` There are: ${known.join(', ')}.` : ` Did you mean "${near}"?`}`,
    );
  }
  const on = definitions.filter(
    ({ name }) => wanted?.includes(name) ?? env[secretVariable(name)] !== undefined,
  );
  for (const { name, settings } of needSecrets ? on : []) {
    const variable = secretVariable(name);
    if (variable in settings && env[variable] === undefined) {
      problems.push(
        `${variable}: is not set. Set the signing secret that the vendor shows, or every delivery of "${name}" is refused.`,
      );
    }
  }
  const sources = [...on.flatMap((definition) => create(definition, env, problems)), ...described];
  for (const { name } of described) {
    if (sources.filter((source) => source.name === name).length > 1) {
      problems.push(
        `LANDFALL_SOURCES_FILE: "${name}" is described there and built in as well. Give it another name.`,
      );
    }
  }
  return sources;
}

function create(
  definition: SourceDefinition,
  env: Readonly<Record<string, string | undefined>>,
  problems: string[],
): Source[] {
  const read = z.object(definition.settings).safeParse(env);
  if (!read.success) {
    for (const issue of read.error.issues) {
      const name = issue.path.join('.');
      const what =
        env[name] === undefined ? `is not set, and the source "${definition.name}" needs it` : issue.message;
      problems.push(`${name}: ${what}.`);
    }
    return [];
  }
  try {
    return [definition.create(read.data)];
  } catch (error) {
    problems.push(`${definition.name}: ${describe(error)}`);
    return [];
  }
}

function readFile(
  path: string,
  env: Readonly<Record<string, string | undefined>>,
  problems: string[],
): Source[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    problems.push(`LANDFALL_SOURCES_FILE: ${path} cannot be read: ${describe(error)}`);
    return [];
  }
  try {
    return readGenericSources(text, env);
  } catch (error) {
    problems.push(`LANDFALL_SOURCES_FILE: ${path}: ${describe(error)}`);
    return [];
  }
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof ConfigurationError || 'code' in error) return error.message;
  throw error;
}
