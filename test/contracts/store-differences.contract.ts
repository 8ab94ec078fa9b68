import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { repairEventId } from '../../src/model/ids.ts';
import type { ComparableChange } from '../../src/store/store.ts';
import { buildApply } from '../support/build-apply.ts';
import type { StoreUnderTest } from './store.contract.ts';

/** What a reconciliation compares. */
export function storeDifferencesContract(subject: StoreUnderTest): void {
  const change = (id: string, parts: Partial<ComparableChange> = {}): ComparableChange => ({
    entity: { type: 'customer', id },
    version: null,
    sourceTime: null,
    deleted: false,
    event: null,
    ...parts,
  });
  const sha256Hex = (text: string) => createHash('sha256').update(text).digest('hex');

  describe('looking for differences', () => {
    it('finds what is missing and what is older, and nothing else', async () => {
      const store = subject.store();
      const source = subject.newSource();
      for (const id of ['same', 'older', 'newer', 'gone']) {
        await store.apply(
          buildApply({
            source,
            eventId: id,
            incoming: { entity: { type: 'customer', id }, version: '5', deleted: id === 'gone' },
          }),
        );
      }
      const changes = [
        change('same', { version: '5' }),
        change('never-known', { version: '1', sourceTime: '2026-01-01T00:00:00.000Z' }),
        change('older', { version: '6' }),
        change('newer', { version: '4' }),
        change('gone', { version: '5', deleted: true }),
        change('never-known-and-gone', { version: '5', deleted: true }),
        change('same', { version: '6', deleted: true }),
        change('NUL \u0000 and half a pair \ud83d', { version: '1' }),
      ];
      expect(await store.findDifferences(source, changes)).toEqual([
        {
          index: 1,
          kind: 'missing',
          entity: { type: 'customer', id: 'never-known' },
          version: { version: '1', sourceTime: '2026-01-01T00:00:00.000Z' },
          deleted: false,
        },
        expect.objectContaining({ index: 2, kind: 'stale', version: { version: '6', sourceTime: null } }),
        expect.objectContaining({ index: 6, kind: 'stale', deleted: true }),
        expect.objectContaining({ index: 7, kind: 'missing' }),
      ]);
      expect(await store.findDifferences(source, [])).toEqual([]);
      expect(await store.findDifferences(subject.newSource(), changes.slice(0, 1))).toHaveLength(1);
    });

    it('without versions to compare, takes an event of the vendor as a difference until it is processed', async () => {
      const store = subject.store();
      const source = subject.newSource();
      await store.apply(buildApply({ source, eventId: 'evt_1' }));
      const evt = (id: string) => change('cus_1', { event: { id, type: 'customer.updated' } });
      const found = await store.findDifferences(source, [evt('evt_1'), evt('evt_2')]);
      expect(found).toMatchObject([{ index: 1, kind: 'stale' }]);
      await store.apply(buildApply({ source, eventId: 'evt_2', destinations: ['crm'] }));
      expect(await store.findDifferences(source, [evt('evt_2')])).toHaveLength(1);
      await store.markDelivered({
        source,
        eventId: 'evt_2',
        destination: 'crm',
        destinations: ['crm'],
        idempotencyKey: 'key',
      });
      expect(await store.findDifferences(source, [evt('evt_2')])).toEqual([]);
    });

    it('leaves what somebody has in hand or has discarded alone, events and repairs alike', async () => {
      const store = subject.store();
      const source = subject.newSource();
      const byEvent = change('cus_1', { version: '9', event: { id: 'evt_1', type: 'customer.updated' } });
      const byRepair = change('cus_2', { version: '9' });
      const repairId = repairEventId(byRepair.entity, { version: '9', sourceTime: null }, sha256Hex);
      const changes = [byEvent, byRepair];
      expect(await store.findDifferences(source, changes)).toHaveLength(2);
      for (const eventId of ['evt_1', repairId]) {
        await store.markDeadLettered({ source, eventId, workflowId: 'w', runId: 'r', bodySha256: 'b' });
      }
      expect(await store.findDifferences(source, changes)).toEqual([]);
      await store.closeDeadLetter(source, 'evt_1', 'resolved');
      await store.closeDeadLetter(source, repairId, 'discarded');
      expect(await store.findDifferences(source, changes)).toMatchObject([{ index: 0, kind: 'missing' }]);
    });
  });
}
