import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { TemporalUnavailableError } from '../errors.ts';
import { storedOf } from '../model/dead-letter.ts';
import type { Metrics } from '../monitoring/metrics.ts';
import { inSpan, underTraceparent } from '../monitoring/tracing.ts';
import { noteConflict } from './note-conflict.ts';
import type { ClaimedInboxItem, InboxItem, Store } from '../store/store.ts';
import type { EventStarter, StartedEvent } from '../temporal/event-starter.ts';
import type { Overflow } from './overflow.ts';
import { nameOf, startItem } from './start-item.ts';

/** Gives what waits in the inbox to Temporal, for as long as the process runs. */
export interface Relay {
  start(): void;
  /** Finishes the starts under way; what is claimed and not started is given back. */
  stop(): Promise<void>;
}

/** How many are claimed, and started at once. In a flood one after the other, and soon looked at whether it is calm again. */
const paces = { calm: { batchSize: 100, atOnce: 4 }, flood: { batchSize: 20, atOnce: 1 } };
const lookAgainMilliseconds = 100;
/** Longer than a batch can take: each start has a deadline of seconds. */
const leaseMilliseconds = 120_000;
/** A count reads all that waits, which may be a million, and each claim takes a hundred of it. */
const countEveryMilliseconds = 5_000;
const idleMilliseconds = 500;
const longestPauseMilliseconds = 15_000;

/**
 * The relay. Sources take turns, so that none waits for another's backlog. Several processes may run one: a claim is leased, and
 * a start that happens twice is a duplicate by its workflow id. What cannot be started (Temporal refuses it, its source is not
 * configured any more) keeps its claim until the lease ends, so that it is tried again slowly and blocks nothing behind it.
 */
export function createRelay(deps: {
  store: Store;
  starter: EventStarter;
  metrics: Metrics;
  logger: Logger;
  overflow: Overflow;
}): Relay {
  const { store, starter, metrics, logger, overflow } = deps;
  const stopping = new AbortController();
  let running: Promise<void> = Promise.resolve();
  let behind = false;
  let countedAt = 0;

  return {
    start() {
      running = run();
    },
    async stop() {
      stopping.abort();
      await running;
    },
  };

  async function run(): Promise<void> {
    let failures = 0;
    while (!stopping.signal.aborted) {
      const done = await drainOnce();
      failures = done === 'failed' ? failures + 1 : 0;
      if (done === 'more') continue;
      const pause = Math.min(idleMilliseconds * 2 ** Math.min(failures, 10), longestPauseMilliseconds);
      // Uneven, so that several relays do not ask a recovering Temporal at the same moment.
      await sleepUntilStopped(pause * (0.75 + Math.random() / 2));
    }
  }

  async function drainOnce(): Promise<'more' | 'empty' | 'failed'> {
    try {
      const pressure = overflow.pressure();
      if (pressure === 'rush') {
        await sleepUntilStopped(lookAgainMilliseconds);
        return 'more';
      }
      if (!behind || performance.now() - countedAt > countEveryMilliseconds) {
        metrics.inboxItems.set(await store.countInbox());
        countedAt = performance.now();
      }
      const { batchSize, atOnce } = paces[pressure];
      const claimed = await store.claimInbox(batchSize, leaseMilliseconds);
      behind = claimed.length === batchSize;
      // Whoever is behind finds nobody before it.
      if (!behind) overflow.end();
      if (claimed.length === 0) return 'empty';
      // However long they have waited: the time for which they are kept begins anew with their workflows.
      await store.renewBodies(claimed.flatMap(({ item }) => storedOf(item)).map(({ sha256 }) => sha256));
      return (await relayAll(claimed, atOnce)) ? 'more' : 'failed';
    } catch (error) {
      logger.warn({ err: error }, 'the inbox cannot be read at the moment');
      return 'failed';
    }
  }

  /** False where Temporal is out of reach; what was not started is given back at once. */
  async function relayAll(claimed: readonly ClaimedInboxItem[], atOnce: number): Promise<boolean> {
    const waiting = [...claimed];
    const started: string[] = [];
    const back: string[] = [];
    let reachable = true;
    const worker = async () => {
      for (let each = waiting.shift(); each !== undefined; each = waiting.shift()) {
        if (!reachable || stopping.signal.aborted) {
          back.push(each.id);
          continue;
        }
        switch (await relayOne(each)) {
          case 'started':
            started.push(each.id);
            break;
          case 'refused':
            break;
          case 'unreachable':
            reachable = false;
            back.push(each.id);
        }
      }
    };
    await Promise.all(Array.from({ length: atOnce }, worker));
    await store.removeFromInbox(started);
    await store.releaseInbox(back);
    return reachable;
  }

  /** Goes on with the trace of the delivery: what lies between is the time in the inbox. */
  function relayOne(claimed: ClaimedInboxItem): Promise<'started' | 'refused' | 'unreachable'> {
    const { source, eventId } = nameOf(claimed.item);
    const attributes = { 'landfall.source': source, 'landfall.event.id': eventId };
    return underTraceparent(claimed.item.traceparent, () =>
      inSpan('relay', { attributes }, async (span) => {
        const result = await giveToTemporal(claimed);
        span.setAttribute('landfall.result', result);
        return result;
      }),
    );
  }

  async function giveToTemporal({
    item,
    acceptedAt,
  }: ClaimedInboxItem): Promise<'started' | 'refused' | 'unreachable'> {
    const { source, eventId } = nameOf(item);
    let result: StartedEvent;
    try {
      result = await startItem(starter, item);
    } catch (error) {
      if (!(error instanceof TemporalUnavailableError)) {
        metrics.inboxRefused.inc({ source });
        logger.error(
          { err: error, source, eventId, acceptedAt },
          'an event of the inbox cannot be started: it stays there',
        );
        return 'refused';
      }
      logger.warn({ err: error }, 'Temporal is still out of reach');
      return 'unreachable';
    }
    metrics.inboxRelayed.inc({ source });
    const { workflowId, duplicate } = result;
    logger.info({ source, eventId, workflowId, acceptedAt, duplicate }, 'relayed');
    if (item.kind === 'event' && result.duplicate) await compareBodies(item, result);
    return 'started';
  }

  async function compareBodies(
    { event }: Extract<InboxItem, { kind: 'event' }>,
    { firstBodySha256 }: StartedEvent,
  ): Promise<void> {
    const { source, id, bodySha256, payload, storedPayload, receivedAt } = event;
    await noteConflict(deps, {
      source,
      eventId: id,
      firstSha256: firstBodySha256,
      bodySha256,
      ...(storedPayload === undefined
        ? { body: JSON.stringify(payload) }
        : { body: '', storedBody: storedPayload }),
      bodyEncoding: 'utf8',
      receivedAt,
    });
  }

  async function sleepUntilStopped(milliseconds: number): Promise<void> {
    // Rejects when it is aborted, which is when there is nothing to wait for.
    await sleep(milliseconds, undefined, { signal: stopping.signal }).catch(() => undefined);
  }
}
