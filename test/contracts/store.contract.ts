import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { journal } from '../../src/store/migrations/journal.ts';
import type { Store } from '../../src/store/store.ts';
import { storeAlertsContract } from './store-alerts.contract.ts';
import { storeApplyAgainContract } from './store-apply-again.contract.ts';
import { storeApplyContract } from './store-apply.contract.ts';
import { storeBodiesContract } from './store-bodies.contract.ts';
import { storeBoundedTablesContract } from './store-bounded-tables.contract.ts';
import { storeDeadLettersContract } from './store-dead-letters.contract.ts';
import { storeDecisionsContract } from './store-decisions.contract.ts';
import { storeDifferencesContract } from './store-differences.contract.ts';
import { storeFailuresContract } from './store-failures.contract.ts';
import { storeInboxContract } from './store-inbox.contract.ts';
import { storeInspectionContract } from './store-inspection.contract.ts';
import { storePartitionsContract } from './store-partitions.contract.ts';
import { storePreviousContract } from './store-previous.contract.ts';
import { storePrivacyContract } from './store-privacy.contract.ts';

/** What the parts of the suite work with: one migrated store, and a source of its own for each test. */
export interface StoreUnderTest {
  store(): Store;
  newSource(): string;
}

/**
 * What every store promises; run for each engine.
 *
 * @param open - opens a store on a new, empty database
 */
export function storeContract(open: () => Promise<Store>): void {
  describe('as every store', () => {
    let store: Store;
    beforeAll(async () => {
      store = await open();
      await store.migrate();
    });
    afterAll(() => store.close());

    const subject: StoreUnderTest = {
      store: () => store,
      newSource: () => `shop-${randomUUID().slice(0, 8)}`,
    };

    it('migrates again without changing anything, and answers a ping', async () => {
      await store.migrate();
      await store.ping();
      expect(await store.findRecord('shop', { type: 'customer', id: 'nobody' })).toBeNull();
    });

    it('knows its migrations, all of them, and its own time', async () => {
      expect(await store.readMigrations()).toEqual({
        ...{ applied: journal.length, missing: [], unknown: [], changed: [] },
      });
      const [before, now] = [Date.now(), await store.readClock()];
      // Both clocks are this machine's.
      expect(now).toBeGreaterThanOrEqual(before - 5);
      expect(now).toBeLessThanOrEqual(Date.now() + 5);
    });

    storeApplyContract(subject);
    storeApplyAgainContract(subject);
    storePreviousContract(subject);
    storeDeadLettersContract(subject);
    storeDifferencesContract(subject);
    storeInboxContract(subject);
    storeBodiesContract(subject);
    storeBoundedTablesContract(subject);
    storeFailuresContract(subject);
    storeDecisionsContract(subject);
    storeInspectionContract(subject);
    storePartitionsContract(subject);
    storePrivacyContract(subject);
    storeAlertsContract(subject);
  });
}
