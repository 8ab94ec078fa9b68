import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { nameOf } from '../../src/inbox/start-item.ts';
import type { InboxItem } from '../../src/store/store.ts';
import { buildInboxItem } from '../support/build-apply.ts';
import type { StoreUnderTest } from './store.contract.ts';

const hour = 3_600_000;

/** Events that wait for Temporal. */
export function storeInboxContract(subject: StoreUnderTest): void {
  describe('the inbox', () => {
    const ids: string[] = [];
    const claim = async (limit: number, leaseMilliseconds = hour) => {
      const items = await subject.store().claimInbox(limit, leaseMilliseconds);
      ids.push(...items.map(({ id }) => id));
      return items;
    };
    afterEach(async () => {
      await claim(1_000);
      await subject.store().removeFromInbox(ids.splice(0));
      expect(await subject.store().countInbox()).toBe(0);
    });

    it('gives back what was put in, oldest first, until it is removed', async () => {
      const store = subject.store();
      const items = ['evt_c', 'evt_a', 'evt_b'].map((id) =>
        buildInboxItem(id, { payload: { text: 'a\u0000b\ud83d' }, headers: { 'user-agent': 'x\u0000' } }),
      );
      for (const item of items) expect(await store.addToInbox(item)).toEqual({ added: true });
      const claimed = await claim(2);
      expect(claimed.map(({ item }) => item)).toEqual(items.slice(0, 2));
      expect(Date.now() - Date.parse(claimed[0]?.acceptedAt ?? '')).toBeLessThan(hour);
      await store.removeFromInbox(claimed.map(({ id }) => id));
      expect(await store.countInbox()).toBe(1);
      expect((await claim(10)).map(({ item }) => item)).toEqual(items.slice(2));
      await store.removeFromInbox([]);
      await store.releaseInbox([]);
    });

    it('takes an unreadable delivery as well', async () => {
      const delivery = {
        headers: {},
        body: 'a\u0000b',
        bodyEncoding: 'utf8' as const,
        bodySha256: 'ff',
        receivedAt: '2026-01-01T00:00:00.000Z',
        reason: 'It has no id.',
      };
      const item = { kind: 'unreadable' as const, source: 'shop', eventId: 'unreadable:ff', delivery };
      expect(await subject.store().addToInbox(item)).toEqual({ added: true });
      expect(await subject.store().addToInbox(item)).toEqual({ added: false, bodySha256: 'ff' });
      expect((await claim(10)).map((each) => each.item)).toEqual([item]);
    });

    it('holds an event once, however often it comes at the same time, and knows the first body', async () => {
      const store = subject.store();
      const first = buildInboxItem('evt_1', { bodySha256: 'first' });
      const results = await Promise.all(Array.from({ length: 20 }, () => store.addToInbox(first)));
      expect(results.filter(({ added }) => added)).toHaveLength(1);
      expect(await store.addToInbox(buildInboxItem('evt_1', { bodySha256: 'second' }))).toEqual({
        added: false,
        bodySha256: 'first',
      });
      expect(await store.addToInbox(buildInboxItem('evt_1', { source: 'other' }))).toEqual({ added: true });
      expect(await store.countInbox()).toBe(2);
    });

    it('gives each event to one of many that claim at the same time', async () => {
      const store = subject.store();
      for (let index = 0; index < 40; index += 1) await store.addToInbox(buildInboxItem(`evt_${index}`));
      const claims = await Promise.all(Array.from({ length: 8 }, () => claim(7)));
      expect(Math.max(...claims.map((items) => items.length))).toBeLessThanOrEqual(7);
      const given = [...claims.flat(), ...(await claim(40))].map(({ id }) => id);
      expect(given).toHaveLength(40);
      expect(new Set(given).size).toBe(40);
    });

    it('gives every source the same share of a claim, and of each its oldest, whatever waits', async () => {
      const backlogs = fc.array(fc.nat({ max: 12 }), { minLength: 1, maxLength: 6 });
      await fc.assert(
        fc.asyncProperty(backlogs, fc.integer({ min: 1, max: 20 }), async (backlog, limit) => {
          const store = subject.store();
          const items = backlog.flatMap((count, source) =>
            Array.from({ length: count }, (_, index) =>
              buildInboxItem(`evt_${index}`, { source: `source-${source}` }),
            ),
          );
          // Written in groups, in this order.
          await Promise.all(items.map((item) => store.addToInbox(item)));
          const claimed = (await claim(limit)).map(({ item }) => item);

          expect(claimed).toHaveLength(Math.min(limit, items.length));
          const taken = backlog.map((count, source) => {
            const own = (all: InboxItem[]) =>
              all.filter((item) => nameOf(item).source === `source-${source}`);
            expect(own(claimed)).toEqual(own(items).slice(0, own(claimed).length));
            return { count: own(claimed).length, isAll: own(claimed).length === count };
          });
          const most = Math.max(...taken.map(({ count }) => count));
          for (const { count, isAll } of taken) if (!isAll) expect(count).toBeGreaterThanOrEqual(most - 1);

          await claim(1_000);
          await store.removeFromInbox(ids.splice(0));
        }),
        { numRuns: 20 },
      );
    });

    it('gives a claimed event to others once it is released, or its lease is over', async () => {
      const store = subject.store();
      await store.addToInbox(buildInboxItem('evt_1'));
      const [mine] = await claim(1);
      expect(await claim(1)).toEqual([]);
      await store.releaseInbox([mine?.id ?? '']);
      expect(await claim(1, 50)).toHaveLength(1);
      await expect.poll(() => claim(1)).toHaveLength(1);
    });
  });
}
