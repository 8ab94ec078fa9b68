import { UnreadableEventError } from '../errors.ts';
import type { UnreadableDelivery } from '../model/dead-letter.ts';
import type { EntityRef, EventDraft, LandfallEvent } from '../model/event.ts';
import { canonicalEventId, unreadableEventId } from '../model/ids.ts';
import type { JsonValue } from '../model/json.ts';
import { clip } from '../model/process-event.ts';
import { readSourceTime, readRecordVersion, type RecordVersion } from '../model/version.ts';
import { redactedText, redactJson } from '../privacy/redaction.ts';
import { sha256Hex } from '../verification/digest.ts';
import type { Source, VerifiedDelivery } from './define-source.ts';

type Headers = Readonly<Record<string, string | undefined>>;

/** A delivery whose signature was verified. */
export interface RawDelivery {
  body: Buffer;
  /** By lower-case name. */
  headers: Headers;
  /** ISO 8601. */
  receivedAt: string;
  /** Milliseconds since the epoch; only to tell which times are plausible. */
  now: number;
}

/** What a verified delivery turned out to be. */
export type ReadDelivery =
  | {
      kind: 'event';
      event: LandfallEvent;
      /** The version of the vendor's API that the body is written in, where it says so. */
      apiVersion: string | null;
    }
  | { kind: 'handshake'; answer: JsonValue }
  | { kind: 'unreadable'; eventId: string; delivery: UnreadableDelivery };

/**
 * What an event may take in a workflow's history, below Temporal's 2 MiB a payload. JSON can grow when it is printed again:
 * `1e20` becomes 21 digits.
 * @see https://docs.temporal.io/cloud/limits#per-message-grpc-limit
 */
const maxEventBytes = 1_900_000;
/** No body below this prints to more than `maxEventBytes`, so that most are not printed to be measured. */
const alwaysFitsBytes = 150_000;
const maxTypeLength = 255;
const maxEntityPartLength = 255;
/** Headers that carry a secret, whatever the source. */
const secretHeaders = [
  'authorization',
  'cookie',
  'proxy-authorization',
  'set-cookie',
  'x-api-key',
  'x-auth-token',
];

/** What a verified delivery is: a handshake to answer, or the events in it, nearly always one. */
export type ReadDeliveries =
  { kind: 'handshake'; answer: JsonValue } | { kind: 'events'; parts: readonly ReadPart[] };

/** An event, or what could not be read as one, with the bytes that it was read from. */
export interface ReadPart {
  read: Exclude<ReadDelivery, { kind: 'handshake' }>;
  body: Buffer;
}

/** Reads a verified delivery with its source's adapter. Never throws for what the body holds: that is `unreadable`. */
export function readDeliveries(source: Source, raw: RawDelivery): ReadDeliveries {
  if (source.split === undefined) {
    const read = readDelivery(source, raw);
    return read.kind === 'handshake' ? read : { kind: 'events', parts: [{ read, body: raw.body }] };
  }
  let parts: readonly JsonValue[];
  try {
    parts = source.split({ body: parseBody(raw), headers: raw.headers });
  } catch (error) {
    return { kind: 'events', parts: [{ read: unreadable(source, raw, error), body: raw.body }] };
  }
  const headers = { ...raw.headers, 'content-type': 'application/json' };
  return {
    kind: 'events',
    parts: parts.flatMap((part) => {
      const body = Buffer.from(JSON.stringify(part));
      const read = readDelivery(source, { ...raw, headers, body });
      return read.kind === 'handshake' ? [] : [{ read, body }];
    }),
  };
}

/** Reads one event: the whole delivery, or a part of it. */
export function readDelivery(source: Source, raw: RawDelivery): ReadDelivery {
  const { body, headers, receivedAt, now } = raw;
  try {
    const parsed: VerifiedDelivery = { body: parseBody(raw), headers };
    const answer = source.handshake?.(parsed) ?? null;
    if (answer !== null) return { kind: 'handshake', answer };
    const draft = source.readEvent(parsed);
    const event = toEvent(source, draft, {
      // For people: what a record is made of is the snapshot.
      payload: redactJson(source.redaction, parsed.body),
      headers: redactHeaders(headers, hiddenHeaders(source)),
      bodySha256: sha256Hex(body),
      receivedAt,
      now,
    });
    return {
      kind: 'event',
      event: body.length > alwaysFitsBytes ? fitting(event) : event,
      apiVersion: draft.apiVersion ?? null,
    };
  } catch (error) {
    return unreadable(source, raw, error);
  }
}

function unreadable(
  source: Source,
  { body, headers, receivedAt }: RawDelivery,
  error: unknown,
): Extract<ReadDelivery, { kind: 'unreadable' }> {
  const bodySha256 = sha256Hex(body);
  const text = asTextThatFits(body);
  return {
    kind: 'unreadable',
    eventId: unreadableEventId(bodySha256),
    delivery: {
      headers: redactHeaders(headers, hiddenHeaders(source)),
      body: text ?? body.toString('base64'),
      bodyEncoding: text === null ? 'base64' : 'utf8',
      bodySha256,
      receivedAt,
      reason: clip(error instanceof Error ? error.message : String(error), 1_000),
    },
  };
}

/**
 * Reads a delivery again that could not be read before: the adapter may have been mended meanwhile. Its headers were redacted
 * since, so an adapter finds an event's id in the body, or in a header that is no secret.
 *
 * @throws UnreadableEventError where it still cannot be read
 */
