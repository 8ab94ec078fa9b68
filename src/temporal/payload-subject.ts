import type { Payload, SerializationContext } from '@temporalio/common';
import { entityWorkflowId, eventWorkflowId, parseDeadLetterId } from '../model/ids.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../model/json.ts';
import type { Subject } from '../privacy/entity-keys.ts';

/** What of Temporal's a payload belongs to: the workflow, by the id that an event's run and its dead letter share; null where nobody says. */
export function ownerOf(context: SerializationContext | undefined): string | null {
  const { workflowId } = context ?? {};
  if (workflowId === undefined) return null;
  const event = parseDeadLetterId(workflowId);
  return event === null ? workflowId : eventWorkflowId(event.source, event.eventId);
}

/**
 * Whose data a workflow holds, read out of what it is begun with, or out of what it gives its activities; null where it belongs to no
 * entity, or the payload does not say.
 *
 * @param owner - of `ownerOf`. The payload of another workflow, which only mentions an entity, says nothing about this one
 */
export function subjectOf(owner: string, payload: Payload): Subject | null {
  const value = parse(payload);
  if (!isJsonObject(value)) return null;
  const event = objectAt(value, 'event') ?? objectAt(objectAt(value, 'subject'), 'event') ?? value;
  const { source, id, eventId } = event;
  const entity = objectAt(event, 'entity');
  const { type, id: entityId } = entity ?? {};
  if (typeof source !== 'string' || typeof type !== 'string' || typeof entityId !== 'string') return null;
  const subject = { source, entity: { type, id: entityId } };
  const ofEvent = [id, eventId].some(
    (each) => typeof each === 'string' && owner === eventWorkflowId(source, each),
  );
  return ofEvent || owner === entityWorkflowId(source, subject.entity) ? subject : null;
}

function objectAt(value: JsonObject | null, name: string): JsonObject | null {
  const found = value?.[name];
  return isJsonObject(found) ? found : null;
}

function parse({ metadata, data }: Payload): JsonValue {
  const encoding = metadata?.['encoding'];
  if (encoding == null || data == null || Buffer.from(encoding).toString() !== 'json/plain') return null;
  try {
    return JSON.parse(Buffer.from(data).toString()) as JsonValue;
  } catch {
    return null;
  }
}
