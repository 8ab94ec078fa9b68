import { UnreadableEventError } from '../errors.ts';
import type { EntityRef, EventDraft } from '../model/event.ts';
import type { JsonValue } from '../model/json.ts';
import { readVersionNumber, type RecordVersion } from '../model/version.ts';
import { announcedTime } from './announced-time.ts';
import type { VerifiedDelivery } from './define-source.ts';
import type { GenericSourceSpec } from './generic-schema.ts';
import { readPointer } from './json-pointer.ts';

/**
 * Reads an event as its description says.
 *
 * @throws UnreadableEventError naming the pointer or the header where the id or the type is not found
 */
export function readGenericEvent(spec: GenericSourceSpec, delivery: VerifiedDelivery): EventDraft {
  const { body } = delivery;
  const id = requireText('id', delivery, spec.id, spec.idHeader);
  const type =
    spec.type !== undefined && !spec.type.startsWith('/')
      ? spec.type
      : requireText('type', delivery, spec.type, spec.typeHeader);
  const deletes = announcesDeletion(spec, type, body);
  const entity = readEntity(spec, type, body);
  const draft = {
    id,
    type,
    entity,
    announced: readAnnounced(spec, body),
    occurredAt: readTime(body, spec.occurredAt ?? spec.sourceTime),
    deletes,
  };
  if (entity === null || spec.fetch !== undefined) return draft;
  const record = readPointer(body, spec.record);
  if (record === undefined && !deletes) {
    throw new UnreadableEventError(`The body holds no record at "${spec.record}".`);
  }
  return { ...draft, snapshot: record ?? null };
}

function requireText(
  what: string,
  { body, headers }: VerifiedDelivery,
  pointer: string | undefined,
  header: string | undefined,
): string {
  const value = header === undefined ? readText(body, pointer ?? '') : (headers[header]?.trim() ?? null);
  if (value !== null && value !== '') return value;
  const where =
    header === undefined
      ? `The body holds no event ${what} at "${pointer ?? ''}"`
      : `The header ${header} is missing`;
  throw new UnreadableEventError(`${where}: text or a whole number is expected there.`);
}

/**
 * Text, or a whole number as text; null where there is neither.
 * @throws UnreadableEventError for a number that has lost digits: two events would then have one id
 */
function readText(body: JsonValue, pointer: string): string | null {
  const value = readPointer(body, pointer);
  if (typeof value === 'string') return value;
  if (typeof value !== 'number') return null;
  if (Number.isSafeInteger(value)) return String(value);
  throw new UnreadableEventError(
    `The number at "${pointer}" is too large, or no whole one, and cannot be read exactly: point to a text in its place.`,
  );
}

function readEntity({ entity }: GenericSourceSpec, eventType: string, body: JsonValue): EntityRef | null {
  const type = readEntityType(entity.type, eventType, body);
  const id = readText(body, entity.id);
  return type === null || type === '' || id === null || id === '' ? null : { type, id };
}

function readEntityType(
  described: GenericSourceSpec['entity']['type'],
  eventType: string,
  body: JsonValue,
): string | null {
  if (typeof described !== 'string') return eventType.split(described.eventTypeBefore, 1)[0] ?? null;
  return described.startsWith('/') ? readText(body, described) : described;
}

function readAnnounced(spec: GenericSourceSpec, body: JsonValue): RecordVersion | null {
  const version = spec.version === undefined ? null : readVersionNumber(readPointer(body, spec.version));
  const sourceTime = spec.sourceTime === undefined ? null : announcedTime(readPointer(body, spec.sourceTime));
  return version === null && sourceTime === null ? null : { version, sourceTime };
}

function readTime(body: JsonValue, pointer: string | undefined): string | number | null {
  const value = pointer === undefined ? null : readPointer(body, pointer);
  return typeof value === 'string' || typeof value === 'number' ? value : null;
}

function announcesDeletion({ deletes }: GenericSourceSpec, type: string, body: JsonValue): boolean {
  if (deletes === undefined) return false;
  return 'types' in deletes
    ? deletes.types.includes(type)
    : readPointer(body, deletes.pointer) === deletes.equals;
}
