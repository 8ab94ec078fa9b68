import { describe, expect, it } from 'vitest';
import type { NotedDecision } from '../../src/model/audit.ts';
import { noLetters } from '../../src/model/bulk.ts';
import type { StoreUnderTest } from './store.contract.ts';

/** Who decided what, and the letters of bulk actions. */
export function storeDecisionsContract(subject: StoreUnderTest): void {
  describe('the audit log', () => {
    const discard = (source: string, id: string, more: Partial<NotedDecision> = {}): NotedDecision => ({
      id: `${source}-${id}`,
      by: 'ada@example.com',
      via: 'cli',
      action: 'dead-letter.discard',
      source,
      target: `dead-letter:${source}:${id}`,
      reason: 'test data',
      ...more,
    });

    it('has a decision before it is carried out, and then what came of it, once each', async () => {
      const store = subject.store();
      const source = subject.newSource();
      const decision = discard(source, 'evt_1');
      await store.noteDecision({ ...decision, reason: 'test\u0000 data' });
      await store.noteDecision({ ...decision, reason: 'noted again by a retry' });
      const [before, ...more] = await store.listAudit({ source }, 10);
      expect(more).toEqual([]);
      expect(before).toEqual({ ...decision, at: expect.any(String), result: null });
      await store.endDecision(decision.id, { outcome: 'done', text: 'discarded' });
      await store.endDecision(decision.id, { outcome: 'failed', text: 'said again by a retry' });
      await store.endDecision('unknown', { outcome: 'done', text: 'never noted' });
      expect(await store.listAudit({ source }, 10)).toEqual([
        { ...before, result: { outcome: 'done', text: 'discarded', at: expect.any(String) } },
      ]);
    });

    it('is listed newest first, a page at a time, by who, what, on what and since when', async () => {
      const store = subject.store();
      const source = subject.newSource();
      await store.noteDecision(discard(source, '1'));
      await store.noteDecision(discard(source, '2', { by: 'bob', action: 'dead-letter.replay' }));
      await store.noteDecision(discard(source, '3', { action: 'hold.release' }));
      await store.noteDecision(discard(source, '4', { action: 'dead%letter.replay', target: 'else' }));
      const ids = async (filter: Parameters<typeof store.listAudit>[0], limit = 10) =>
        (await store.listAudit({ source, ...filter }, limit)).map(({ id }) => id.slice(-1)).sort();
      const all = await store.listAudit({ source }, 10);
      expect(all).toHaveLength(4);
      const times = all.map(({ at, id }) => `${at} ${id}`);
      expect(times).toEqual([...times].sort().reverse());
      const [first, second] = all;
      const rest = await store.listAudit({ source, after: second! }, 10);
      expect([first, second, ...rest]).toEqual(all);
      expect(await ids({ by: 'bob' })).toEqual(['2']);
      expect(await ids({ action: 'dead-letter.*' })).toEqual(['1', '2']);
      expect(await ids({ action: 'dead%*' })).toEqual(['4']);
      expect(await ids({ action: 'dead-letter.replay' })).toEqual(['2']);
      expect(await ids({ target: 'else' })).toEqual(['4']);
      expect(await ids({ since: '2100-01-01T00:00:00Z' })).toEqual([]);
      expect(await ids({ source: subject.newSource() })).toEqual([]);
      expect(await store.listAudit({ source }, 2)).toEqual([first, second]);
    });
  });

  describe('the letters of a bulk action', () => {
    const letters = (source: string, ...ids: string[]) => ids.map((eventId) => ({ source, eventId }));

    it('are listed in their order, counted by how far they are, and settled once', async () => {
      const store = subject.store();
      const source = subject.newSource();
      const bulk = `bulk:${source}`;
      expect(await store.addBulkLetters(bulk, [])).toBe(0);
      expect(await store.addBulkLetters(bulk, letters(source, 'c', 'a', 'b'))).toBe(3);
      expect(await store.addBulkLetters(bulk, letters(source, 'a', 'd'))).toBe(1);
      const listed = await store.listBulkLetters(bulk, { limit: 10 });
      expect(listed.map(({ eventId }) => eventId)).toHaveLength(4);
      expect(listed.map(({ position }) => position)).toEqual(
        listed.map(({ position }) => position).sort((a, b) => a - b),
      );
      expect(listed[0]).toMatchObject({ source, status: 'waiting', result: null });

      const mark = (eventId: string, status: 'asked' | 'done' | 'failed', result: string | null) =>
        store.markBulkLetters(bulk, [{ source, eventId, status, result }]);
      await mark('a', 'asked', null);
      await mark('b', 'failed', 'the vendor is down');
      await mark('b', 'done', 'a late answer');
      expect(await store.countBulkLetters(bulk)).toEqual({ ...noLetters(), waiting: 2, asked: 1, failed: 1 });
      const failed = await store.listBulkLetters(bulk, { statuses: ['failed'], limit: 10 });
      expect(failed).toMatchObject([{ eventId: 'b', result: 'the vendor is down' }]);
      const open = await store.listBulkLetters(bulk, { statuses: ['waiting', 'asked'], limit: 10 });
      const [one] = open;
      const after = await store.listBulkLetters(bulk, { after: one!.position, limit: 1 });
      expect(after.map(({ position }) => position)).toEqual([
        listed.map(({ position }) => position).filter((position) => position > one!.position)[0],
      ]);
      await store.leaveBulkLetters(bulk, ['waiting']);
      expect(await store.countBulkLetters(bulk)).toEqual({ ...noLetters(), asked: 1, failed: 1, left: 2 });
      await store.leaveBulkLetters(bulk, ['waiting', 'asked']);
      expect(await store.countBulkLetters(bulk)).toEqual({ ...noLetters(), failed: 1, left: 3 });
      expect(await store.countBulkLetters('bulk:unknown')).toEqual(noLetters());
    });

    it('are in one open bulk action at most, also where two begin at once', async () => {
      const store = subject.store();
      const source = subject.newSource();
      const [one, other] = [`bulk:${source}:1`, `bulk:${source}:2`];
      const both = letters(source, 'a', 'b', 'c');
      await Promise.all([store.addBulkLetters(one, both), store.addBulkLetters(other, both)]);
      const [ofOne, ofOther] = await Promise.all([
        store.countBulkLetters(one),
        store.countBulkLetters(other),
      ]);
      expect([ofOne, ofOther].sort((a, b) => b.waiting - a.waiting)).toEqual([
        { ...noLetters(), waiting: 3 },
        { ...noLetters(), skipped: 3 },
      ]);
      const [winner, loser] = ofOne.waiting === 3 ? [one, other] : [other, one];
      expect(await store.listOpenBulks()).toContain(winner);
      expect(await store.listOpenBulks()).not.toContain(loser);
      const skipped = await store.listBulkLetters(loser, { limit: 1 });
      expect(skipped).toMatchObject([{ status: 'skipped', result: `${winner} has it` }]);

      const third = `bulk:${source}:3`;
      await store.markBulkLetters(winner, [{ source, eventId: 'a', status: 'done', result: 'replayed' }]);
      await store.leaveBulkLetters(winner, ['waiting', 'asked']);
      expect(await store.addBulkLetters(third, both)).toBe(3);
    });
  });
}
