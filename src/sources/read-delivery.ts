import { UnreadableEventError } from '../errors.ts';
import type { UnreadableDelivery } from '../model/dead-letter.ts';
import type { EntityRef, EventDraft, LandfallEvent } from '../model/event.ts';
import { canonicalEventId, unreadableEventId } from '../model/ids.ts';
import type { JsonValue } from '../model/json.ts';
import { clip } from '../model/process-event.ts';
import { type Claim, jsonType } from '../model/stored-body.ts';
import { readSourceTime, readRecordVersion, type RecordVersion } from '../model/version.ts';
import { hiddenValues, hideValues, redactedText, redactJson } from '../privacy/redaction.ts';
import { sha256Hex } from '../verification/digest.ts';
import { largestBodyBytes } from './body-limit.ts';
import type { Source, VerifiedDelivery } from './define-source.ts';
import { asUtf8, parseBody } from './parse-body.ts';

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
      /** What of it has to be kept in the store first. */
      claims: readonly Claim[];
      /** The version of the vendor's API that the body is written in, where it says so. */
      apiVersion: string | null;
    }
  | { kind: 'handshake'; answer: JsonValue }
  | { kind: 'unreadable'; eventId: string; delivery: UnreadableDelivery; claims: readonly Claim[] };

/**
 * What an event may take in a workflow's history, below Temporal's 2 MiB a payload. JSON can grow when it is printed again:
 * `1e20` becomes 21 digits. No body of `largestInlineBytes` grows beyond this, even with its record printed beside it.
 * @see https://docs.temporal.io/cloud/limits#per-message-grpc-limit
 */
const maxEventBytes = 1_900_000;
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

/** An event, or what could not be read as one. */
export type ReadEvent = Exclude<ReadDelivery, { kind: 'handshake' }>;

/** An event with what it was read from: the delivery, or a part of it. */
export interface ReadPart {
  read: ReadEvent;
  raw: RawDelivery;
}

/**
 * Reads a verified delivery with its source's adapter. Never throws for what the body holds: that is `unreadable`.
 *
 * @param inlineBytes - what is larger stands in the event by reference. @default nothing is
 */
export function readDeliveries(source: Source, raw: RawDelivery, inlineBytes = Infinity): ReadDeliveries {
  if (source.split === undefined) {
    const read = readDelivery(source, raw, inlineBytes);
    return read.kind === 'handshake' ? read : { kind: 'events', parts: [{ read, raw }] };
  }
  let parts: readonly JsonValue[];
  try {
    parts = source.split({ body: parseBody(raw), headers: raw.headers });
  } catch (error) {
    return { kind: 'events', parts: [{ read: unreadable(source, raw, error, { inlineBytes }), raw }] };
  }
  const headers = { ...raw.headers, 'content-type': jsonType };
  return {
    kind: 'events',
    parts: parts.flatMap((part) => {
      const ofPart = { ...raw, headers, body: Buffer.from(JSON.stringify(part)) };
      const read = readDelivery(source, ofPart, inlineBytes);
      return read.kind === 'handshake' ? [] : [{ read, raw: ofPart }];
    }),
  };
}

/** Reads an event with nothing left to the store; null where it is larger than a workflow's history takes. */
export function readWhole(source: Source, raw: RawDelivery): ReadEvent | null {
  if (raw.body.length > maxEventBytes) return null;
  const read = readDelivery(source, raw);
  if (read.kind === 'handshake') return null;
  return bytesOf(read.kind === 'event' ? read.event : read.delivery) > maxEventBytes ? null : read;
}

/**
 * Reads one event: the whole delivery, or a part of it.
 *
 * @param inlineBytes - as in `readDeliveries`
 */
export function readDelivery(source: Source, raw: RawDelivery, inlineBytes = Infinity): ReadDelivery {
  const { body, headers, receivedAt, now } = raw;
  let parsedBody: JsonValue | undefined;
  try {
    parsedBody = parseBody(raw);
    const parsed: VerifiedDelivery = { body: parsedBody, headers };
    const answer = source.handshake?.(parsed) ?? null;
    if (answer !== null) return { kind: 'handshake', answer };
    const draft = source.readEvent(parsed);
    const event = toEvent(source, draft, {
      // For people: what a record is made of is the snapshot.
      payload: redactJson(source.redaction, parsedBody),
      headers: redactHeaders(headers, hiddenHeaders(source)),
      bodySha256: sha256Hex(body),
      receivedAt,
      now,
    });
    const apiVersion = draft.apiVersion ?? null;
    return body.length <= inlineBytes
      ? { kind: 'event', event, claims: [], apiVersion }
      : { kind: 'event', ...byReference(event, shownBody(raw, parsedBody, event), inlineBytes), apiVersion };
  } catch (error) {
    return unreadable(source, raw, error, { inlineBytes, parsedBody });
  }
}

