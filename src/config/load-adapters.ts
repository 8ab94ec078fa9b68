import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ConfigurationError } from '../errors.ts';
import { splitList } from '../model/split-list.ts';
import { isSourceDefinition, type SourceDefinition } from '../sources/define-source.ts';

/**
 * The sources that modules define which are no part of Landfall: whatever each of them exports that `defineSource` made.
 *
 * @param paths - of `LANDFALL_ADAPTERS`, separated by commas, from the working directory on
 * @param builtIn - whose names are taken
 * @throws ConfigurationError that names every mistake at once
 */
export async function loadAdapters(
  paths: string | undefined,
  builtIn: readonly SourceDefinition[],
): Promise<SourceDefinition[]> {
  const problems: string[] = [];
  const definitions: SourceDefinition[] = [];
  for (const path of splitList(paths ?? '')) {
    const read = await readModule(path, problems);
    for (const definition of read) {
      if ([...builtIn, ...definitions].some(({ name }) => name === definition.name)) {
        problems.push(
          `${path} defines a source "${definition.name}", and there is one of that name already.`,
        );
      } else {
        definitions.push(definition);
      }
    }
  }
  if (problems.length === 0) return definitions;
  throw new ConfigurationError(`LANDFALL_ADAPTERS:\n- ${problems.join('\n- ')}`);
}

async function readModule(path: string, problems: string[]): Promise<SourceDefinition[]> {
  let exported: unknown[];
  try {
    exported = Object.values((await import(pathToFileURL(resolve(path)).href)) as Record<string, unknown>);
  } catch (error) {
    problems.push(`${path} cannot be loaded: ${describe(error)}`);
    return [];
  }
  const definitions = exported.filter(isSourceDefinition);
  if (definitions.length === 0) {
    problems.push(
      exported.some(looksLikeDefinition)
        ? `${path} was written with another copy of Landfall than the one that runs: it must find this one as "landfall".`
        : `${path} exports no source: export what defineSource returns.`,
    );
  }
  return definitions;
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return 'code' in error && error.code === 'ERR_UNKNOWN_FILE_EXTENSION'
    ? 'this Node does not run TypeScript; compile it to JavaScript, or use Node 22.18 or newer.'
    : error.message;
}

function looksLikeDefinition(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'settings' in value && 'create' in value;
}
