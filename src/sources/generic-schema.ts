import { z } from 'zod';
import { accountPattern, accountRule, sourceNameProblem } from '../model/ids.ts';
import { defaultHold } from '../model/hold.ts';
import { defaultRetry } from '../model/retry.ts';
import { isJsonPointer } from './json-pointer.ts';

const pointer = z
  .string()
  .refine(isJsonPointer, { error: 'must be a JSON Pointer such as "/data/id" (RFC 6901)' });
/** Text that begins with a slash is a JSON Pointer into the body, other text stands for itself. */
const pointerOrText = z
  .string()
  .min(1)
  .refine((text) => !text.startsWith('/') || isJsonPointer(text), {
    error: 'must be a JSON Pointer such as "/type", or the text itself',
  });
const headerName = z
  .string()
  .regex(/^[A-Za-z0-9_-]+$/, 'must be the name of a header')
  .transform((name) => name.toLowerCase());
const variableName = z.string().regex(/^[A-Za-z_]\w*$/, 'must be the name of an environment variable');
const toleranceSeconds = z.int().min(1).max(86_400).optional();
const httpUrl = z.url({ protocol: /^https?$/, error: 'must be a URL that begins with http:// or https://' });
const scalar = z.union([z.string(), z.number(), z.boolean(), z.null()]);
const timeoutMilliseconds = z.int().min(1).max(600_000).optional();

/** How deliveries are signed; a name alone, such as `"shopify"`, stands for `{ "type": "shopify" }`. */
const schemeSchema = z.preprocess(
  (value) => (typeof value === 'string' ? { type: value } : value),
  z.discriminatedUnion('type', [
    z.strictObject({
      type: z.literal('hmac'),
      header: headerName,
      algorithm: z.enum(['sha256', 'sha1', 'sha512']),
      encoding: z.enum(['hex', 'base64', 'base64url']),
      prefix: z.string().optional(),
      timestamp: z.strictObject({ header: headerName, toleranceSeconds }).optional(),
    }),
    z.strictObject({ type: z.literal('standard-webhooks'), toleranceSeconds }),
    z.strictObject({ type: z.literal('stripe'), toleranceSeconds }),
    z.strictObject({ type: z.literal('slack'), toleranceSeconds }),
    z.strictObject({ type: z.literal('github') }),
    z.strictObject({ type: z.literal('shopify') }),
    z.strictObject({ type: z.literal('paddle'), toleranceSeconds }),
    /** `secretEnv` holds the auth tokens; `publicUrl` is what stands before `/webhooks/…` in the address that Twilio was given. */
    z.strictObject({ type: z.literal('twilio'), publicUrl: httpUrl }),
    /** `secretEnv` holds the verification keys that SendGrid shows. */
    z.strictObject({ type: z.literal('sendgrid'), toleranceSeconds }),
    /** `secretEnv` holds the ids of the webhook. */
    z.strictObject({ type: z.literal('paypal'), toleranceSeconds }),
  ]),
);

/** How a record is fetched fresh over HTTP. */
const fetchSchema = z.strictObject({
  /** The record's address: `{id}` and `{type}` stand for the entity's, escaped; `{account}` for the account's name. */
  urlTemplate: httpUrl
    .refine((url) => url.includes('{id}'), { error: 'must hold {id}, where the entity’s id goes' })
    .refine((url) => !/^https?:\/\/[^/]*[{}]/.test(url.replaceAll('{account}', '')), {
      error: 'may hold {account} in its host, and nothing else that is filled in',
    })
    .refine((url) => !/[{}]/.test(url.replaceAll(/\{(id|type|account)\}/g, '')), {
      error: 'may only hold {id}, {type} and {account}',
    }),
  /** The variable that holds the token. */
  tokenEnv: variableName.optional(),
  /** How the token is sent: `Authorization: Bearer …`, `Authorization: Basic …` of `user:password`, or as the header of this name. */
  tokenAs: z.union([z.enum(['bearer', 'basic']), z.strictObject({ header: headerName })]).default('bearer'),
  /** Where the answer holds the record. @default the whole answer */
  record: pointer.default(''),
  /** Where the record says its version, and when it changed. */
  versionPointer: pointer.optional(),
  sourceTimePointer: pointer.optional(),
  timeoutMilliseconds,
});

const attempts = z.int().min(1).max(100);
const milliseconds = z.int().min(1);
const factor = z.number().min(1);

/** What is other than for the source's own steps about how a destination is tried again. */
const ownRetrySchema = z.strictObject({
  maximumAttempts: attempts.exactOptional(),
  initialIntervalMilliseconds: milliseconds.exactOptional(),
  backoffCoefficient: factor.exactOptional(),
  maximumIntervalMilliseconds: milliseconds.exactOptional(),
});

const httpDestinationSchema = z.strictObject({
  type: z.literal('http'),
  name: z.string().min(1).max(60).default('http'),
  url: httpUrl,
  /** The variable that holds a token, sent as `Authorization: Bearer …`. */
  tokenEnv: variableName.optional(),
  /** The variable that holds a Standard Webhooks secret to sign with. */
  secretEnv: variableName.optional(),
  timeoutMilliseconds,
  retry: ownRetrySchema.optional(),
});