/** A body as it is kept for people to look at: as it came, to the byte, where nothing of it is hidden from them. */
function shownBody(raw: RawDelivery, parsedBody: JsonValue, event: LandfallEvent): Claim {
  const { payload, bodySha256, entity } = event;
  if (payload === parsedBody) return { ...claimBody(raw, bodySha256), entity };
  const body = Buffer.from(JSON.stringify(payload));
  return { stored: { sha256: sha256Hex(body), bytes: body.length, contentType: jsonType }, body, entity };
}

/** The event with what is large of it standing by reference: its body, and its snapshot where that is large itself. */
function byReference(
  event: LandfallEvent,
  payload: Claim,
  inlineBytes: number,
): { event: LandfallEvent; claims: Claim[] } {
  const withoutPayload = { ...event, payload: null, storedPayload: payload.stored };
  const snapshot = event.snapshot === null ? null : Buffer.from(JSON.stringify(event.snapshot));
  if (snapshot === null || snapshot.length <= inlineBytes)
    return { event: withoutPayload, claims: [payload] };
  if (snapshot.length > largestBodyBytes) {
    throw new UnreadableEventError(
      `The record in the body takes ${snapshot.length} bytes as it is printed, more than the ${largestBodyBytes} that are kept.`,
    );
  }
  const stored = { sha256: sha256Hex(snapshot), bytes: snapshot.length, contentType: jsonType };
  return {
    event: { ...withoutPayload, snapshot: null, storedSnapshot: stored },
    claims: [payload, { stored, body: snapshot, entity: event.entity }],
  };
}

function claimBody({ body, headers }: RawDelivery, sha256: string): Claim {
  const contentType = headers['content-type'] ?? jsonType;
  return { stored: { sha256, bytes: body.length, contentType }, body, entity: null };
}

function unreadable(
  source: Source,
  raw: RawDelivery,
  error: unknown,
  { inlineBytes, parsedBody }: { inlineBytes: number; parsedBody?: JsonValue | undefined },
): Extract<ReadDelivery, { kind: 'unreadable' }> {
  const { body, headers, receivedAt } = raw;
  const bodySha256 = sha256Hex(body);
  const claims = body.length <= inlineBytes ? [] : [claimBody(raw, bodySha256)];
  const [claim] = claims;
  // An adapter may say what is wrong with the value in it.
  const hidden = hiddenValues(source.redaction, parsedBody === undefined ? [] : [parsedBody]);
  return {
    kind: 'unreadable',
    eventId: unreadableEventId(bodySha256),
    delivery: {
      headers: redactHeaders(headers, hiddenHeaders(source)),
      ...(claim === undefined
        ? inlineBody(body)
        : { body: '', bodyEncoding: 'utf8', storedBody: claim.stored }),
      bodySha256,
      receivedAt,
      reason: clip(hideValues(error instanceof Error ? error.message : String(error), hidden), 1_000),
    },
    claims,
  };
}

/**
 * Reads a delivery again that could not be read before: the adapter may have been mended meanwhile. Its headers were redacted
 * since, so an adapter finds an event's id in the body, or in a header that is no secret.
 *
 * @param options.body - the delivery's
 * @param options.now - as in `RawDelivery`
 * @param options.inlineBodyBytes - as `inlineBytes` in `readDeliveries`
 * @throws UnreadableEventError where it still cannot be read
 */
export function readUnreadable(
  source: Source,
  { headers, receivedAt }: UnreadableDelivery,
  { body, now, inlineBodyBytes }: { body: Buffer; now: number; inlineBodyBytes: number },
): { event: LandfallEvent; claims: readonly Claim[] } {
  const read = readDelivery(source, { body, headers, receivedAt, now }, inlineBodyBytes);
  switch (read.kind) {
    case 'event':
      return read;
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

function bytesOf(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}

function plausible(version: RecordVersion, now: number): RecordVersion | null {
  const announced = readRecordVersion(version, now);
  return announced.version === null && announced.sourceTime === null ? null : announced;
}

/** Control characters take six times their size inside JSON: base64 then fits where text would not. */
function inlineBody(body: Buffer): Pick<UnreadableDelivery, 'body' | 'bodyEncoding'> {
  const text = asUtf8(body);
  return text !== null && bytesOf(text) <= (body.length + 64) * 1.3
    ? { body: text, bodyEncoding: 'utf8' }
    : { body: body.toString('base64'), bodyEncoding: 'base64' };
}
