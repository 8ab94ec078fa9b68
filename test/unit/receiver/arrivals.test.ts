import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLogger } from '../../../src/monitoring/logger.ts';
import { createArrivalNotes } from '../../../src/receiver/arrivals.ts';
import { openStore } from '../../../src/store/open-store.ts';
import type { Store } from '../../../src/store/store.ts';
import { StoreUnavailableError } from '../../../src/errors.ts';

const logger = createLogger({ level: 'silent', format: 'json', redact: (text) => text });

describe('the notes of what arrives', () => {
  let store: Store;
  beforeAll(async () => {
    store = await openStore({ databaseUrl: null, dataDirectory: null });
    await store.migrate();
  }, 60_000);
  afterAll(() => store.close());

  it('are summed up by source, and written when they are flushed', async () => {
    const begin = Math.floor(Date.now() / 300_000) * 300_000;
    let now = begin;
    const notes = createArrivalNotes({ store, logger, now: () => now });
    for (now = begin; now < begin + 3_000; now += 1_000) notes.note('shop');
    notes.note('other');
    expect(await store.listArrivals('shop', 0)).toEqual([]);
    await notes.close();
    const shop = { firstAt: begin, lastAt: begin + 2_000, count: 3 };
    expect(await store.listArrivals('shop', 0)).toEqual([shop]);
    expect(await store.listArrivals('other', 0)).toMatchObject([{ count: 1 }]);
  });

  it('are kept while the store is away, and written later', async () => {
    let away = true;
    const notes = createArrivalNotes({
      store: {
        recordArrivals: (batches) =>
          away ? Promise.reject(new StoreUnavailableError('away')) : store.recordArrivals(batches),
      },
      logger,
      now: Date.now,
    });
    notes.note('late');
    await notes.flush();
    notes.note('late');
    away = false;
    await notes.close();
    expect(await store.listArrivals('late', 0)).toMatchObject([{ count: 2 }]);
  });
});
