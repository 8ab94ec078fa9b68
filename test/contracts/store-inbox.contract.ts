import { afterEach, describe, expect, it } from 'vitest';
import { buildInboxItem } from '../support/build-apply.ts';
import type { StoreUnderTest } from './store.contract.ts';

const hour = 3_600_000;

/** Events that wait for Temporal. */
export function storeInboxContract(subject: StoreUnderTest): void {
  describe('the inbox', () => {
    const taken: string[] = [];
    const claim = async (limit: number, leaseMilliseconds = hour) => {
      const items = await subject.store().claimInbox(limit, leaseMilliseconds);
      taken.push(...items.map(({ id }) => id));
      return items;
    };
    afterEach(async () => {
      await claim(1_000);
      await subject.store().removeFromInbox(taken.splice(0));
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
      const ids = [...claims.flat(), ...(await claim(40))].map(({ id }) => id);
      expect(ids).toHaveLength(40);
      expect(new Set(ids).size).toBe(40);
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
