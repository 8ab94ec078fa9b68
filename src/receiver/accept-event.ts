import type { Logger } from 'pino';
import { StoreUnavailableError, TemporalUnavailableError } from '../errors.ts';
import { deadLetterWorkflowId, eventWorkflowId } from '../model/ids.ts';
import type { Metrics } from '../monitoring/metrics.ts';
import { nameOf, startItem } from '../inbox/start-item.ts';
import type { InboxItem, Store } from '../store/store.ts';
import type { EventStarter, StartedEvent } from '../temporal/event-starter.ts';

/** Where an accepted event is now. */
export interface Accepted extends StartedEvent {
  heldBy: 'temporal' | 'inbox';
}

/** Makes events durable: with Temporal, else in the inbox. */
export interface Acceptor {
  /** @throws StoreUnavailableError where neither of the two takes the event: the vendor must send it again */
  accept(item: InboxItem): Promise<Accepted>;
}

/** Starts under way at once; what comes on top goes to the inbox, and is started at Temporal's pace. */
const maxStarting = 200;
/** After a failed start, how long events go straight to the inbox before one is tried again. */
const pauseMilliseconds = 2_000;

/**
 * Durable before it is acknowledged. Temporal first; where it is down, slow, refuses, or has enough to do, the inbox.
 * After a failure one event at a time probes Temporal, so that an outage costs each of the others no deadline.
 */
export function createAcceptor({
  starter,
  store,
  metrics,
  logger,
  now,
}: {
  starter: EventStarter;
  store: Store;
  metrics: Metrics;
  logger: Logger;
  now: () => number;
}): Acceptor {
  let starting = 0;
  let pausedUntil = 0;

  return {
    async accept(item) {
      const paused = now() < pausedUntil;
      const overflows = starting >= maxStarting;
      if (!paused && !overflows) {
        const started = await tryTemporal(item);
        if (started !== null) return started;
      }
      try {
        return await putIntoInbox(item);
      } catch (error) {
        // An overflow is no outage: with the inbox gone, Temporal may take it all the same.
        const started = overflows && !paused ? await tryTemporal(item) : null;
        if (started !== null) return started;
        throw new StoreUnavailableError('Neither Temporal nor the inbox takes the event.', { cause: error });
      }
    },
  };

  async function tryTemporal(item: InboxItem): Promise<Accepted | null> {
    const probing = pausedUntil > 0;
    if (probing) pausedUntil = now() + pauseMilliseconds;
    starting += 1;
    try {
      const started = await startItem(starter, item);
      pausedUntil = 0;
      return { ...started, heldBy: 'temporal' };
    } catch (error) {
      if (!(error instanceof TemporalUnavailableError)) {
        // It answered, so the others need not wait; this one is kept, whatever is wrong with it.
        pausedUntil = 0;
        logger.error({ err: error, ...nameOf(item) }, 'an event cannot be started: it waits in the inbox');
        return null;
      }
      if (!probing) logger.error({ err: error }, 'Temporal is out of reach: events go to the inbox');
      pausedUntil = now() + pauseMilliseconds;
      return null;
    } finally {
      starting -= 1;
    }
  }

  async function putIntoInbox(item: InboxItem): Promise<Accepted> {
    const added = await store.addToInbox(item);
    if (added.added) metrics.inboxItems.inc();
    const { source, eventId } = nameOf(item);
    const workflowId =
      item.kind === 'event' ? eventWorkflowId(source, eventId) : deadLetterWorkflowId(source, eventId);
    return {
      heldBy: 'inbox',
      workflowId,
      duplicate: !added.added,
      firstBodySha256: added.added ? null : added.bodySha256,
    };
  }
}
