import { describeEntity, type EntityRef } from './event.ts';
import { type RecordVersion } from './version.ts';

/**
 * Workflow ids fit into 255 characters, the width of Temporal's PostgreSQL columns, with the prefix of the dead letter.
 * @see https://github.com/temporalio/temporal/blob/main/schema/postgresql/v12/temporal/schema.sql
 */
export const maxWorkflowIdLength = 255;
const deadLetterPrefix = 'dead-letter:';

/** Event ids longer than this are replaced by a hash at the door: see `canonicalEventId`. */
export const maxEventIdLength = 160;
/** Source names fit the rest: lower-case letters, digits and hyphens, beginning with a letter. */
export const sourceNamePattern = /^[a-z][a-z0-9-]{0,39}$/;

/**
 * Names of a source's accounts: with the source's, they fit into the 64 bytes of a fairness key. `STRIPE_API_KEY_EU_FILE` is the file of
 * the account `eu`, so none is called `eu-file`.
 */
export const accountPattern = /^(?!(?:.*-)?file$)[a-z0-9][a-z0-9-]{0,22}$/;
/** `accountPattern` for people. */
export const accountRule =
  '1 to 23 lower-case letters, digits and hyphens, begin with a letter or digit, and not end with "file"';

/** `stripe/eu`: how one account of a source is named everywhere, as in the path of its webhooks. A source without accounts is `stripe`. */
export function sourceKey(source: string, account: string | null): string {
  return account === null ? source : `${source}/${account}`;
}

/** `stripe` of `stripe/eu`. */
export function withoutAccount(key: string): string {
  return key.split('/', 1)[0] ?? key;
}

/** `<source>:<eventId>`: the id of an event's workflow. One id, one event: Temporal's uniqueness is the deduplication. */
export function eventWorkflowId(source: string, eventId: string): string {
  return `${source}:${eventId}`;
}

/** `dead-letter:<source>:<eventId>`. */
export function deadLetterWorkflowId(source: string, eventId: string): string {
  return deadLetterPrefix + eventWorkflowId(source, eventId);
}

/** Takes `dead-letter:<source>:<eventId>`, or without its prefix, apart; null where it is neither. */
export function parseDeadLetterId(id: string): { source: string; eventId: string } | null {
  const rest = id.startsWith(deadLetterPrefix) ? id.slice(deadLetterPrefix.length) : id;
  const colon = rest.indexOf(':');
  if (colon < 1 || colon === rest.length - 1) return null;
  return { source: rest.slice(0, colon), eventId: rest.slice(colon + 1) };
}

/**
 * `entity:<source>:<type>/<id>`: the workflow that gives the events of a record their turns. A very long one is cut: records that share
 * it take their turns together, which costs time and nothing else.
 */
export function entityWorkflowId(source: string, entity: EntityRef): string {
  return `entity:${source}:${describeEntity(entity)}`.slice(0, maxWorkflowIdLength);
}

/** White space, control and invisible characters (they could turn a log line around), and what is outside of the basic plane. */
const unfit = /[\s\p{Cc}\p{Cf}\p{Cs}\p{Co}\u{10000}-\u{10ffff}]/u;

/**
 * An id that is safe in a workflow id and a log line: itself where it is short and printable, else its hash.
 * Ids that begin like our own (`reconcile:`, `sha256:`, `unreadable:`) are hashed as well, so that none can pose as ours.
 *
 * @param sha256Hex - the hash, passed in because this module has no Node
 */
export function canonicalEventId(id: string, sha256Hex: (text: string) => string): string {
  const plain = id.length <= maxEventIdLength && !unfit.test(id);
  const ours = /^(reconcile|sha256|unreadable):/.test(id);
  return plain && !ours ? id : `sha256:${sha256Hex(id)}`;
}

/** The id of a delivery that could not be read: the same bytes always give the same. */
export function unreadableEventId(bodySha256: string): string {
  return `unreadable:${bodySha256}`;
}

/** A version as it stands in ids and in idempotency keys. */
export function keyVersion({ version, sourceTime }: RecordVersion): string {
  return version ?? sourceTime ?? 'unversioned';
}

/** The id of a repair: deterministic, so that two reconciliations at once start it once. */
export function repairEventId(
  entity: EntityRef,
  version: RecordVersion,
  sha256Hex: (text: string) => string,
): string {
  const id = `reconcile:${entity.type}/${entity.id}:${keyVersion(version)}`;
  return id.length <= maxEventIdLength && /^[\x21-\x7e]+$/.test(id)
    ? id
    : `reconcile:sha256:${sha256Hex(id)}`;
}

/**
 * The key under which a destination sees one write, equal for every retry of it, other for each replay
 * (`nonce`), so that what a destination remembers of an earlier failure never swallows the replay.
 */
export function idempotencyKey(parts: {
  source: string;
  eventId: string;
  destination: string;
  /** Of `keyVersion`. */
  version: string;
  nonce: string | null;
}): string {
  const key = `${parts.source}:${parts.eventId}:${parts.destination}:${parts.version}`;
  return parts.nonce === null ? key : `${key}:${parts.nonce}`;
}
