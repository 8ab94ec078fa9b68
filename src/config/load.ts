import type { ChannelSettings } from '../alerting/channel.ts';
import type { ConsoleSettings } from '../console/access.ts';
import { ConfigurationError } from '../errors.ts';
import type { AlertSettings } from '../model/alerts.ts';
import type { DeadLetterTimers } from '../model/dead-letter.ts';
import { defaultHold, type HoldSettings } from '../model/hold.ts';
import { defaultWatch, type WatchSettings } from '../model/silence.ts';
import type { Retention } from '../model/retention.ts';
import { type KeyRing, noKeys } from '../privacy/key-ring.ts';
import { bothOf, type Redaction } from '../privacy/redaction.ts';
import type { AddressList } from '../sources/address-list.ts';
import type { Source, SourceDefinition } from '../sources/define-source.ts';
import type { SecretEnv } from '../sources/secret-settings.ts';
import type { TracingSettings } from '../monitoring/start-tracing.ts';
import { loadTemporalTarget, type TemporalTarget } from '../temporal/client.ts';
import { readChannels } from './channels.ts';
import { type CodecServerConfig, readCodecServer } from './codec-server.ts';
import { nearestName } from './nearest-name.ts';
import { loadSources } from './load-sources.ts';
import { loadTracing } from './load-tracing.ts';
import { readPayloadKeys } from './payload-keys.ts';
import { type SettingValues, settings } from './schema.ts';
import { withSecretFiles } from './secret-files.ts';
import { isSecret, secretValues } from './secret-values.ts';

/** Who asks: `dev` needs nothing set, `receiver` and `worker` need what they share, `command` only what it uses. */
export type ConfigMode = 'dev' | 'receiver' | 'worker' | 'command';

/** Every setting of a process, read once and checked. */
export interface Config {
  /** null: the embedded PGlite. */
  databaseUrl: string | null;
  poolSize: number;
  dataDirectory: string;
  host: string;
  port: number;
  opsHost: string;
  opsPort: number;
  console: ConsoleSettings;
  /** Where the Temporal UI is; null: not known. */
  temporalUiUrl: string | null;
  /** Of sources that say nothing of it; null: the usual one. */
  maxBodyBytes: number | null;
  inlineBodyBytes: number;
  heldBodyBytes: number;
  /** What the port for webhooks takes at once, and how slowly. */
  limits: {
    requestMilliseconds: number;
    maxConnections: number;
    /** null: as many as all together. */
    maxConnectionsPerAddress: number | null;
    maxRequestsPerSource: number;
    /** null: nobody speaks for others. */
    trustedProxies: AddressList | null;
  };
  /** null: no setting says where Temporal is. */
  temporal: TemporalTarget | null;
  temporalCli: string | null;
  taskQueue: string;
  timers: DeadLetterTimers;
  /** null: no source is ever held, unless it says so itself. */
  hold: HoldSettings | null;
  /** null: no source is watched, unless it says so itself. */
  watch: WatchSettings | null;
  /** null: nothing is judged, and nobody told. */
  alerts: AlertSettings | null;
  channels: ChannelSettings;
  /** null: for good. */
  keepProcessedMilliseconds: number | null;
  /** How long the rows of the other tables are kept. */
  retention: Retention;
  /** The worker deployment that this build is a version of; null: workers are not versioned. */
  deployment: { deploymentName: string; buildId: string } | null;
  drainMilliseconds: number;
  shutdownGraceMilliseconds: number;
  logLevel: SettingValues['LANDFALL_LOG_LEVEL'];
  /** null: pretty on a terminal. */
  logFormat: 'json' | 'pretty' | null;
  /** null: nobody asks for traces. */
  tracing: TracingSettings | null;
  sources: readonly Source[];
  /** What people do not get to see of any source; it is part of what each of them hides. */
  redaction: Redaction;
  /** Names of all that could be on: built in, or of `LANDFALL_ADAPTERS`. */
  knownSources: readonly string[];
  /** The module with handlers and destinations for them; null: none. See `loadHandlers`. */
  handlersModule: string | null;
  /** Of what is written to Temporal. Without one, nothing is encrypted. */
  payloadKeys: KeyRing;
  codecServer: CodecServerConfig;
  /** Whatever must never be seen in a log or an error. It grows when a secret in a file changes. */
  secrets: Set<string>;
}

/** They tell an outage while it lasts, and whose dead letters came of it. */
const failuresKeptMilliseconds = 90 * 86_400_000;

/**
 * Reads the settings. A variable that is set to nothing counts as not set.
 *
 * @param env - the environment, by name
 * @param options.definitions - the vendors that can be switched on
 * @throws ConfigurationError that names every mistake at once, with what to set; never the value of a secret
 */
