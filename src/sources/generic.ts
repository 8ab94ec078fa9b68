import { z } from 'zod';
import type { Destination } from '../destinations/define-destination.ts';
import { httpDestination } from '../destinations/http.ts';
import { ConfigurationError } from '../errors.ts';
import { isJsonObject } from '../model/json.ts';
import { defineSource, secretList, type Source } from './define-source.ts';
import { readGenericEvent } from './generic-event.ts';
import { createGenericFetch } from './generic-fetch.ts';
import { createGenericScheme } from './generic-scheme.ts';
import { genericSourceSchema, type GenericSourceSpec } from './generic-schema.ts';

type Env = Readonly<Record<string, string | undefined>>;

/**
 * A source from its description, for vendors that need no code of their own. It does not list changes, so it cannot be
 * reconciled. With the scheme `slack` it answers Slack's `url_verification`.
 *
 * @param env - holds the secrets and tokens that the description names
 * @throws ConfigurationError where one of them is not set, or a secret is malformed
 */
export function genericSource(spec: GenericSourceSpec, env: Env): Source {
  const unset = findUnset(spec, env);
  if (unset.length > 0) {
    throw new ConfigurationError(
      `The source "${spec.name}" needs ${unset.map(({ variable }) => variable).join(', ')} in the environment.`,
    );
  }
  const definition = defineSource({
    name: spec.name,
    settings: {},
    create: () => ({
      verification: createGenericScheme(spec.scheme, secretList().parse(env[spec.secretEnv])),
      readEvent: (delivery) => readGenericEvent(spec, delivery),
      ...(spec.scheme.type === 'slack' ? { handshake: answerSlack } : {}),
      ...(spec.fetch === undefined
        ? {}
        : { fetchRecord: createGenericFetch(spec.name, spec.fetch, readVariable(env, spec.fetch.tokenEnv)) }),
      ...(spec.destination === undefined ? {} : { destinations: [createDestination(spec.destination, env)] }),
      ...(spec.retry === undefined ? {} : { retry: spec.retry }),
      ...(spec.taskQueue === undefined ? {} : { taskQueue: spec.taskQueue }),
    }),
  });
  return definition.create({});
}

/**
 * The sources that a JSON text describes, an array of what `genericSourceSchema` takes.
 *
 * @throws ConfigurationError with every mistake, each by its place in the JSON
 */
export function readGenericSources(jsonText: string, env: Env): Source[] {
  const specs = z.array(genericSourceSchema).safeParse(parseJson(jsonText));
  if (!specs.success) {
    throw describe(specs.error.issues.map(({ path, message }) => `${toPointer(path)}: ${message}`));
  }
  const problems: string[] = [];
  const sources: Source[] = [];
  for (const [index, spec] of specs.data.entries()) {
    const unset = findUnset(spec, env);
    problems.push(
      ...unset.map(({ path, variable }) => `/${index}${path}: set ${variable} in the environment`),
    );
    if (specs.data.findIndex(({ name }) => name === spec.name) < index) {
      problems.push(`/${index}/name: there is another source named "${spec.name}"`);
    }
    if (unset.length > 0) continue;
    try {
      sources.push(genericSource(spec, env));
    } catch (error) {
      if (!(error instanceof ConfigurationError)) throw error;
      problems.push(`/${index}: ${error.message}`);
    }
  }
  if (problems.length > 0) throw describe(problems);
  return sources;
}

/** @see https://docs.slack.dev/reference/events/url_verification */
const answerSlack: NonNullable<Source['handshake']> = ({ body }) => {
  if (!isJsonObject(body) || body['type'] !== 'url_verification') return null;
  return { challenge: body['challenge'] ?? null };
};

function createDestination(spec: NonNullable<GenericSourceSpec['destination']>, env: Env): Destination {
  const token = readVariable(env, spec.tokenEnv);
  return httpDestination({
    name: spec.name,
    url: spec.url,
    secret: readVariable(env, spec.secretEnv),
    timeoutMilliseconds: spec.timeoutMilliseconds,
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
  });
}

/** The variables that the description names and nobody has set, each with its place in the description. */
function findUnset(spec: GenericSourceSpec, env: Env): { path: string; variable: string }[] {
  const named = [
    { path: '/secretEnv', variable: spec.secretEnv },
    { path: '/fetch/tokenEnv', variable: spec.fetch?.tokenEnv },
    { path: '/destination/tokenEnv', variable: spec.destination?.tokenEnv },
    { path: '/destination/secretEnv', variable: spec.destination?.secretEnv },
  ];
  return named.flatMap(({ path, variable }) =>
    variable === undefined || readVariable(env, variable) !== undefined ? [] : [{ path, variable }],
  );
}

function readVariable(env: Env, name: string | undefined): string | undefined {
  const value = name === undefined ? undefined : env[name]?.trim();
  return value === '' ? undefined : value;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ConfigurationError(
      `The described sources are not JSON: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    );
  }
}

function toPointer(path: readonly PropertyKey[]): string {
  return path.map((part) => `/${String(part)}`).join('') || 'the whole file';
}

function describe(problems: readonly string[]): ConfigurationError {
  return new ConfigurationError(
    `The described sources have ${problems.length === 1 ? 'a mistake' : `${problems.length} mistakes`}:\n${problems.map((each) => `  ${each}`).join('\n')}`,
  );
}
