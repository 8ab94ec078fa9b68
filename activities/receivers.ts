import type { Destination } from '../src/destinations/define-destination.ts';
import type { HandledEvent, Handler } from '../src/handlers/define-handler.ts';
import { isRepair, typesOf } from '../src/handlers/repair-types.ts';
import type { EntityRef, EventRef } from '../src/model/event.ts';
import type { DeliveryPolicy } from '../src/model/retry.ts';
import type { Source } from '../src/sources/define-source.ts';

/** Who an event is for. */
export interface Receivers {
  /** The destinations, then the handlers, each in its order. */
  names: string[];
  /** Those that are told what our copy was before. */
  handlers: string[];
  /** By name, of those that are not tried as the source says. */
  policies: Record<string, DeliveryPolicy>;
}

/** The destinations and handlers of a source that take this event. */
export function receiversOf(
  source: Source,
  event: EventRef,
  { entity, deleted }: { entity: EntityRef; deleted: boolean },
): Receivers {
  const destinations = source.destinations.filter((each) => each.accepts?.(event.type, entity) ?? true);
  const handled = handledEvent(source, event, { entity, deleted, known: null });
  const handlers = source.handlers.filter((each) => each.takes(handled));
  return {
    names: [...destinations, ...handlers].map(({ name }) => name),
    handlers: handlers.map(({ name }) => name),
    policies: Object.fromEntries([
      ...destinations
        .filter(({ retry }) => retry !== undefined)
        .map((each): [string, DeliveryPolicy] => [each.name, policyOf(source, each, null)]),
      ...handlers.map((each): [string, DeliveryPolicy] => [
        each.name,
        policyOf(source, each, each.timeoutMilliseconds),
      ]),
    ]),
  };
}

/** What handlers are asked whether they take. */
export function handledEvent(
  source: Source,
  { type, foundBy, backfill }: EventRef,
  record: { entity: EntityRef; deleted: boolean; known: boolean | null },
): HandledEvent {
  const event = { type, foundBy, ...record };
  return {
    entity: record.entity,
    types: typesOf(event, source.repairType),
    repair: isRepair(event),
    backfill: backfill === true,
  };
}

function policyOf(
  { retry }: Source,
  own: Destination | Handler,
  timeoutMilliseconds: number | null,
): DeliveryPolicy {
  return { retry: { ...retry, ...own.retry }, timeoutMilliseconds };
}
