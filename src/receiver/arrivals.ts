import type { Logger } from 'pino';
import type { Arrivals } from '../model/silence.ts';
import type { Store } from '../store/store.ts';
import { flushEvery, type Flusher } from '../monitoring/flush-every.ts';

/** Notes that verified deliveries arrive, so that it is noticed when they no longer do. */
export interface ArrivalNotes extends Flusher {
  note(source: string): void;
}

/** Often enough for a watch that looks every five minutes, rarely enough to cost nothing. */
const flushMilliseconds = 10_000;

/** Sums up by source, and writes a row for each every ten seconds: whatever a burst brings, it costs no more. */
export function createArrivalNotes({
  store,
  logger,
  now,
}: {
  store: Pick<Store, 'recordArrivals'>;
  logger: Logger;
  now: () => number;
}): ArrivalNotes {
  let waiting = new Map<string, Arrivals>();
  const flusher = flushEvery(flushMilliseconds, write);

  function add(source: string, { firstAt, lastAt, count }: Arrivals): void {
    const known = waiting.get(source);
    waiting.set(source, {
      firstAt: Math.min(known?.firstAt ?? firstAt, firstAt),
      lastAt: Math.max(known?.lastAt ?? lastAt, lastAt),
      count: (known?.count ?? 0) + count,
    });
  }

  async function write(): Promise<void> {
    const batch = [...waiting];
    if (batch.length === 0) return;
    waiting = new Map();
    try {
      await store.recordArrivals(batch.map(([source, arrivals]) => ({ source, ...arrivals })));
    } catch (error) {
      logger.warn({ err: error }, 'the arrivals could not be written; they are kept and written later');
      for (const [source, arrivals] of batch) add(source, arrivals);
    }
  }

  return {
    note(source) {
      const at = now();
      add(source, { firstAt: at, lastAt: at, count: 1 });
    },
    ...flusher,
  };
}
