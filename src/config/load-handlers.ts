import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import type { Destination } from '../destinations/define-destination.ts';
import { ConfigurationError } from '../errors.ts';
import type { Handler } from '../handlers/define-handler.ts';
import * as landfall from '../index.ts';
import { withoutAccount } from '../model/ids.ts';
import { type Source, withReceivers } from '../sources/define-source.ts';
import { nearestName } from './nearest-name.ts';

/** What a source gets beside its own: handlers alone, or destinations too. */
export type SourceExtension =
  readonly Handler[] | { handlers?: readonly Handler[]; destinations?: readonly Destination[] };

/** What the module of `LANDFALL_HANDLERS` exports by default, or makes of the public surface: extensions by the source's name. */
export type HandlersModule =
  | Readonly<Record<string, SourceExtension>>
  | ((
      surface: typeof landfall,
    ) => Readonly<Record<string, SourceExtension>> | Promise<Readonly<Record<string, SourceExtension>>>);

const handlerSchema = z.custom<Handler>(
  (value) => hasAll(value, { name: 'string', takes: 'function', handle: 'function' }),
  "must be a handler: on('customer.updated', async (record, context) => { … })",
);
const destinationSchema = z.custom<Destination>(
  (value) => hasAll(value, { name: 'string', deliver: 'function' }),
  'must be a destination, such as httpDestination({ … })',
);
const extensionSchema = z.preprocess(
  (value) => (Array.isArray(value) ? { handlers: value as unknown } : value),
  z.strictObject(
    { handlers: z.array(handlerSchema).default([]), destinations: z.array(destinationSchema).default([]) },
    { error: 'must be a list of handlers, or { handlers: […], destinations: […] }' },
  ),
);
const exportSchema = z.record(z.string(), extensionSchema, {
  error: "must export by default what each source gets: { stripe: [on('customer.updated', …)] }",
});

/**
 * The sources with the handlers and destinations of a module beside their own. What is for a vendor is for each of its accounts.
 *
 * @param path - of the module, from the working directory
 * @param options.known - names of sources that may be off here: what is for them is left out
 * @throws ConfigurationError where it cannot be loaded, exports something else, or names a source that there is not
 */
export async function loadHandlers(
  path: string,
  sources: readonly Source[],
  { known }: { known: readonly string[] },
): Promise<Source[]> {
  const extensions = readExtensions(path, await load(path));
  const names = [...new Set([...sources.flatMap(({ name }) => [name, withoutAccount(name)]), ...known])];
  for (const name of Object.keys(extensions)) {
    if (names.includes(name) || known.includes(withoutAccount(name))) continue;
    const near = nearestName(name, names);
    const hint = near === null ? `There are: ${names.join(', ')}.` : `Did you mean "${near}"?`;
    throw new ConfigurationError(`LANDFALL_HANDLERS: ${path}: there is no source "${name}". ${hint}`);
  }
  return sources.map((source) => {
    const own = [...new Set([withoutAccount(source.name), source.name])].flatMap(
      (name) => extensions[name] ?? [],
    );
    try {
      return own.reduce<Source>(withReceivers, source);
    } catch (error) {
      if (!(error instanceof ConfigurationError)) throw error;
      throw new ConfigurationError(`LANDFALL_HANDLERS: ${path}: ${error.message}`, { cause: error });
    }
  });
}

async function load(path: string): Promise<unknown> {
  try {
    const module: unknown = await import(pathToFileURL(resolve(path)).href);
    const exported: unknown =
      typeof module === 'object' && module !== null ? Reflect.get(module, 'default') : undefined;
    return typeof exported === 'function'
      ? await (exported as (surface: typeof landfall) => unknown)(landfall)
      : exported;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new ConfigurationError(`LANDFALL_HANDLERS: ${path} cannot be loaded: ${why}`, { cause: error });
  }
}

function readExtensions(path: string, exported: unknown): z.infer<typeof exportSchema> {
  const read = exportSchema.safeParse(exported);
  if (read.success) return read.data;
  const problems = read.error.issues.map((issue) => {
    const place = issue.path.length === 0 ? '' : `${issue.path.map(String).join('.')} `;
    return `${place}${issue.message}`;
  });
  throw new ConfigurationError(`LANDFALL_HANDLERS: ${path}: ${problems.join('; ')}.`);
}

function hasAll(value: unknown, parts: Readonly<Record<string, 'string' | 'function'>>): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    Object.entries(parts).every(([name, type]) => typeof Reflect.get(value, name) === type)
  );
}
