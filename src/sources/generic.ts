import { z } from 'zod';
import { databaseDestination } from '../destinations/database.ts';
import type { Destination } from '../destinations/define-destination.ts';
import { httpDestination } from '../destinations/http.ts';
import { ConfigurationError, UnreadableEventError } from '../errors.ts';
import { sourceKey } from '../model/ids.ts';
import { isJsonObject } from '../model/json.ts';
import { defineSource, type Source } from './define-source.ts';
import { readGenericEvent } from './generic-event.ts';
import { createGenericFetch } from './generic-fetch.ts';
import { createGenericScheme } from './generic-scheme.ts';
import { type GenericDestination, genericSourceSchema, type GenericSourceSpec } from './generic-schema.ts';
import { readPointer } from './json-pointer.ts';
import { ofAccount, optionalSecret, type SecretEnv, secretList } from './secret-settings.ts';

/**
 * A source from its description, for vendors that need no code of their own. It does not list changes, so it cannot be
 * reconciled. With the scheme `slack` it answers Slack's `url_verification`.
 *
 * @param env - holds the secrets and tokens that the description names
 * @param account - of several at the vendor; its variables are its own
 * @throws ConfigurationError where one of them is not set, or a secret is malformed
 */
export function genericSource(
  described: GenericSourceSpec,
  env: SecretEnv,
  account: string | null = null,
): Source {
  const spec = withVariablesOf(described, account);
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
      bodyFormats: [spec.bodyFormat],
      ...(spec.events === undefined ? {} : { split: splitAt(spec.events) }),
      readEvent: (delivery) => readGenericEvent(spec, delivery),
      ...(spec.scheme.type === 'slack' ? { handshake: answerSlack } : {}),
      ...(spec.fetch === undefined
        ? {}
        : { fetchRecord: createGenericFetch(spec.name, spec.fetch, readVariable(env, spec.fetch.tokenEnv)) }),
      destinations: destinationsOf(spec).map(([, each]) => createDestination(each, env)),
      ...(spec.retry === undefined ? {} : { retry: spec.retry }),
      ...(spec.consecutiveVersions === undefined
        ? {}
        : { ordering: { consecutiveVersions: spec.consecutiveVersions } }),
      ...(spec.hold === undefined ? {} : { hold: spec.hold === false ? null : spec.hold }),
      ...(spec.silence === undefined ? {} : { watch: spec.silence === false ? null : spec.silence }),
      ...(spec.taskQueue === undefined ? {} : { taskQueue: spec.taskQueue }),
      ...(spec.redact === undefined ? {} : { redact: spec.redact }),
    }),
  });
  return { ...definition.create({}), name: sourceKey(spec.name, account) };
}

/** The description with the names of the account's own variables in it. */
function withVariablesOf(spec: GenericSourceSpec, account: string | null): GenericSourceSpec {
  if (account === null) return spec;
  const own = <Part extends object>(part: Part): Part =>
    Object.fromEntries(
      Object.entries(part).map(([name, value]) => [
        name,
        name.endsWith('Env') && typeof value === 'string' ? ofAccount(value, account) : (value as unknown),
      ]),
    ) as Part;
  return {
    ...own(spec),
    ...(spec.fetch === undefined
      ? {}
      : {
          fetch: { ...own(spec.fetch), urlTemplate: spec.fetch.urlTemplate.replaceAll('{account}', account) },
        }),
    ...(spec.destination === undefined ? {} : { destination: own(spec.destination) }),
    ...(spec.destinations === undefined ? {} : { destinations: spec.destinations.map(own) }),
  };
}

/**
 * The sources that a JSON text describes, an array of what `genericSourceSchema` takes.
 *
 * @param onSecret - told of each secret that is in a variable, whatever the description calls it, so that it can be redacted
 * @throws ConfigurationError with every mistake, each by its place in the JSON
 */