export function loadConfig(
  env: Readonly<Record<string, string | undefined>>,
  { mode, definitions }: { mode: ConfigMode; definitions: readonly SourceDefinition[] },
): Config {
  const set = Object.fromEntries(Object.entries(env).filter(([, value]) => value?.trim()));
  const problems: string[] = [];
  const secrets = new Set(secretValues(set));
  const onSecret = (text: string): void => {
    for (const secret of secretValues({ SECRET: text })) secrets.add(secret);
  };
  const withFiles = withSecretFiles(set, onSecret);
  const given = { ...set, ...readOnce(withFiles, problems) };
  const values = readSettings(given, problems);
  problems.push(...unknownSettings(given), ...halfAProxy(values));

  const channels = readChannels(values, problems);
  const temporal = attempt(problems, () => loadTemporalTarget(given)) ?? null;
  const payloadKeys =
    attempt(problems, () => readPayloadKeys(withFiles, (key) => secrets.add(key))) ?? noKeys;
  const codecServer = attempt(problems, () => readCodecServer(values, withFiles));
  const tracing = loadTracing(given, problems);
  const before = problems.length;
  const needSecrets = mode === 'receiver';
  const redaction = values.LANDFALL_REDACT;
  const sources = loadSources(withFiles, values, definitions, problems, { needSecrets, onSecret }).map(
    (source) => ({ ...source, redaction: bothOf(source.redaction, redaction) }),
  );
  // A source that is on and wrong has been told of.
  const noneIsOn = sources.length === 0 && problems.length === before;
  if (mode === 'receiver' || mode === 'worker') {
    if (values.DATABASE_URL === null && given['DATABASE_URL'] === undefined) {
      problems.push(
        'DATABASE_URL: is not set. Receivers and workers share one PostgreSQL: set postgresql://user:password@host:5432/database.',
      );
    }
    if (temporal === null) {
      problems.push(
        'TEMPORAL_ADDRESS: is not set. Set the host:port of your Temporal, such as localhost:7233.',
      );
    }
    if (noneIsOn) {
      const names = definitions.map(({ name }) => name).join(', ');
      problems.push(
        `LANDFALL_SOURCES: no source is on. Set the webhook secret of one (${names}), such as STRIPE_WEBHOOK_SECRET, or LANDFALL_SOURCES_FILE.`,
      );
    }
  }
  if (problems.length > 0 || codecServer === undefined) {
    throw new ConfigurationError(
      `The configuration has ${describeCount(problems.length)}:\n- ${problems.join('\n- ')}`,
    );
  }
  const host = mode === 'dev' ? '127.0.0.1' : '0.0.0.0';
  return Object.freeze({
    databaseUrl: values.DATABASE_URL,
    poolSize: values.LANDFALL_STORE_POOL_SIZE,
    dataDirectory: values.LANDFALL_DATA_DIRECTORY,
    host: values.LANDFALL_HOST ?? host,
    port: values.LANDFALL_PORT,
    opsHost: values.LANDFALL_OPS_HOST ?? host,
    opsPort: values.LANDFALL_OPS_PORT,
    console: consoleSettings(values),
    temporalUiUrl: values.LANDFALL_TEMPORAL_UI_URL,
    maxBodyBytes: values.LANDFALL_MAX_BODY_BYTES,
    inlineBodyBytes: values.LANDFALL_INLINE_BODY_BYTES,
    heldBodyBytes: values.LANDFALL_HELD_BODY_BYTES,
    limits: {
      requestMilliseconds: values.LANDFALL_REQUEST_TIMEOUT,
      maxConnections: values.LANDFALL_MAX_CONNECTIONS,
      maxConnectionsPerAddress: values.LANDFALL_MAX_CONNECTIONS_PER_ADDRESS,
      maxRequestsPerSource: values.LANDFALL_MAX_REQUESTS_PER_SOURCE,
      trustedProxies: values.LANDFALL_TRUSTED_PROXIES,
    },
    temporal,
    temporalCli: values.LANDFALL_TEMPORAL_CLI,
    taskQueue: values.LANDFALL_TASK_QUEUE,
    timers: {
      remindAfterMilliseconds: values.LANDFALL_DEAD_LETTER_REMIND,
      escalateAfterMilliseconds: values.LANDFALL_DEAD_LETTER_ESCALATE,
    },
    hold:
      values.LANDFALL_HOLD_AFTER === null ? null : { ...defaultHold, entities: values.LANDFALL_HOLD_AFTER },
    watch:
      values.LANDFALL_SILENCE === null
        ? null
        : { ...defaultWatch, minimumMilliseconds: values.LANDFALL_SILENCE },
    alerts: readAlerts(values),
    channels,
    keepProcessedMilliseconds: values.LANDFALL_KEEP_PROCESSED,
    retention: {
      rejections: values.LANDFALL_KEEP_REJECTIONS,
      conflicts: values.LANDFALL_KEEP_CONFLICTS,
      reports: values.LANDFALL_KEEP_REPORTS,
      deleted: values.LANDFALL_KEEP_DELETED,
      deliveries: values.LANDFALL_KEEP_PROCESSED,
      failures: failuresKeptMilliseconds,
      // An open dead letter says each time it reminds that its body is in use.
      bodies: Math.max(values.LANDFALL_KEEP_BODIES, 2 * values.LANDFALL_DEAD_LETTER_REMIND),
    },
    // Of a server of one's own in dev nobody makes a version the current one.
    deployment:
      mode === 'dev' || values.LANDFALL_BUILD_ID === null
        ? null
        : { deploymentName: values.LANDFALL_DEPLOYMENT_NAME, buildId: values.LANDFALL_BUILD_ID },
    drainMilliseconds: mode === 'dev' ? 0 : (values.LANDFALL_DRAIN ?? 0),
    shutdownGraceMilliseconds: values.LANDFALL_SHUTDOWN_GRACE,
    logLevel: values.LANDFALL_LOG_LEVEL,
    logFormat: values.LANDFALL_LOG_FORMAT,
    tracing,
    sources,
    redaction,
    knownSources: definitions.map(({ name }) => name),
    handlersModule: values.LANDFALL_HANDLERS,
    payloadKeys,
    codecServer,
    secrets,
  });
}