const columnName = z.string().min(1).max(63);
const databaseDestinationSchema = z.strictObject({
  type: z.literal('database'),
  name: z.string().min(1).max(60).default('database'),
  /** The variable that holds the connection string. */
  urlEnv: variableName,
  table: z.string().min(1).max(130),
  /** The type of the records that go there, or several. */
  entity: z.union([z.string().min(1), z.array(z.string().min(1)).min(1)], {
    error: 'must be the type of an entity, or a list of some',
  }),
  key: columnName.optional(),
  /** Each column with the place of its value in the record. */
  columns: z.record(columnName, pointer),
  eventId: columnName.optional(),
  revision: columnName.optional(),
  deletedAt: columnName.optional(),
  timeoutMilliseconds,
  retry: ownRetrySchema.optional(),
});

/** Where the records are handed on to; `http` where the type is left out. */
const destinationSchema = z.preprocess(
  (value) => (typeof value === 'object' && value !== null ? { type: 'http', ...value } : value),
  z.discriminatedUnion('type', [httpDestinationSchema, databaseDestinationSchema]),
);

/** One of them. */
export type GenericDestination = z.infer<typeof destinationSchema>;

/** A vendor described in JSON rather than in code: one element of the sources file. */
export const genericSourceSchema = z
  .strictObject({
    name: z.string().superRefine((name, context) => {
      const problem = sourceNameProblem(name);
      if (problem !== null) context.addIssue(problem);
    }),
    scheme: schemeSchema,
    /** The variable that holds the signing secrets, separated by commas, the newest first. */
    secretEnv: variableName,
    /** What the bodies are: JSON, or forms as of a web page, read as an object of their fields. */
    bodyFormat: z.enum(['json', 'form']).default('json'),
    /** Where the body holds an array of events, for vendors that send many at once: all other pointers lead into each of them. */
    events: pointer.optional(),
    /** Where the body says the event's id; or `idHeader`, for vendors that say it in a header. */
    id: pointer.optional(),
    idHeader: headerName.optional(),
    /** Where the body says the event's type, or the type itself; or `typeHeader`. */
    type: pointerOrText.optional(),
    typeHeader: headerName.optional(),
    /** What the event is about; where its id is not in a body, the event is about nothing that is kept. */
    entity: z.strictObject({
      /** `{ "eventTypeBefore": "." }`: what the event's type begins with, as the `customer` of `customer.updated`. */
      type: z.union([pointerOrText, z.strictObject({ eventTypeBefore: z.string().min(1) })]),
      id: pointer,
    }),
    /** Where the body says when the record changed, its version, and when the event happened. */
    sourceTime: pointer.optional(),
    version: pointer.optional(),
    occurredAt: pointer.optional(),
    /** Which events announce that the record is gone: those of a type, or with a value in their body. */
    deletes: z
      .union(
        [
          z.strictObject({ pointer, equals: scalar }),
          z.strictObject({ types: z.array(z.string().min(1)).min(1) }),
        ],
        { error: 'must be { "pointer": …, "equals": … } or { "types": [ … ] }' },
      )
      .optional(),
    /** Where the body holds the record itself. @default the whole body */
    record: pointer.default(''),
    fetch: fetchSchema.optional(),
    retry: z
      .strictObject({
        maximumAttempts: attempts.default(defaultRetry.maximumAttempts),
        initialIntervalMilliseconds: milliseconds.default(defaultRetry.initialIntervalMilliseconds),
        backoffCoefficient: factor.default(defaultRetry.backoffCoefficient),
        maximumIntervalMilliseconds: milliseconds.default(defaultRetry.maximumIntervalMilliseconds),
      })
      .optional(),
    /** How many different records must fail alike within which time before they count as an outage; false: never. */
    hold: z
      .union([
        z.literal(false),
        z.strictObject({
          entities: z.int().min(1).max(10_000).default(defaultHold.entities),
          withinMilliseconds: z.int().min(1_000).max(86_400_000).default(defaultHold.withinMilliseconds),
        }),
      ])
      .optional(),
    /** The shortest silence of the vendor that is worth an alert; false: none is. */
    silence: z
      .union([
        z.literal(false),
        z.strictObject({
          minimumMilliseconds: z
            .int()
            .min(60_000)
            .max(30 * 86_400_000),
        }),
      ])
      .optional(),
    /** What people do not get to see: JSON Pointers, and names of headers. */
    redact: z.array(z.string().min(1)).optional(),
    /** Accounts at the vendor, each at `/webhooks/<name>/<account>`, with variables of its own: `ACME_SECRET_EU` for the account `eu`. */
    accounts: z
      .array(z.string().regex(accountPattern, `must be ${accountRule}`))
      .min(1)
      .optional(),
    /** Whether the vendor numbers a record's changes without leaving one out: see docs/ordering.md. */
    consecutiveVersions: z.boolean().optional(),
    /** A task queue of its own, for a vendor that is slow. */
    taskQueue: z.string().min(1).max(200).optional(),
    destination: destinationSchema.optional(),
    destinations: z.array(destinationSchema).optional(),
  })
  .refine(({ id, idHeader }) => (id === undefined) !== (idHeader === undefined), {
    path: ['id'],
    error: 'set either "id" (a JSON Pointer into the body) or "idHeader"',
  })
  .refine(({ type, typeHeader }) => (type === undefined) !== (typeHeader === undefined), {
    path: ['type'],
    error: 'set either "type" (a JSON Pointer into the body, or the type itself) or "typeHeader"',
  })
  .refine(
    ({ fetch, accounts }) => accounts !== undefined || fetch?.urlTemplate.includes('{account}') !== true,
    { path: ['fetch', 'urlTemplate'], error: 'holds {account}, and no "accounts" are described' },
  );

/** A described vendor, checked. */
export type GenericSourceSpec = z.infer<typeof genericSourceSchema>;
