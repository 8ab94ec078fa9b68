import ms from 'ms';
import { z } from 'zod';
import { isAddressRange } from '../console/address-ranges.ts';
import { splitList } from '../model/split-list.ts';
import { noRedaction, readRedaction } from '../privacy/redaction.ts';
import { addressList } from '../sources/address-list.ts';
import { largestBodyBytes, largestInlineBytes } from '../sources/body-limit.ts';

/** One environment variable: what it means, what holds where it is not set, and its schema. */
export interface Setting<Schema extends z.ZodType = z.ZodType> {
  sense: string;
  /** For people; the schema itself has the value. */
  fallback: string;
  schema: Schema;
}

function setting<Schema extends z.ZodType>(sense: string, fallback: string, schema: Schema): Setting<Schema> {
  return { sense, fallback, schema };
}

const port = z.coerce.number('must be a port').int().min(0).max(65_535);
const count = z.coerce.number('must be a whole number').int().min(1);
const httpUrl = z.url({
  protocol: /^https?$/,
  error: 'must be a URL that begins with http:// or https://',
});
const list = z.string().transform((text) => splitList(text));
/** Shorter ones can be guessed. */
const leastTokenLength = 20;

/** A duration such as `30s`, `4h` or `2 days`, in milliseconds. */
export const duration = z.string().transform((text, context) => {
  const milliseconds = ms(text as ms.StringValue) as number | undefined;
  if (milliseconds !== undefined && milliseconds > 0) return milliseconds;
  context.addIssue('must be a duration such as 30s, 4h or 2 days');
  return z.NEVER;
});

/** Rules of what people do not get to see. */
export const redaction = list.transform((rules, context) => {
  try {
    return readRedaction(rules);
  } catch (error) {
    context.addIssue(error instanceof Error ? error.message : String(error));
    return z.NEVER;
  }
});
/** The largest body, of one source or of all. */
export const bodyBytes = count.max(largestBodyBytes, `must be at most ${largestBodyBytes} (25 MiB)`);

/** A setting that `off` switches off. */
const orOff = <Schema extends z.ZodType>(schema: Schema, error: string) =>
  z.union([z.literal('off').transform(() => null), schema], { error });