/** What is connected with once: a new password counts from the next start on. */
const readAtStart = [
  'DATABASE_URL',
  'TEMPORAL_API_KEY',
  'LANDFALL_CONSOLE_TOKEN',
  'LANDFALL_ALERT_SLACK_URL',
  'LANDFALL_ALERT_WEBHOOK_URL',
  'LANDFALL_ALERT_WEBHOOK_SECRET',
  'LANDFALL_ALERT_SMTP_URL',
] as const;

function readOnce(env: SecretEnv, problems: string[]): Record<string, string> {
  return Object.fromEntries(
    readAtStart.flatMap((name) => {
      const value = attempt(problems, () => env[name]);
      return typeof value === 'function' ? [[name, value()]] : [];
    }),
  );
}

function readSettings(given: Record<string, unknown>, problems: string[]): SettingValues {
  const values: Record<string, unknown> = {};
  for (const [name, { schema }] of Object.entries(settings)) {
    const read = schema.safeParse(given[name]);
    if (read.success) values[name] = read.data;
    else {
      problems.push(`${name}: ${read.error.issues.map((issue) => issue.message).join('; ')}.`);
      values[name] = schema.safeParse(undefined).data;
    }
  }
  // Each value has been through the schema of its name, or is that schema's default.
  return values as unknown as SettingValues;
}

function readAlerts(values: SettingValues): AlertSettings | null {
  if (values.LANDFALL_ALERT_EVERY === null) return null;
  return {
    everyMilliseconds: values.LANDFALL_ALERT_EVERY,
    settleMilliseconds: values.LANDFALL_ALERT_SETTLE,
    rejections: values.LANDFALL_ALERT_REJECTIONS,
    deadLetters: values.LANDFALL_ALERT_DEAD_LETTERS,
    deadLetterAgeMilliseconds: values.LANDFALL_ALERT_DEAD_LETTER_AGE,
    inboxMilliseconds: values.LANDFALL_ALERT_INBOX,
    lagMilliseconds: values.LANDFALL_ALERT_LAG,
  };
}

function consoleSettings({
  LANDFALL_CONSOLE_TOKEN: token,
  LANDFALL_CONSOLE_USER_HEADER: userHeader,
  LANDFALL_CONSOLE_PROXIES: addresses,
}: SettingValues): ConsoleSettings {
  const proxy = userHeader === null || addresses === null ? null : { userHeader, addresses };
  return { token, proxy };
}

/** One without the other would believe everybody, or nobody. */
function halfAProxy(values: SettingValues): string[] {
  const { LANDFALL_CONSOLE_USER_HEADER: userHeader, LANDFALL_CONSOLE_PROXIES: addresses } = values;
  if ((userHeader === null) === (addresses === null)) return [];
  const missing = userHeader === null ? 'LANDFALL_CONSOLE_USER_HEADER' : 'LANDFALL_CONSOLE_PROXIES';
  return [`${missing}: is not set. An authenticating proxy needs both its header and its addresses.`];
}

/** A misspelt setting would otherwise be without effect, and nobody would know. */
function unknownSettings(given: Record<string, unknown>): string[] {
  const own = Object.keys(settings);
  const names = [...own, ...own.filter(isSecret).map((name) => `${name}_FILE`)];
  return Object.keys(given)
    .filter((name) => name.startsWith('LANDFALL_') && !names.includes(name))
    .map((name) => {
      const near = nearestName(name, names);
      return `${name}: is no setting of Landfall.${near === null ? ' See docs/configuration.md.' : ` Did you mean ${near}?`}`;
    });
}

function attempt<Result>(problems: string[], read: () => Result): Result | undefined {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    problems.push(error.message);
    return undefined;
  }
}

function describeCount(count: number): string {
  return count === 1 ? 'one mistake' : `${count} mistakes`;
}
