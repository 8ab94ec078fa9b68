import { activityInfo } from '@temporalio/activity';
import type { Destination, LatestRecord } from '../src/destinations/define-destination.ts';
import { ConfigurationError, DestinationUnavailableError, StoreUnavailableError } from '../src/errors.ts';
import { happenedAt } from '../src/model/event.ts';
import { idempotencyKey, keyVersion } from '../src/model/ids.ts';
import type { DeliverInput } from '../src/model/land-event.ts';
import type { IncomingRecord } from '../src/model/record.ts';
import type { Source } from '../src/sources/define-source.ts';
import type { Store } from '../src/store/store.ts';
import { callOut } from './call-out.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { findSource } from './find-source.ts';
import { heartbeating } from './heartbeating.ts';
import { beforeHandOn, NotBegunError } from './not-begun.ts';
import { receiversOf } from './receivers.ts';
import { type HoldDependencies, withRecord } from './refer-to-record.ts';
import { runHandler } from './run-handler.ts';
import type { Activities } from './types.ts';

type Dependencies = HoldDependencies & Pick<ActivityDependencies, 'logger'>;

/**
 * Hands the record to one destination or handler under its idempotency key, then notes in the store that it is there. A
 * StoreUnavailableError means that only the note is missing; a NotBegunError, that nothing was handed on.
 */
export function createDeliver(dependencies: Dependencies): Activities['deliver'] {
  const { sources, store, logger } = dependencies;
  return async (input) => {
    const source = findSource(sources, input.event.source);
    const mark = markOf(source, input);
    const handler = source.handlers.find(({ name }) => name === input.destination);
    const destination = source.destinations.find(({ name }) => name === input.destination);
    const handOn = async (incoming: IncomingRecord): Promise<void> => {
      const write = { ...input, incoming, idempotencyKey: mark.idempotencyKey };
      if (handler !== undefined) await runHandler(handler, source, write, { store, logger });
      else if (destination !== undefined) await writeTo(destination, write, store);
      else {
        throw new ConfigurationError(
          `The source "${source.name}" has no destination "${input.destination}" any more. Bring it back and replay, or discard the event.`,
        );
      }
    };
    const about = { source: source.name, given: input.incoming };
    await heartbeating(() => withRecord(dependencies, about, handOn, { read: beforeHandOn }));
    await store.markDelivered(mark);
    const { source: name, id: eventId } = input.event;
    const { workflowId } = activityInfo().workflowExecution ?? {};
    logger.info({ source: name, eventId, workflowId, destination: input.destination }, 'delivered');
  };
}

/** Only the note: for a destination that has had the record while the store was away. */
export function createMarkDelivered({
  sources,
  store,
}: Pick<Dependencies, 'sources' | 'store'>): Activities['markDelivered'] {
  return (input) => store.markDelivered(markOf(findSource(sources, input.event.source), input));
}

async function writeTo(
  destination: Destination,
  { event, incoming, outcome, idempotencyKey: key }: DeliverInput & { idempotencyKey: string },
  store: Store,
): Promise<void> {
  const write = {
    source: event.source,
    eventId: event.id,
    eventType: event.type,
    entity: incoming.entity,
    record: incoming.data,
    version: { version: incoming.version, sourceTime: incoming.sourceTime },
    deleted: incoming.deleted,
    outcome,
    idempotencyKey: key,
  };
  const latest = async (): Promise<LatestRecord> => {
    const copy = await beforeHandOn(() => store.findRecord(event.source, incoming.entity));
    if (copy === null) throw new RangeError('a record is handed on after it was written');
    const { data, deleted, lastEventId, revision, version, sourceTime } = copy;
    return { record: data, version: { version, sourceTime }, deleted, eventId: lastEventId, revision };
  };
  try {
    await callOut((signal) => destination.deliver(write, { signal, latest }));
  } catch (error) {
    if (!(error instanceof StoreUnavailableError) || error instanceof NotBegunError) throw error;
    // The store of somebody else: ours would be waited out, and the write taken for done.
    throw new DestinationUnavailableError(error.message, null, { cause: error });
  }
}

function markOf(source: Source, { event, destination, incoming, nonce, handedOnAs }: DeliverInput) {
  const delivery = { source: event.source, eventId: event.id, destination };
  return {
    ...delivery,
    destinations: receiversOf(source, event, incoming).names,
    idempotencyKey: idempotencyKey({
      ...delivery,
      // Absent in the histories of before it was kept.
      version: handedOnAs ?? keyVersion(incoming),
      nonce,
    }),
    happenedAt: happenedAt(event),
  };
}