/** Landfall's own settings. Temporal's are read by Temporal's own loader, those of a source are named by its adapter. */
export const settings = {
  DATABASE_URL: setting(
    'The PostgreSQL of the store, `postgresql://user:password@host/database`. Receivers and workers share it.',
    'embedded PGlite; only for `landfall dev`',
    z
      .url({ protocol: /^postgres(ql)?$/, error: 'must be postgresql://user:password@host:port/database' })
      .nullable()
      .default(null),
  ),
  LANDFALL_STORE_POOL_SIZE: setting(
    'Connections to PostgreSQL of one process.',
    '`10`',
    count.max(1_000).default(10),
  ),
  LANDFALL_HOST: setting(
    'The address on which the receiver listens for webhooks.',
    '`127.0.0.1` in dev, else `0.0.0.0`',
    z.string().nullable().default(null),
  ),
  LANDFALL_PORT: setting(
    'The port on which the receiver listens for webhooks.',
    '`3000`; in dev the next free one',
    port.default(3_000),
  ),
  LANDFALL_OPS_HOST: setting(
    'The address of `/livez`, `/readyz`, `/metrics` and `/console`. Vendors must never reach it.',
    '`127.0.0.1` in dev, else `0.0.0.0`',
    z.string().nullable().default(null),
  ),
  LANDFALL_OPS_PORT: setting(
    'The port of `/livez`, `/readyz`, `/metrics` and `/console`.',
    '`3001`; in dev the next free one',
    port.default(3_001),
  ),
  LANDFALL_CONSOLE_TOKEN: setting(
    'Opens the console to whoever knows it, where the ops port can be reached from elsewhere; at least 20 characters.',
    'none: the console is served on loopback only',
    z
      .string()
      .min(
        leastTokenLength,
        `must have at least ${leastTokenLength} characters, such as from: openssl rand -hex 20`,
      )
      .nullable()
      .default(null),
  ),
  LANDFALL_CONSOLE_USER_HEADER: setting(
    'The header in which an authenticating proxy says who the user is, such as `X-Forwarded-User`. With `LANDFALL_CONSOLE_PROXIES`.',
    'none',
    z
      .string()
      .regex(/^[\w-]+$/, 'must be the name of a header')
      .toLowerCase()
      .nullable()
      .default(null),
  ),
  LANDFALL_CONSOLE_PROXIES: setting(
    'The addresses from which that header is believed, separated by commas: `10.0.0.7`, `10.1.0.0/16`.',
    'none',
    list
      .refine((addresses) => addresses.every(isAddressRange), {
        error: 'must be IP addresses or ranges, such as 10.0.0.7 or 10.1.0.0/16',
      })
      .nullable()
      .default(null),
  ),
  LANDFALL_TEMPORAL_UI_URL: setting(
    'Where the Temporal UI is, for links from the console.',
    'none; in dev that of its own server',
    z
      .url({ protocol: /^https?$/, error: 'must be an http or https URL' })
      .nullable()
      .default(null),
  ),
  LANDFALL_MAX_BODY_BYTES: setting(
    'The largest body that is taken, in bytes, for sources that are not set otherwise themselves. At most 25 MiB.',
    'what the vendor says (GitHub: 25 MiB), else `1048576`',
    bodyBytes.nullable().default(null),
  ),
  LANDFALL_INLINE_BODY_BYTES: setting(
    "The largest body or record that stands in a workflow's history itself. Larger ones are kept in the store and referred to; accepting one needs the store as well as Temporal. `0`: all are.",
    '`131072`',
    z.coerce
      .number('must be a number')
      .int('must be a whole number')
      .min(0, 'must be 0 or more')
      .max(largestInlineBytes, `must be at most ${largestInlineBytes}`)
      .default(131_072),
  ),
  LANDFALL_HELD_BODY_BYTES: setting(
    'How many bytes of such larger bodies a receiver, or of such larger records a worker, has in memory at once, `26214400` or more. What comes beyond waits five seconds, and is then told to come again (503).',
    '`104857600`, four of the largest',
    count
      .min(largestBodyBytes, `must be at least ${largestBodyBytes}, one of the largest`)
      .default(104_857_600),
  ),
  LANDFALL_KEEP_BODIES: setting(
    'How long a larger body is kept once nobody uses it any more, at least `60d`. It is used when it is delivered, relayed, replayed, and while a dead letter refers to it.',
    '`90d`',
    duration
      .refine((milliseconds) => milliseconds >= 60 * 86_400_000, {
        error:
          'must be 60d or longer: runs that refer to it can be replayed and reset for 30 days after their end',
      })
      .prefault('90d'),
  ),
  LANDFALL_REQUEST_TIMEOUT: setting(
    'How long a request may take to arrive, from its first byte to the end of its body. Its headers have ten seconds of it.',
    '`30s`',
    duration.prefault('30s'),
  ),
  LANDFALL_MAX_CONNECTIONS: setting(
    'Open connections to the port for webhooks; others are closed.',
    '`2000`',
    count.max(1_000_000).default(2_000),
  ),
  LANDFALL_MAX_CONNECTIONS_PER_ADDRESS: setting(
    'Open connections of one address, trusted proxies left out.',
    'as many as all together',
    count.max(1_000_000).nullable().default(null),
  ),
  LANDFALL_MAX_REQUESTS_PER_SOURCE: setting(
    'Deliveries of one source under way at once; others are answered with 503, so that one source never takes the places of all.',
    '`1000`',
    count.max(1_000_000).default(1_000),
  ),
  LANDFALL_TRUSTED_PROXIES: setting(
    'Addresses and networks of your proxies, separated by commas, `loopback`, `linklocal` and `uniquelocal` among them: their `X-Forwarded-For` says where a delivery comes from.',
    'none',
    addressList.nullable().default(null),
  ),
  LANDFALL_SOURCES: setting(
    'Which sources are on, by name, separated by commas.',
    'each source whose webhook secret is set',
    list.nullable().default(null),
  ),
  LANDFALL_SOURCES_FILE: setting(
    'A JSON file that describes vendors without code; all in it are on.',
    'none',
    z.string().nullable().default(null),
  ),
  LANDFALL_ADAPTERS: setting(
    'Modules with sources of your own, by path, separated by commas: each source is switched on like one that is built in.',
    'none',
    list.default([]),
  ),
  LANDFALL_HANDLERS: setting(
    'A JavaScript module with handlers and destinations for sources that are there already. Workers load it.',
    'none',
    z.string().nullable().default(null),
  ),
  LANDFALL_TASK_QUEUE: setting(
    'The Temporal task queue of the sources without one of their own.',
    '`landfall`',
    z.string().max(200).default('landfall'),
  ),
  LANDFALL_DEAD_LETTER_REMIND: setting(
    'How long a dead letter waits before it reminds, and between reminders.',
    '`4h`',
    duration.prefault('4h'),
  ),
  LANDFALL_DEAD_LETTER_ESCALATE: setting(
    'How long a dead letter waits before it is escalated.',
    '`24h`',
    duration.prefault('24h'),
  ),
  LANDFALL_HOLD_AFTER: setting(
    'How many different records of a source must fail in the same way within ten minutes to count as an outage: then events wait for its end and nothing becomes a dead letter. `off`: never.',
    '`5`',
    orOff(count.max(10_000), 'must be a whole number from 1 to 10000, or off').prefault(5),
  ),
  LANDFALL_SILENCE: setting(
    'The shortest time without deliveries that is worth an alert, where it is unusual for the source as well. `off`: none is.',
    '`15m`',
    orOff(duration, 'must be a duration such as 15m, or off').prefault('15m'),
  ),
  LANDFALL_ALERT_EVERY: setting(
    'How often it is judged whether something is wrong. `off`: never, and nobody is told.',
    '`1m`',
    orOff(duration, 'must be a duration such as 1m, or off').prefault('1m'),
  ),
  LANDFALL_ALERT_SETTLE: setting(
    'How long all must be well again before an incident is over: what comes and goes meanwhile is the same one.',
    '`5m`',
    duration.prefault('5m'),
  ),
  LANDFALL_ALERT_REJECTIONS: setting(
    'How many refused deliveries of one reason within five minutes are worth an alert, where that is unusual for the source as well. `off`: none are.',
    '`10`',
    orOff(count, 'must be a whole number, or off').prefault(10),
  ),
  LANDFALL_ALERT_DEAD_LETTERS: setting(
    'How many open dead letters of a source are worth an alert. `off`: none are.',
    '`1`',
    orOff(count, 'must be a whole number, or off').prefault(1),
  ),
  LANDFALL_ALERT_DEAD_LETTER_AGE: setting(
    'How long the oldest dead letter of a source may be open before that is worth an alert. `off`: for good.',
    '`24h`',
    orOff(duration, 'must be a duration such as 24h, or off').prefault('24h'),
  ),
  LANDFALL_ALERT_INBOX: setting(
    'How long an event may wait in the inbox before that is worth an alert. `off`: for good.',
    '`5m`',
    orOff(duration, 'must be a duration such as 5m, or off').prefault('5m'),
  ),
  LANDFALL_ALERT_LAG: setting(
    "How long a change may take from the vendor's own time of it to our copy; an alert is worth it when most take longer. `off`: for good.",
    '`10m`',
    orOff(duration, 'must be a duration such as 10m, or off').prefault('10m'),
  ),
  LANDFALL_ALERT_SLACK_URL: setting(
    'Tells people in Slack: the address of an incoming webhook.',
    'not in Slack',
    httpUrl.nullable().default(null),
  ),
  LANDFALL_ALERT_WEBHOOK_URL: setting(
    'Tells any endpoint, signed as Standard Webhooks are.',
    'no endpoint',
    httpUrl.nullable().default(null),
  ),
  LANDFALL_ALERT_WEBHOOK_SECRET: setting(
    'What the endpoint knows our signature by: `whsec_` and base64.',
    'needed with the address',
    z.string().nullable().default(null),
  ),
  LANDFALL_ALERT_SMTP_URL: setting(
    'Tells people by e-mail: the mail server, `smtp://user:password@host:587` or `smtps://…:465`.',
    'not by e-mail',
    z
      .url({
        protocol: /^smtps?$/,
        error: 'must be smtp://user:password@host:587 or smtps://user:password@host:465',
      })
      .nullable()
      .default(null),
  ),
  LANDFALL_ALERT_EMAIL_FROM: setting(
    'The sender of those mails.',
    'needed with the mail server',
    z.string().nullable().default(null),
  ),
  LANDFALL_ALERT_EMAIL_TO: setting(
    'Who gets those mails, separated by commas.',
    'needed with the mail server',
    list.default([]),
  ),
  LANDFALL_KEEP_PROCESSED: setting(
    'How long the marks of processed events are kept, at least `60d`, in whole months. Older events are no longer known as duplicates; records stay guarded by their versions.',
    'for good',
    duration
      .refine((milliseconds) => milliseconds >= 60 * 86_400_000, {
        error: 'must be 60d or longer: Temporal itself knows duplicates for 30 days only',
      })
      .nullable()
      .default(null),
  ),
  LANDFALL_KEEP_REJECTIONS: setting(
    'How long samples of refused deliveries are kept, `30d` at most.',
    '`30d`',
    duration
      .refine((milliseconds) => milliseconds <= 30 * 86_400_000, {
        error: 'must be 30d or less: they are never kept for longer',
      })
      .prefault('30d'),
  ),
  LANDFALL_KEEP_CONFLICTS: setting(
    'How long deliveries are kept that differ from the first one of their event, with their bodies.',
    '`90d`',
    duration.prefault('90d'),
  ),
  LANDFALL_KEEP_REPORTS: setting(
    'How long the reports of reconciliations are kept.',
    'for good; a thousand of each source',
    duration.nullable().default(null),
  ),
  LANDFALL_KEEP_DELETED: setting(
    'How long it is kept that the vendor has deleted a record, at least `60d`. An update that comes later than that brings it back.',
    'for good',
    duration
      .refine((milliseconds) => milliseconds >= 60 * 86_400_000, {
        error: 'must be 60d or longer: vendors deliver that late',
      })
      .nullable()
      .default(null),
  ),
  LANDFALL_REDACT: setting(
    'What people do not get to see of any source: JSON Pointers such as `/**/email`, and names of headers, separated by commas.',
    'nothing but secrets is hidden',
    redaction.default(noRedaction),
  ),
  LANDFALL_PAYLOAD_KEYS: setting(
    'Keys that encrypt all that is written to Temporal: `<name>:<32 bytes in base64>`, separated by commas. The first encrypts, all decrypt; every process needs them.',
    'nothing is encrypted',
    z.string().nullable().default(null),
  ),
  LANDFALL_CODEC_HOST: setting(
    'The address on which `landfall codec-server` listens.',
    '`127.0.0.1`; `0.0.0.0` once a token or a login is asked for',
    z.string().nullable().default(null),
  ),
  LANDFALL_CODEC_PORT: setting(
    'The port on which `landfall codec-server` listens.',
    '`3002`; in dev the next free one',
    port.default(3_002),
  ),
  LANDFALL_CODEC_ORIGINS: setting(
    'The origins of the Temporal UIs that may ask the codec server, separated by commas.',
    "`http://localhost:8233`, a dev server's",
    list.nullable().default(null),
  ),
  LANDFALL_CODEC_URL: setting(
    'A codec server by which commands read what is encrypted, where they have neither the keys nor the store.',
    'by `LANDFALL_PAYLOAD_KEYS` and `DATABASE_URL`',
    z
      .url({ protocol: /^https?$/, error: 'must be an http or https URL' })
      .nullable()
      .default(null),
  ),
  LANDFALL_CODEC_TOKEN: setting(
    'A token that lets in, as `Authorization: Bearer <token>`.',
    'no token does',
    z.string().min(16, 'must have 16 characters or more').nullable().default(null),
  ),
  LANDFALL_CODEC_JWKS_URL: setting(
    'The key set of the login whose tokens the Temporal UI passes on: they let in.',
    'no login does',
    z
      .url({ protocol: /^https?$/, error: 'must be an https URL' })
      .nullable()
      .default(null),
  ),
  LANDFALL_CODEC_AUDIENCE: setting(
    'The audience that such a token must be for.',
    'needed with the key set',
    z.string().nullable().default(null),
  ),
  LANDFALL_CODEC_ISSUER: setting(
    'The issuer that such a token must be of.',
    'whoever has the key set',
    z.string().nullable().default(null),
  ),
  LANDFALL_CODEC_READERS: setting(
    'Who may read payloads, by the `sub` or `email` of the token, separated by commas.',
    'everybody with such a token',
    list.nullable().default(null),
  ),
  LANDFALL_DEPLOYMENT_NAME: setting(
    'The name of the Temporal worker deployment, where `LANDFALL_BUILD_ID` is set.',
    '`landfall`',
    z
      .string()
      .regex(/^[\w-]{1,100}$/, 'must be 1 to 100 letters, digits, hyphens and underscores')
      .default('landfall'),
  ),
  LANDFALL_BUILD_ID: setting(
    'The version of this build, such as its commit: switches [worker versioning](deploys.md#worker-versioning) on. Workers of a build get work once it is made the current one.',
    'no worker versioning',
    z
      .string()
      .regex(/^[\w.-]{1,100}$/, 'must be 1 to 100 letters, digits, dots, hyphens and underscores')
      .nullable()
      .default(null),
  ),
  LANDFALL_DRAIN: setting(
    'How long a receiver that is told to stop goes on taking requests, while `/readyz` already says no. `off`: it stops at once.',
    '`5s`; in dev not at all',
    orOff(duration, 'must be a duration such as 5s, or off').prefault('5s'),
  ),
  LANDFALL_SHUTDOWN_GRACE: setting(
    'How long requests and activities under way may go on after SIGTERM.',
    '`30s`',
    duration.prefault('30s'),
  ),
  LANDFALL_LOG_LEVEL: setting(
    'The least level that is logged.',
    '`info`',
    z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
  ),
  LANDFALL_LOG_FORMAT: setting(
    '`json`, one object a line, or `pretty`.',
    '`pretty` on a terminal, else `json`',
    z.enum(['json', 'pretty']).nullable().default(null),
  ),
  LANDFALL_DATA_DIRECTORY: setting(
    'Where `landfall dev` keeps its data.',
    '`.landfall`',
    z.string().default('.landfall'),
  ),
  LANDFALL_TEMPORAL_CLI: setting(
    'The `temporal` command line that `landfall dev` starts.',
    'looked for on PATH, in the cache, downloaded, built',
    z.string().nullable().default(null),
  ),
} satisfies Record<string, Setting>;

type Settings = typeof settings;
/** The settings, read. */
export type SettingValues = { [Name in keyof Settings]: z.infer<Settings[Name]['schema']> };
