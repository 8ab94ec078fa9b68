import { ConfigurationError } from '../src/errors.ts';
import { happenedAt } from '../src/model/event.ts';
import { idempotencyKey, keyVersion } from '../src/model/ids.ts';
import type { DeliverInput } from '../src/model/land-event.ts';
import type { Source } from '../src/sources/define-source.ts';
import { callOut } from './call-out.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { destinationNames } from './destination-names.ts';
import { findSource } from './find-source.ts';
import type { Activities } from './types.ts';

type Dependencies = Pick<ActivityDependencies, 'sources' | 'store'>;

/** Hands the record to one destination under its idempotency key, then notes in the store that it is there. */
export function createDeliver({ sources, store }: Dependencies): Activities['deliver'] {
  return async (input) => {
    const { event, incoming, outcome } = input;
    const source = findSource(sources, event.source);
    const destination = source.destinations.find(({ name }) => name === input.destination);
    if (destination === undefined) {
      throw new ConfigurationError(
        `The source "${source.name}" has no destination "${input.destination}" any more. Bring it back and replay, or discard the event.`,
      );
    }
    const mark = markOf(source, input);
    const write = {
      source: event.source,
      eventId: event.id,
      eventType: event.type,
      entity: incoming.entity,
      record: incoming.data,
      version: { version: incoming.version, sourceTime: incoming.sourceTime },
      deleted: incoming.deleted,
      outcome,
      idempotencyKey: mark.idempotencyKey,
    };
    await callOut((signal) => destination.deliver(write, { signal }));
    await store.markDelivered(mark);
  };
}

/** Only the note: for a destination that has had the record while the store was away. */
export function createMarkDelivered({ sources, store }: Dependencies): Activities['markDelivered'] {
  return (input) => store.markDelivered(markOf(findSource(sources, input.event.source), input));
}

function markOf(source: Source, { event, destination, incoming, nonce, handedOnAs }: DeliverInput) {
  const delivery = { source: event.source, eventId: event.id, destination };
  return {
    ...delivery,
    destinations: destinationNames(source, event.type),
    idempotencyKey: idempotencyKey({
      ...delivery,
      // Absent in the histories of before it was kept.
      version: handedOnAs ?? keyVersion(incoming),
      nonce,
    }),
    happenedAt: happenedAt(event),
  };
}
