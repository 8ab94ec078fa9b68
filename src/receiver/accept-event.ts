import { LRUCache } from 'lru-cache';
import type { Logger } from 'pino';
import { keepClaims } from '../bodies/keep-claims.ts';
import { StoreUnavailableError, TemporalUnavailableError } from '../errors.ts';
import { deadLetterWorkflowId, eventWorkflowId } from '../model/ids.ts';
import type { Claim } from '../model/stored-body.ts';
import type { Metrics } from '../monitoring/metrics.ts';
import { currentTraceparent } from '../monitoring/tracing.ts';
import type { Overflow } from '../inbox/overflow.ts';
import { nameOf, startItem } from '../inbox/start-item.ts';
import type { InboxItem, Store } from '../store/store.ts';
import type { EventStarter, StartedEvent } from '../temporal/event-starter.ts';

/** Where an accepted event is now. */
export interface Accepted extends StartedEvent {
  heldBy: 'temporal' | 'inbox';
}

/** What is to be made durable. */
export interface Acceptable {
  item: InboxItem;
  /** What of it stands there by reference, and has to be in the store before. */
  claims: readonly Claim[];
  /** The same with nothing left to the store; null where Temporal alone could not hold it. Asked only while the store is away. */
  inline(): InboxItem | null;
}

/** Makes events durable: with Temporal, else in the inbox. */
export interface Acceptor {
  /** @throws StoreUnavailableError where neither of the two takes the event: the vendor must send it again */
  accept(acceptable: Acceptable): Promise<Accepted>;
}

/**
 * Starts under way at once before events go to the inbox. In line behind as many, an event would wait for longer than one
 * write takes that holds a whole burst.
 */
const maxStarting = 24;
/** How many accepted events are remembered, and for how long, so that the same one again costs nobody a look. */
const remembered = { max: 20_000, ttl: 60_000 };
/** After a failed start, how long events go straight to the inbox before one is tried again. */
const pauseMilliseconds = 2_000;

/**
 * Durable before it is acknowledged. Temporal first; where it is down, slow, refuses, or has enough to do, the inbox.
 * After a failure one event at a time probes Temporal, so that an outage costs each of the others no deadline.
 *
 * An overflow lasts until the relay has emptied the inbox: those in line go first, and Temporal has one to serve, not two.
 * What Temporal took a moment ago is answered from memory: the answer is the same, and it is durable already. What is being
 * accepted is waited for, and nothing is asked twice.
 *
 * A large body is in the store before anything refers to it. Without the store, Temporal takes it where it is not too large.
 *
 * @param overflow - shared with the relay, which ends it
 */
export function createAcceptor({
  starter,
  store,
  metrics,
  logger,
  overflow,
  now,
}: {
  starter: EventStarter;
  store: Store;
  metrics: Metrics;
  logger: Logger;
  overflow: Overflow;
  now: () => number;
}): Acceptor {
  let starting = 0;
  let pausedUntil = 0;
  const recent = new LRUCache<string, Accepted>(remembered);
  const underWay = new Map<string, Promise<Accepted>>();

  return {
    async accept(acceptable) {
      const { item } = acceptable;
      // An unreadable delivery that comes again is counted on its dead letter.
      if (item.kind === 'unreadable') return keepAndAccept(acceptable);
      const key = eventWorkflowId(item.event.source, item.event.id);
      const before = recent.get(key) ?? (await underWay.get(key));
      if (before !== undefined) return { ...before, duplicate: true };
      const accepting = keepAndAccept(acceptable).then((accepted) => {
        const { duplicate, firstBodySha256 } = accepted;
        const first = { ...accepted, firstBodySha256: duplicate ? firstBodySha256 : item.event.bodySha256 };
        // From the inbox it goes on to Temporal, which is then asked.
        if (first.heldBy === 'temporal') recent.set(key, first);
        return first;
      });
      underWay.set(key, accepting);
      try {
        return await accepting;
      } finally {
        underWay.delete(key);
      }
    },
  };

  async function keepAndAccept({ item, claims, inline }: Acceptable): Promise<Accepted> {
    try {
      await keepClaims({ store, metrics }, nameOf(item).source, claims);
    } catch (error) {
      const whole = now() < pausedUntil ? null : inline();
      const started = whole === null ? null : await tryTemporal(whole);
      if (started !== null) return started;
      throw new StoreUnavailableError('The store, which so large a body needs, does not take it.', {
        cause: error,
      });
    }
    return acceptNew(item);
  }

  async function acceptNew(item: InboxItem): Promise<Accepted> {
    const paused = now() < pausedUntil;
    if (starting >= maxStarting) overflow.begin();
    const overflows = overflow.lasts();
    if (!paused && !overflows) {
      const started = await tryTemporal(item);
      if (started !== null) return started;
    }
    if (overflows) overflow.arrive();
    try {
      return await putIntoInbox(item);
    } catch (error) {
      // An overflow is no outage: with the inbox gone, Temporal may take it all the same.
      if (overflows) overflow.end();
      const started = overflows && !paused ? await tryTemporal(item) : null;
      if (started !== null) return started;
      throw new StoreUnavailableError('Neither Temporal nor the inbox takes the event.', { cause: error });
    }
  }

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
    const traceparent = currentTraceparent();
    const added = await store.addToInbox(traceparent === undefined ? item : { ...item, traceparent });
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
