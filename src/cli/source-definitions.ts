import { loadAdapters } from '../config/load-adapters.ts';
import type { SourceDefinition } from '../sources/define-source.ts';
import { sourceDefinitions } from '../sources/registry.ts';
import type { Environment } from './with-temporal.ts';

/**
 * The vendors that can be switched on: those that come with Landfall, and those of `LANDFALL_ADAPTERS`.
 * @throws ConfigurationError where a module cannot be used
 */
export async function findDefinitions(env: Environment): Promise<readonly SourceDefinition[]> {
  return [...sourceDefinitions, ...(await loadAdapters(env['LANDFALL_ADAPTERS'], sourceDefinitions))];
}