export function readUnreadable(source: Source, delivery: UnreadableDelivery, now: number): LandfallEvent {
  const read = readDelivery(source, {
    body: Buffer.from(delivery.body, delivery.bodyEncoding),
    headers: delivery.headers,
    receivedAt: delivery.receivedAt,
    now,
  });
  switch (read.kind) {
    case 'event':
      return read.event;
    case 'handshake':
      throw new UnreadableEventError(`It is a handshake of ${source.name} now, and no event: discard it.`);
    case 'unreadable':
      throw new UnreadableEventError(read.delivery.reason);
  }
}

/** The headers of a source whose values nobody gets to see, beside those of every source. */
export function hiddenHeaders({ verification, redaction }: Source): readonly string[] {
  return [...verification.secretHeaders, ...redaction.headers];
}

/** Headers as they may be kept: those that carry a signature or a secret lose their value. */
export function redactHeaders(headers: Headers, ofScheme: readonly string[]): Record<string, string> {
  const hidden = new Set([...secretHeaders, ...ofScheme]);
  const entries = Object.entries(headers).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  return Object.fromEntries(entries.map(([name, value]) => [name, hidden.has(name) ? redactedText : value]));
}

function toEvent(
  source: Source,
  draft: EventDraft,
  rest: Pick<LandfallEvent, 'payload' | 'headers' | 'bodySha256' | 'receivedAt'> & { now: number },
): LandfallEvent {
  const { now, ...kept } = rest;
  if (typeof draft.id !== 'string' || draft.id === '') {
    throw new UnreadableEventError('The body has no event id.');
  }
  if (typeof draft.type !== 'string' || draft.type === '') {
    throw new UnreadableEventError('The body has no event type.');
  }
  return {
    source: source.name,
    id: canonicalEventId(draft.id, sha256Hex),
    type: clip(draft.type, maxTypeLength),
    entity: draft.entity === null ? null : checked(draft.entity),
    announced: draft.announced === null ? null : plausible(draft.announced, now),
    occurredAt: readSourceTime(draft.occurredAt, now),
    deletes: draft.deletes,
    snapshot: draft.snapshot ?? null,
    ...kept,
    foundBy: 'webhook',
  };
}

/** A record's type and id are a row's key, a link in the UI and a part of an address: no vendor's are nearly that long. */
function checked(entity: EntityRef): EntityRef {
  for (const part of ['type', 'id'] as const) {
    const { length } = entity[part];
    if (length < 1 || length > maxEntityPartLength) {
      throw new UnreadableEventError(
        `The ${part} of the record has ${length} characters; it must have 1 to ${maxEntityPartLength}.`,
      );
    }
  }
  return entity;
}

/** The body is for people: where it does not fit beside the record, or at all, the record is what counts. */
function fitting(event: LandfallEvent): LandfallEvent {
  if (bytesOf(event) <= maxEventBytes) return event;
  const withoutPayload = { ...event, payload: null };
  if (bytesOf(withoutPayload) <= maxEventBytes) return withoutPayload;
  throw new UnreadableEventError(
    `The record in the body takes more than the ${maxEventBytes} bytes that a workflow can hold.`,
  );
}

function bytesOf(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}

function plausible(version: RecordVersion, now: number): RecordVersion | null {
  const announced = readRecordVersion(version, now);
  return announced.version === null && announced.sourceTime === null ? null : announced;
}

/**
 * The body as an adapter gets it: JSON, or the fields of a form.
 * @throws UnreadableEventError where it is neither
 */
export function parseBody({ body, headers }: Pick<RawDelivery, 'body' | 'headers'>): JsonValue {
  const text = withoutMark(decodeUtf8(body));
  return isForm(headers['content-type']) ? parseForm(text) : parseJson(text);
}

/** Whether a body of this content type is a form. */
export function isForm(contentType: string | undefined): boolean {
  return /^application\/x-www-form-urlencoded\s*(?:;|$)/i.test(contentType ?? '');
}

/** Each field by its name; of a field that comes several times, its values. */
function parseForm(text: string): JsonValue {
  const fields = new URLSearchParams(text);
  const entries = [...new Set(fields.keys())].map((name) => {
    const values = fields.getAll(name);
    return [name, values.length === 1 ? (values[0] ?? '') : values] as const;
  });
  if (entries.length === 0) throw new UnreadableEventError('The body is empty.');
  return Object.fromEntries(entries);
}

function parseJson(text: string): JsonValue {
  if (text.trim() === '') throw new UnreadableEventError('The body is empty.');
  try {
    return JSON.parse(text) as JsonValue;
  } catch (error) {
    // The engine quotes the body in its message.
    const why = error instanceof Error ? error.message.replace(/,? ?(?:\.\.\.)?".*$/s, '') : '';
    throw new UnreadableEventError(`The body is not JSON${why === '' ? '' : `: ${why}`}.`);
  }
}

function decodeUtf8(body: Buffer): string {
  const text = asText(body);
  if (text === null) throw new UnreadableEventError('The body is not UTF-8.');
  return text;
}

/** RFC 8259 lets a reader pass over a byte order mark. */
function withoutMark(text: string): string {
  return text.replace(/^\uFEFF/, '');
}

/** Control characters take six times their size inside JSON: base64 then fits where text would not. */
function asTextThatFits(body: Buffer): string | null {
  const text = asText(body);
  return text !== null && bytesOf(text) <= (body.length + 64) * 1.3 ? text : null;
}

function asText(body: Buffer): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body);
  } catch {
    return null;
  }
}
