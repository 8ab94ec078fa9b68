import { describe, expect, it } from 'vitest';
import { buildApply } from '../support/build-apply.ts';
import type { StoreUnderTest } from './store.contract.ts';

/** The marks of dead letters. */
export function storeDeadLettersContract(subject: StoreUnderTest): void {
  const failed = (source: string) => ({
    source,
    eventId: 'evt_1',
    workflowId: `${source}:evt_1`,
    runId: 'run-1',
    bodySha256: 'b0d1',
  });

  describe('a dead letter', () => {
    it('marks an event that never came to the store', async () => {
      const store = subject.store();
      const source = subject.newSource();
      await store.markDeadLettered(failed(source));
      await store.markDeadLettered(failed(source));
      expect(await store.findEvent(source, 'evt_1')).toEqual({
        ...failed(source),
        outcome: 'dead-lettered',
        complete: false,
        deadLetterOpen: true,
      });
      expect(await store.countEvents()).toContainEqual({ source, outcome: 'dead-lettered', count: 1 });
    });

    it('stays open through a successful replay until it is closed', async () => {
      const store = subject.store();
      const source = subject.newSource();
      await store.markDeadLettered(failed(source));
      expect(await store.apply(buildApply({ source, runId: 'run-2' }))).toMatchObject({
        outcome: 'applied',
        deadLetterOpen: true,
      });
      await store.closeDeadLetter(source, 'evt_1', 'resolved');
      await store.closeDeadLetter(source, 'evt_1', 'resolved');
      expect(await store.findEvent(source, 'evt_1')).toMatchObject({
        outcome: 'applied',
        complete: true,
        deadLetterOpen: false,
        runId: 'run-2',
      });
    });

    it('keeps an incomplete event open for its replay, and a resolved one as well', async () => {
      const store = subject.store();
      const source = subject.newSource();
      const destinations = ['crm'];
      await store.apply(buildApply({ source, runId: 'run-1', destinations }));
      await store.markDeadLettered(failed(source));
      expect(await store.findEvent(source, 'evt_1')).toMatchObject({
        outcome: 'dead-lettered',
        complete: false,
      });
      await store.closeDeadLetter(source, 'evt_1', 'resolved');
      expect(await store.apply(buildApply({ source, runId: 'run-2', destinations }))).toMatchObject({
        outcome: 'unchanged',
        pending: ['crm'],
        deadLetterOpen: false,
      });
    });

    it('leaves a complete event complete', async () => {
      const store = subject.store();
      const source = subject.newSource();
      await store.apply(buildApply({ source }));
      await store.markDeadLettered(failed(source));
      const event = { outcome: 'applied', complete: true };
      expect(await store.findEvent(source, 'evt_1')).toMatchObject({ ...event, deadLetterOpen: true });
      expect(await store.apply(buildApply({ source }))).toMatchObject({
        outcome: 'duplicate',
        deadLetterOpen: true,
      });
      await store.closeDeadLetter(source, 'evt_1', 'discarded');
      expect(await store.findEvent(source, 'evt_1')).toMatchObject({ ...event, deadLetterOpen: false });
    });

    it('once discarded, makes every later delivery of the event a duplicate', async () => {
      const store = subject.store();
      const source = subject.newSource();
      await store.markDeadLettered(failed(source));
      await store.closeDeadLetter(source, 'evt_1', 'discarded');
      await store.closeDeadLetter(source, 'evt_1', 'discarded');
      expect(await store.findEvent(source, 'evt_1')).toMatchObject({
        outcome: 'discarded',
        complete: true,
        deadLetterOpen: false,
      });
      for (const runId of ['run-1', 'run-2']) {
        expect(await store.apply(buildApply({ source, runId }))).toMatchObject({ outcome: 'duplicate' });
      }
      expect(await store.findRecord(source, { type: 'customer', id: 'cus_1' })).toBeNull();
    });

    it('of an event that is not known closes without a trace', async () => {
      const store = subject.store();
      const source = subject.newSource();
      await store.closeDeadLetter(source, 'evt_1', 'discarded');
      expect(await store.findEvent(source, 'evt_1')).toBeNull();
    });
  });
}
