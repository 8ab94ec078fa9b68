import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { ConfigurationError } from '../errors.ts';
import type { Source, SourceDefinition } from '../sources/define-source.ts';
import { readGenericSources } from '../sources/generic.ts';
import { sourceKey, withoutAccount } from '../model/ids.ts';
import { isLive, type SecretEnv } from '../sources/secret-settings.ts';
import { accountsVariable, readAccounts, secretVariable, variablesOf } from './accounts.ts';
import { nearestName } from './nearest-name.ts';
import type { SettingValues } from './schema.ts';
import { tune } from './tune.ts';

/**
 * Makes the sources that are on, from the registry and from the sources file; adds each mistake to `problems`.
 *
 * @param options.needSecrets - whether a source without a webhook secret is a mistake: a receiver would refuse each of its deliveries
 * @param options.onSecret - told of each secret of a described source, so that it can be redacted
 */
export function loadSources(
  env: SecretEnv,
  {
    LANDFALL_SOURCES: wanted,
    LANDFALL_SOURCES_FILE: file,
    LANDFALL_MAX_BODY_BYTES: maxBodyBytes,
  }: Pick<SettingValues, 'LANDFALL_SOURCES' | 'LANDFALL_SOURCES_FILE' | 'LANDFALL_MAX_BODY_BYTES'>,
  definitions: readonly SourceDefinition[],
  problems: string[],
  { needSecrets, onSecret }: { needSecrets: boolean; onSecret: (text: string) => void },
): Source[] {
  const described = file === null ? [] : readFile(file, { env, problems, onSecret });
  const known = [...definitions, ...described].map(({ name }) => withoutAccount(name));
  for (const name of wanted ?? []) {
    if (known.includes(name)) continue;
    const near = nearestName(name, known);
    problems.push(
      `LANDFALL_SOURCES: there is no source "${name}".${near === null ? ` There are: ${known.join(', ')}.` : ` Did you mean "${near}"?`}`,
    );
  }
  const on = definitions.filter(
    ({ name }) => wanted?.includes(name) ?? (secretVariable(name) in env || accountsVariable(name) in env),
  );
  const built = on.flatMap((definition) => {
    const accounts = attempt(definition.name, problems, () => readAccounts(definition.name, env)) ?? [];
    return accounts.flatMap((account) => create(definition, { env, account, needSecrets, problems }));
  });
  const sources = [...built, ...described].map((source) => tune(source, env, { problems, maxBodyBytes }));
  for (const { name } of described) {
    if (built.some((source) => withoutAccount(source.name) === withoutAccount(name))) {
      problems.push(
        `LANDFALL_SOURCES_FILE: "${name}" is described there and built in as well. Give it another name.`,
      );
    }
  }
  return sources;
}

interface Making {
  env: SecretEnv;
  account: string | null;
  needSecrets: boolean;
  problems: string[];
}

/** Makes a source, or one of its accounts; none where something is wrong with it. */
function create(definition: SourceDefinition, { env, account, needSecrets, problems }: Making): Source[] {
  const variableOf = variablesOf(env, account);
  const key = sourceKey(definition.name, account);
  const secret = secretVariable(definition.name);
  if (needSecrets && secret in definition.settings && !(variableOf(secret) in env)) {
    problems.push(
      `${variableOf(secret)}: is not set. Set the signing secret that the vendor shows, or every delivery of "${key}" is refused.`,
    );
  }
  const given = attempt(key, problems, () => valuesOf(definition, env, variableOf));
  if (given === null) return [];
  const read = z.object(definition.settings).safeParse(given);
  if (!read.success) {
    for (const issue of read.error.issues) {
      const name = issue.path.join('.');
      const what = given[name] === undefined ? `is not set, and the source "${key}" needs it` : issue.message;
      problems.push(`${variableOf(name)}: ${what}.`);
    }
    return [];
  }
  const source = attempt(key, problems, () => definition.create(read.data));
  return source === null ? [] : [{ ...source, name: key }];
}

/** What the source's variables say; a file that may change is read now for those that take no function. */
function valuesOf(
  { settings }: SourceDefinition,
  env: SecretEnv,
  variableOf: (name: string) => string,
): SecretEnv {
  return Object.fromEntries(
    Object.entries(settings).map(([name, schema]) => {
      const value = env[variableOf(name)];
      return [name, typeof value === 'function' && !isLive(schema) ? value() : value];
    }),
  );
}

function attempt<Result>(name: string, problems: string[], work: () => Result): Result | null {
  try {
    return work();
  } catch (error) {
    problems.push(`${name}: ${describe(error)}`);
    return null;
  }
}

function readFile(
  path: string,
  { env, problems, onSecret }: Pick<Making, 'env' | 'problems'> & { onSecret: (text: string) => void },
): Source[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    problems.push(`LANDFALL_SOURCES_FILE: ${path} cannot be read: ${describe(error)}`);
    return [];
  }
  try {
    return readGenericSources(text, env, onSecret);
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
