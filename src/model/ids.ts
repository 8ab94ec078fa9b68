import { describeEntity, type EntityRef } from './event.ts';
import { type RecordVersion } from './version.ts';

/**
 * Workflow ids fit into 255 characters, the width of Temporal's PostgreSQL columns, with the prefix of the dead letter.
 * @see https://github.com/temporalio/temporal/blob/main/schema/postgresql/v12/temporal/schema.sql
 */
export const maxWorkflowIdLength = 255;

/** Event ids longer than this are replaced by a hash at the door: see `canonicalEventId`. */
export const maxEventIdLength = 160;
/** Source names fit the rest: lower-case letters, digits and hyphens, beginning with a letter. */
const sourceNamePattern = /^[a-z][a-z0-9-]{0,39}$/;

/**
 * What the ids of our own workflows begin with, some of them yet to come. No source is called so: an event of a source `hold` could
 * have the id of a hold, and a vendor chooses its event ids.
 */
const ownKinds = [
  ...(['alerts', 'audit', 'bulk', 'dead-letter', 'entity', 'erase', 'export', 'hold', 'purge'] as const),
  ...(['reconcile', 'replay', 'retention', 'silence', 'watch'] as const),
];
type OwnKind = (typeof ownKinds)[number];

/** `hold:…`: the id of a workflow that is no event's. */
export function ownWorkflowId(kind: OwnKind, ...parts: readonly string[]): string {
  return [kind, ...parts].join(':');
}

/** Sources read variables that begin with their names, and these mean something else: `LANDFALL_…`, `TEMPORAL_…`. */
const ofVariables = /^(landfall|temporal)(-|$)/;

/** What is wrong with the name of a source, as what follows it in a sentence; null where nothing is. */
export function sourceNameProblem(name: string): string | null {
  if (!sourceNamePattern.test(name)) {
    return 'must be 1 to 40 lower-case letters, digits and hyphens, and begin with a letter';
  }
  if (ownKinds.some((kind) => kind === name)) {
    return `must not be a name that Landfall gives to its own workflows (${ownKinds.join(', ')})`;
  }
  return ofVariables.test(name)
    ? 'must not begin with "landfall" or "temporal": their variables mean something else'
    : null;
}

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
  return ownWorkflowId('dead-letter', source, eventId);
}

/** Takes `dead-letter:<source>:<eventId>`, or without its prefix, apart; null where it is neither. */
export function parseDeadLetterId(id: string): { source: string; eventId: string } | null {
  const prefix = ownWorkflowId('dead-letter', '');
  const rest = id.startsWith(prefix) ? id.slice(prefix.length) : id;
  const colon = rest.indexOf(':');
  if (colon < 1 || colon === rest.length - 1) return null;
  return { source: rest.slice(0, colon), eventId: rest.slice(colon + 1) };
}

/**
 * `entity:<source>:<type>/<id>`: the workflow that gives the events of a record their turns. A very long one is cut: records that share
 * it take their turns together, which costs time and nothing else.
 */
export function entityWorkflowId(source: string, entity: EntityRef): string {
  return ownWorkflowId('entity', source, describeEntity(entity)).slice(0, maxWorkflowIdLength);
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
