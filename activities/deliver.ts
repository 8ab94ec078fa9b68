import { ConfigurationError } from '../src/errors.ts';
import { happenedAt } from '../src/model/event.ts';
import { idempotencyKey } from '../src/model/ids.ts';
import { callSignal } from './call-signal.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { destinationNames } from './destination-names.ts';
import { findSource } from './find-source.ts';
import type { Activities } from './types.ts';

/** Hands the record to one destination under its idempotency key, then notes in the store that it is there. */
export function createDeliver({ sources, store }: ActivityDependencies): Activities['deliver'] {
  return async ({ event, destination: name, incoming, outcome, nonce }) => {
    const source = findSource(sources, event.source);
    const destination = source.destinations.find((each) => each.name === name);
    if (destination === undefined) {
      throw new ConfigurationError(
        `The source "${source.name}" has no destination "${name}" any more. Bring it back and replay, or discard the event.`,
      );
    }
    const key = idempotencyKey({
      source: event.source,
      eventId: event.id,
      destination: name,
      version: incoming,
      nonce,
    });
    await destination.deliver(
      {
        source: event.source,
        eventId: event.id,
        eventType: event.type,
        entity: incoming.entity,
        record: incoming.data,
        version: { version: incoming.version, sourceTime: incoming.sourceTime },
        deleted: incoming.deleted,
        outcome,
        idempotencyKey: key,
      },
      { signal: callSignal() },
    );
    await store.markDelivered({
      source: event.source,
      eventId: event.id,
      destination: name,
      destinations: destinationNames(source, event.type),
      idempotencyKey: key,
      happenedAt: happenedAt(event),
    });
  };
}
