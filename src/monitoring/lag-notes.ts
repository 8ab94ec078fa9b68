import type { Logger } from 'pino';
import type { LagBatch } from '../store/alert-store.ts';
import type { Store } from '../store/store.ts';
import { flushEvery, type Flusher } from './flush-every.ts';

/** Notes how late changes are applied, so that it is noticed when they come later and later. */
export interface LagNotes extends Flusher {
  /** @param milliseconds - from the vendor's own time of the change to now */
  note(source: string, milliseconds: number): void;
}

const flushMilliseconds = 10_000;

/**
 * Sums up by source and writes a row for each every ten seconds, whatever a burst brings.
 *
 * @param options.lateAfterMilliseconds - what counts as late; null: nothing does, and nothing is written
 */
export function createLagNotes({
  store,
  logger,
  now,
  lateAfterMilliseconds,
}: {
  store: Pick<Store, 'recordLags'>;
  logger: Logger;
  now: () => number;
  lateAfterMilliseconds: number | null;
}): LagNotes {
  let waiting = new Map<string, LagBatch>();

  function add(batch: LagBatch): void {
    const known = waiting.get(batch.source);
    waiting.set(batch.source, {
      source: batch.source,
      at: batch.at,
      count: (known?.count ?? 0) + batch.count,
      late: (known?.late ?? 0) + batch.late,
      worstMilliseconds: Math.max(known?.worstMilliseconds ?? 0, batch.worstMilliseconds),
    });
  }

  return {
    note(source, milliseconds) {
      if (lateAfterMilliseconds === null) return;
      const late = milliseconds > lateAfterMilliseconds ? 1 : 0;
      add({ source, at: now(), count: 1, late, worstMilliseconds: milliseconds });
    },
    ...flushEvery(flushMilliseconds, async () => {
      const batches = [...waiting.values()];
      if (batches.length === 0) return;
      waiting = new Map();
      try {
        await store.recordLags(batches);
      } catch (error) {
        logger.warn(
          { err: error },
          'how late changes are could not be written; it is kept and written later',
        );
        for (const batch of batches) add(batch);
      }
    }),
  };
}
