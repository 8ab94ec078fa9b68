import ms from 'ms';
import { z } from 'zod';
import { splitList } from '../model/split-list.ts';
import { noRedaction, readRedaction } from '../privacy/redaction.ts';

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
const list = z.string().transform((text) => splitList(text));

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
    'The address of `/livez`, `/readyz` and `/metrics`. Vendors must never reach it.',
    '`127.0.0.1` in dev, else `0.0.0.0`',
    z.string().nullable().default(null),
  ),
  LANDFALL_OPS_PORT: setting(
    'The port of `/livez`, `/readyz` and `/metrics`.',
    '`3001`; in dev the next free one',
    port.default(3_001),
  ),
  LANDFALL_MAX_BODY_BYTES: setting(
    "The largest body that is taken, in bytes. At most 1.4 MiB: Temporal's limit is 2 MiB.",
    '`1048576`',
    count.max(1_468_006).default(1_048_576),
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