export function readGenericSources(
  jsonText: string,
  env: SecretEnv,
  onSecret: (text: string) => void = () => undefined,
): Source[] {
  const specs = z.array(genericSourceSchema).safeParse(parseJson(jsonText));
  if (!specs.success) {
    throw describe(specs.error.issues.map(({ path, message }) => `${toPointer(path)}: ${message}`));
  }
  const problems: string[] = [];
  const sources: Source[] = [];
  for (const [index, spec] of specs.data.entries()) {
    if (specs.data.findIndex(({ name }) => name === spec.name) < index) {
      problems.push(`/${index}/name: there is another source named "${spec.name}"`);
    }
    for (const account of spec.accounts ?? [null]) {
      const own = withVariablesOf(spec, account);
      for (const { variable } of namedBy(own)) {
        const value = variable === undefined ? undefined : env[variable];
        if (typeof value === 'string') onSecret(value);
      }
      const unset = findUnset(own, env);
      problems.push(
        ...unset.map(({ path, variable }) => `/${index}${path}: set ${variable} in the environment`),
      );
      if (unset.length > 0) continue;
      try {
        sources.push(genericSource(spec, env, account));
      } catch (error) {
        if (!(error instanceof ConfigurationError)) throw error;
        problems.push(`/${index}: ${error.message}`);
      }
    }
  }
  if (problems.length > 0) throw describe(problems);
  return sources;
}

function splitAt(pointer: string): NonNullable<Source['split']> {
  return ({ body }) => {
    const events = readPointer(body, pointer);
    if (Array.isArray(events)) return events;
    throw new UnreadableEventError(`The body holds no array of events at "${pointer}".`);
  };
}

/** @see https://docs.slack.dev/reference/events/url_verification */
const answerSlack: NonNullable<Source['handshake']> = ({ body }) => {
  if (!isJsonObject(body) || body['type'] !== 'url_verification') return null;
  return { challenge: body['challenge'] ?? null };
};

/** Each with its place in the description. */
function destinationsOf({
  destination,
  destinations = [],
}: GenericSourceSpec): [string, GenericDestination][] {
  return [
    ...(destination === undefined
      ? []
      : [['/destination', destination] satisfies [string, GenericDestination]]),
    ...destinations.map((each, index): [string, GenericDestination] => [`/destinations/${index}`, each]),
  ];
}

function createDestination(spec: GenericDestination, env: SecretEnv): Destination {
  if (spec.type === 'database') {
    const { urlEnv, ...options } = spec;
    return databaseDestination({ ...options, connectionString: readVariable(env, urlEnv) ?? '' });
  }
  const token = readVariable(env, spec.tokenEnv);
  return httpDestination({
    name: spec.name,
    url: spec.url,
    secret: spec.secretEnv === undefined ? undefined : secretList().parse(env[spec.secretEnv]),
    timeoutMilliseconds: spec.timeoutMilliseconds,
    retry: spec.retry,
    headers: token === undefined ? {} : { authorization: () => `Bearer ${token()}` },
  });
}

/** The variables that the description names and nobody has set, each with its place in the description. */
function findUnset(spec: GenericSourceSpec, env: SecretEnv): { path: string; variable: string }[] {
  return namedBy(spec).flatMap(({ path, variable }) =>
    variable === undefined || readVariable(env, variable) !== undefined ? [] : [{ path, variable }],
  );
}

function namedBy(spec: GenericSourceSpec): { path: string; variable: string | undefined }[] {
  return [
    { path: '/secretEnv', variable: spec.secretEnv },
    { path: '/fetch/tokenEnv', variable: spec.fetch?.tokenEnv },
    ...destinationsOf(spec).flatMap(([path, each]) =>
      each.type === 'database'
        ? [{ path: `${path}/urlEnv`, variable: each.urlEnv }]
        : [
            { path: `${path}/tokenEnv`, variable: each.tokenEnv },
            { path: `${path}/secretEnv`, variable: each.secretEnv },
          ],
    ),
  ];
}

function readVariable(env: SecretEnv, name: string | undefined): (() => string) | undefined {
  return name === undefined ? undefined : optionalSecret().parse(env[name]);
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
