import { z } from 'zod';
import { ConfigurationError } from '../errors.ts';
import type { Destination } from '../destinations/define-destination.ts';
import { type Handler, handlerPrefix } from '../handlers/define-handler.ts';
import type { Change } from '../handlers/repair-types.ts';
import type { EntityRef, EventDraft } from '../model/event.ts';
import type { HoldSettings } from '../model/hold.ts';
import { sourceNameProblem } from '../model/ids.ts';
import type { JsonValue } from '../model/json.ts';
import { defaultRetry, type RetrySettings } from '../model/retry.ts';
import type { OrderingSettings } from '../model/turns.ts';
import type { WatchSettings } from '../model/silence.ts';
import { readRedaction, type Redaction } from '../privacy/redaction.ts';
import type { SignatureScheme } from '../verification/scheme.ts';
import type { AddressList } from './address-list.ts';
import { largestBodyBytes } from './body-limit.ts';

/** How a vendor writes its bodies: JSON, or a form as of a web page, which is read as an object of its fields. */
export type BodyFormat = 'json' | 'form';

/** A verified delivery, as an adapter reads it. */
export interface VerifiedDelivery {
  /** The body, parsed. */
  body: JsonValue;
  /** By lower-case name. */
  headers: Readonly<Record<string, string | undefined>>;
}

/** A record as the vendor's API shows it; version and time as the vendor writes them, not yet judged. */
export interface SourceRecord {
  data: JsonValue;
  /** The vendor's count of changes: an integer or its decimal string; null where it has none. */
  version: unknown;
  /** The vendor's time of the last change: ISO 8601 or Unix time; null where it has none. */
  sourceTime: unknown;
  /** True where the vendor shows the record as deleted. @default false */
  deleted?: boolean;
}

/** One change that the vendor lists. */
export interface ListedChange {
  entity: EntityRef;
  version: unknown;
  sourceTime: unknown;
  deleted: boolean;
  /** Where the list is one of events (Stripe's): the event's own id and type, so that a repair and its webhook are one. */
  event?: { id: string; type: string; /** As in `EventDraft`. */ occurredAt?: string | number | null };
}

/** One page of the vendor's changes. */
export interface ChangePage {
  changes: ListedChange[];
  /** Where the next page begins; null on the last. Must survive as JSON text. */
  nextCursor: string | null;
}

/** What an API call of an adapter gets: pass `signal` on, so that a cancelled activity ends its request. */
export interface CallContext {
  signal: AbortSignal;
}

/** When a source is reconciled. */
export interface ReconcileSettings {
  /** Milliseconds between two runs. @default 24 hours */
  everyMilliseconds: number;
  /** How far each run looks back beyond the last complete one. @default 1 hour, which makes 25 h for a nightly run */
  overlapMilliseconds: number;
  /**
   * How long a change's own webhook may be on its way: before that, a run does not repair it, but waits and looks again.
   * @default 30 seconds
   */
  graceMilliseconds: number;
  /** The share of what changed, 0 to 1, that may have come by no webhook before the people on call are told. @default 0.01 */
  alertShare: number;
}

/** A source: everything that Landfall knows of a vendor. Made by `defineSource`; knows nothing of Temporal or Express. */
export interface Source {
  /** The name in the URL: `/webhooks/<name>`. Of one account of several, `<name>/<account>`. */
  name: string;
  verification: SignatureScheme;
  /** The version of the vendor's API that records are fetched in: webhooks in another one are counted. */
  apiVersion?: string;
  /** What the vendor's bodies may be; others are answered with 415. @default JSON alone */
  bodyFormats?: readonly BodyFormat[];
  /** The largest body that the vendor sends, in bytes, 26214400 at most. @default that of the deployment, else 1 MiB */
  maxBodyBytes?: number;
  /** Where deliveries are taken from, `<SOURCE>_ALLOWED_IPS`; others are refused before they are read. @default anywhere */
  allowedAddresses?: AddressList | null;
  /**
   * The parts of a delivery, for vendors that send many events in one: each is read by `readEvent` as a body of its own, and is
   * an event of its own. The delivery is acknowledged when all of them are durable.
   * @throws UnreadableEventError where the body has no parts; the delivery becomes a dead letter
   */
  split?(delivery: VerifiedDelivery): readonly JsonValue[];
  /**
   * The event in a verified delivery.
   * @throws UnreadableEventError where the body has no event in it; the delivery becomes a dead letter
   */
  readEvent(delivery: VerifiedDelivery): EventDraft;
  /** The body that answers a vendor's handshake (a challenge, a ping); null for an ordinary delivery. */
  handshake?(delivery: VerifiedDelivery): JsonValue | null;
  /**
   * The record as it is now; null where the vendor has none (404, 410).
   * @throws VendorUnavailableError | VendorRateLimitedError | VendorRefusedError | VendorAnswerError
   */
  fetchRecord?(entity: EntityRef, context: CallContext): Promise<SourceRecord | null>;
  /**
   * One page of what changed at or after `since` (ISO 8601; null: everything), in an order that loses nothing when
   * records change while the pages are read.
   * @throws as `fetchRecord`
   */
  listChanged?(
    range: { since: string | null; cursor: string | null },
    context: CallContext,
  ): Promise<ChangePage>;
  /**
   * Asks the vendor to send again what it could not deliver, at most once each, and not for ever: a delivery that keeps being refused
   * is left alone, and so is one that the vendor no longer keeps. The same event id comes again, so what did arrive is a duplicate.
   *
   * @param range.since - where the run that asks begins (ISO 8601; null: at the beginning); a vendor may have to look further back
   * @returns how many deliveries were looked at, and how many were asked for
   * @throws as `fetchRecord`
   */
  redeliverMissed?(
    range: { since: string | null },
    context: CallContext,
  ): Promise<{ looked: number; asked: number }>;
  /**
   * What the vendor would have called a change that only reconciliation found, where that is not `<entity type>.<change>`; null
   * where it has no name for it. Handlers of that type are run for the repair.
   */
  repairType?(entity: EntityRef, change: Change): string | null;
  destinations: readonly Destination[];
  /** Business logic, made by `on`. */
  handlers: readonly Handler[];
  retry: RetrySettings;
  reconcile: ReconcileSettings;
  /**
   * Calls to the vendor's API per second, over all workers together; null: as fast as the events come. With a limit every event takes
   * the longer way over ordinary activities, where Temporal keeps the rate: what waits for its turn holds up no other source.
   */
  requestsPerSecond: number | null;
  ordering: OrderingSettings;
  /** When failures count as an outage; null: never, each is a dead letter of its own. @default the deployment's settings */
  hold?: Partial<HoldSettings> | null;
  /** How it is noticed that deliveries stop; null: it is not. @default the deployment's settings */
  watch?: Partial<WatchSettings> | null;
  /** A task queue of its own, so that a slow vendor never holds up the others; null: the common one. */
  taskQueue: string | null;
  /** What people do not get to see of its deliveries and records. */
  redaction: Redaction;
  /** A sample event for `landfall send`: its body and the headers that go beside the signature. */
  sample?(): { body: JsonValue; headers?: Record<string, string> };
}

/** What an adapter says when it is made; what it leaves out gets the defaults. */
export type SourceParts = Omit<
  Source,
  | 'name'
  | 'destinations'
  | 'handlers'
  | 'retry'
  | 'reconcile'
  | 'requestsPerSecond'
  | 'ordering'
  | 'taskQueue'
  | 'redaction'
> & {
  destinations?: readonly Destination[];
  handlers?: readonly Handler[];
  retry?: Partial<RetrySettings>;
  reconcile?: Partial<ReconcileSettings>;
  requestsPerSecond?: number;
  ordering?: Partial<OrderingSettings>;
  taskQueue?: string;
  /** JSON Pointers, and names of headers, whose values people do not get to see: see docs/privacy.md. @default none */
  redact?: readonly string[];
};

/** A vendor that can be switched on: its name, the environment variables it reads, and how it is made from them. */
export interface SourceDefinition<Settings extends z.ZodRawShape = z.ZodRawShape> {
  name: string;
  /** The environment variables, each with its schema: checked at start, all mistakes reported together. */
  settings: Settings;
  create(settings: z.infer<z.ZodObject<Settings>>): Source;
}

/**
 * Declares a source.
 *
 * @throws ConfigurationError where the name does not fit into a URL and a workflow id, or is one of ours, or a part contradicts another
 * @example see docs/adding-a-source.md
 */
export function defineSource<Settings extends z.ZodRawShape>(definition: {
  name: string;
  settings: Settings;
  create(settings: z.infer<z.ZodObject<Settings>>): SourceParts;
}): SourceDefinition<Settings> {
  const { name } = definition;
  const problem = sourceNameProblem(name);
  if (problem !== null) throw new ConfigurationError(`The source name "${name}" ${problem}.`);
  const made: SourceDefinition<Settings> = {
    name,
    settings: definition.settings,
    create: (settings) => complete(name, definition.create(settings)),
  };
  definitions.add(made);
  return made;
}

const definitions = new WeakSet();

/**
 * Whether `defineSource` of this copy of Landfall made the value. An adapter of another copy throws errors of other classes,
 * which nobody here would know for what they are.
 */
export function isSourceDefinition(value: unknown): value is SourceDefinition {
  return typeof value === 'object' && value !== null && definitions.has(value);
}

const hour = 3_600_000;
const defaultReconcile: ReconcileSettings = {
  everyMilliseconds: 24 * hour,
  overlapMilliseconds: hour,
  graceMilliseconds: 30_000,
  alertShare: 0.01,
};
const defaultOrdering: OrderingSettings = {
  kind: 'latest-wins',
  consecutiveVersions: false,
  gapMilliseconds: 30_000,
};
const retrySchema = z.object({
  maximumAttempts: z.int().min(1).max(100),
  initialIntervalMilliseconds: z.int().min(1),
  backoffCoefficient: z.number().min(1),
  maximumIntervalMilliseconds: z.int().min(1),
});

function complete(name: string, parts: SourceParts): Source {
  if (parts.listChanged !== undefined && parts.fetchRecord === undefined) {
    throw new ConfigurationError(
      `The source "${name}" lists changes but fetches no record: without fetchRecord a difference cannot be mended.`,
    );
  }
  const { maxBodyBytes = 1 } = parts;
  if (!Number.isInteger(maxBodyBytes) || maxBodyBytes < 1 || maxBodyBytes > largestBodyBytes) {
    throw new ConfigurationError(
      `The source "${name}" has a maxBodyBytes of ${maxBodyBytes}: it must be 1 to ${largestBodyBytes} (25 MiB).`,
    );
  }
  const { redact = [], ...others } = parts;
  const source: Source = {
    ...others,
    name,
    destinations: [],
    handlers: [],
    retry: readRetry(defaultRetry, parts.retry, `The source "${name}"`),
    reconcile: { ...defaultReconcile, ...parts.reconcile },
    requestsPerSecond: parts.requestsPerSecond ?? null,
    ordering: { ...defaultOrdering, ...parts.ordering },
    taskQueue: parts.taskQueue ?? null,
    redaction: readRedaction(redact),
  };
  return withReceivers(source, parts);
}

/**
 * The source with these destinations and handlers beside those that it has.
 *
 * @throws ConfigurationError where two have one name, or one a wrong retry setting
 */
export function withReceivers(
  source: Source,
  more: { destinations?: readonly Destination[]; handlers?: readonly Handler[] },
): Source {
  const destinations = [...source.destinations, ...(more.destinations ?? [])];
  const handlers = [...source.handlers, ...(more.handlers ?? [])];
  const posing = destinations.find((each) => each.name.startsWith(handlerPrefix));
  if (posing !== undefined) {
    throw new ConfigurationError(
      `The source "${source.name}" has a destination named "${posing.name}": "${handlerPrefix}" begins the names of handlers.`,
    );
  }
  const names = [...destinations, ...handlers].map((each) => each.name);
  const twice = names.find((each, index) => names.indexOf(each) !== index);
  if (twice !== undefined) {
    throw new ConfigurationError(
      twice.startsWith(handlerPrefix)
        ? `The source "${source.name}" has two handlers named "${twice.slice(handlerPrefix.length)}": give one a name of its own, on(…, …, { name: 'mail' }).`
        : `The source "${source.name}" has two destinations named "${twice}": names must be unique.`,
    );
  }
  for (const each of [...destinations, ...handlers]) {
    readRetry(source.retry, each.retry, `"${each.name}" of the source "${source.name}"`);
  }
  return { ...source, destinations, handlers };
}

function readRetry(
  base: RetrySettings,
  own: Partial<RetrySettings> | undefined,
  what: string,
): RetrySettings {
  const retry = retrySchema.safeParse({ ...base, ...own });
  if (retry.success) return retry.data;
  throw new ConfigurationError(`${what} has a wrong retry setting: ${z.prettifyError(retry.error)}`);
}
