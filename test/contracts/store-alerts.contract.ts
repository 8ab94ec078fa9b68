import { beforeEach, describe, expect, it } from 'vitest';
import type { Judgement } from '../../src/model/alerts.ts';
import type { Observed } from '../../src/store/alert-store.ts';
import { buildInboxItem, buildReport } from '../support/build-apply.ts';
import type { StoreUnderTest } from './store.contract.ts';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

/** What alerts are judged by, the incidents, and who has been told. */
export function storeAlertsContract(subject: StoreUnderTest): void {
  const finding = { title: 'the inbox is full', text: 'It\u0000 is "full".', cause: null };
  const wrong = (source: string): Judgement => ({ kind: 'lag', source, finding });
  const settle = (
    judgements: readonly Judgement[],
    { now = Date.now(), settleMilliseconds = 0, channels = ['log'] } = {},
  ) => subject.store().settleIncidents({ judgements, channels, now, settleMilliseconds });
  const silence = (source: string | null, lasts: number, kind: 'lag' | 'any' = 'lag') => ({
    kind,
    source,
    until: new Date(Date.now() + lasts).toISOString(),
    by: 'ada',
    reason: 'a \u0000 test',
  });
  /** Takes all that waits, and marks it as sent. */
  const sendAll = async () => {
    const sent: { channel: string; id: string; phase: string; alert: string }[] = [];
    for (;;) {
      const claimed = await subject.store().claimAlertMessage(hour);
      if (claimed === null) return sent;
      const { id, phase, alert } = claimed.message;
      sent.push({ channel: claimed.channel, id, phase, alert });
      await subject.store().markAlertSent({ id, channel: claimed.channel });
    }
  };

  describe('incidents', () => {
    beforeEach(async () => {
      // Those of other tests.
      await settle([]);
      await sendAll();
    });

    it('begin, go on and end as they are judged, and are told of once each time', async () => {
      const store = subject.store();
      const source = subject.newSource();
      const now = Date.now();
      await settle([wrong(source)], { now });
      const { open } = await store.listIncidents();
      expect(open).toEqual([
        {
          id: expect.any(String),
          kind: 'lag',
          source,
          ...finding,
          beganAt: new Date(now).toISOString(),
          clearSince: null,
          told: true,
        },
      ]);
      const later = { ...finding, text: 'It is fuller.' };
      await settle([{ ...wrong(source), finding: later }], { now: now + 1 });
      expect((await store.listIncidents()).open).toMatchObject([{ id: open[0]?.id, text: 'It is fuller.' }]);
      await settle([{ ...wrong(source), finding: 'unknown' }], { now: now + 2 });
      expect((await store.listIncidents()).open).toHaveLength(1);
      await settle([{ ...wrong(source), finding: null }], { now: now + 3 });
      const list = await store.listIncidents();
      expect(list.open).toEqual([]);
      expect(list.ended[0]).toMatchObject({
        id: open[0]?.id,
        endedAt: new Date(now + 3).toISOString(),
      });
      expect(await store.countAlertMessages()).toBe(2);
      const id = open[0]?.id ?? '';
      expect(await sendAll()).toEqual([
        { channel: 'log', id: `${id}-begun`, phase: 'begun', alert: `lag:${source}` },
        { channel: 'log', id: `${id}-ended`, phase: 'ended', alert: `lag:${source}` },
      ]);
      expect(await store.countAlertMessages()).toBe(0);
    });

    it('that come and go are the same until all was well for long enough', async () => {
      const source = subject.newSource();
      const now = Date.now();
      const look = (judgement: Judgement, after: number) =>
        settle([judgement], { now: now + after, settleMilliseconds: 5 * minute });
      const well = { ...wrong(source), finding: null };
      await look(wrong(source), 0);
      await look(well, minute);
      await look(wrong(source), 2 * minute);
      await look(well, 3 * minute);
      await look(well, 7 * minute);
      const { open } = await subject.store().listIncidents();
      expect(open).toMatchObject([{ clearSince: new Date(now + 3 * minute).toISOString() }]);
      await look(well, 8 * minute);
      const { ended } = await subject.store().listIncidents();
      expect(ended[0]).toMatchObject({ source, endedAt: new Date(now + 3 * minute).toISOString() });
      expect((await sendAll()).map(({ phase }) => phase)).toEqual(['begun', 'ended']);
    });

    it('begin once and end once, though many judge at the same time', async () => {
      const source = subject.newSource();
      await Promise.all(Array.from({ length: 8 }, () => settle([wrong(source)])));
      expect((await subject.store().listIncidents()).open).toHaveLength(1);
      await Promise.all(Array.from({ length: 8 }, () => settle([])));
      expect((await sendAll()).map(({ phase }) => phase)).toEqual(['begun', 'ended']);
    });

    it('are told of by each channel', async () => {
      await settle([wrong(subject.newSource())], { channels: ['log', 'slack'] });
      expect((await sendAll()).map(({ channel }) => channel).sort()).toEqual(['log', 'slack']);
      await settle([wrong(subject.newSource())], { channels: [] });
      expect(await sendAll()).toEqual([]);
    });

    it('are not told of while they are silenced, and then where they still last', async () => {
      const store = subject.store();
      const [quiet, loud] = [subject.newSource(), subject.newSource()];
      await store.silenceAlert(silence(quiet, hour));
      await settle([wrong(quiet), wrong(loud)]);
      expect((await sendAll()).map(({ alert }) => alert)).toEqual([`lag:${loud}`]);
      const { open, silences } = await store.listIncidents();
      expect(open.find(({ source }) => source === quiet)).toMatchObject({ told: false });
      expect(silences).toContainEqual(
        expect.objectContaining({ source: quiet, by: 'ada', reason: 'a \u0000 test' }),
      );
      expect(await store.unsilenceAlert({ kind: 'lag', source: quiet })).toBe(true);
      expect(await store.unsilenceAlert({ kind: 'lag', source: quiet })).toBe(false);
      await settle([wrong(quiet), wrong(loud)]);
      expect((await sendAll()).map(({ alert, phase }) => [alert, phase])).toEqual([
        [`lag:${quiet}`, 'begun'],
      ]);
      await settle([]);
      expect(await sendAll()).toHaveLength(2);
    });

    it('may be silenced all together, and the last word counts', async () => {
      const store = subject.store();
      const source = subject.newSource();
      await store.silenceAlert(silence(null, hour, 'any'));
      await settle([wrong(source)]);
      expect(await sendAll()).toEqual([]);
      await store.silenceAlert(silence(null, -1, 'any'));
      expect((await store.listIncidents()).silences.filter(({ kind }) => kind === 'any')).toEqual([]);
      expect(await store.unsilenceAlert({ kind: 'any', source: null })).toBe(false);
      await settle([wrong(source)]);
      expect(await sendAll()).toHaveLength(1);
    });

    it('are kept for three months after their end', async () => {
      const store = subject.store();
      const source = subject.newSource();
      const longAgo = Date.now() - 91 * day;
      await settle([wrong(source)], { now: longAgo });
      await settle([], { now: longAgo + minute });
      expect((await store.listIncidents()).ended.map((each) => each.source)).not.toContain(source);
      expect(await sendAll()).toEqual([]);
    });
  });

  describe('messages of incidents', () => {
    beforeEach(async () => {
      await settle([]);
      await sendAll();
    });

    it('are taken by one at a time, and by another one where that died', async () => {
      const store = subject.store();
      await settle([wrong(subject.newSource())]);
      const claims = await Promise.all(Array.from({ length: 4 }, () => store.claimAlertMessage(hour)));
      expect(claims.filter((claim) => claim !== null)).toMatchObject([{ channel: 'log', attempts: 1 }]);
      expect(await store.countAlertMessages()).toBe(1);
      const [claim] = claims.filter((each) => each !== null);
      const key = { id: claim?.message.id ?? '', channel: 'log' };
      await store.postponeAlertMessage(key, { error: 'it died', afterMilliseconds: 0 });
      const again = await store.claimAlertMessage(1);
      expect(again).toMatchObject({ attempts: 2, message: claim?.message });
      await expect.poll(() => store.claimAlertMessage(hour)).toMatchObject({ attempts: 3 });
      await store.markAlertSent(key);
    });

    it('tell of no end before the beginning was told or given up, and of the channel alone', async () => {
      const store = subject.store();
      await settle([wrong(subject.newSource())], { channels: ['log', 'slack'] });
      await settle([], { channels: ['log', 'slack'] });
      const first = await store.claimAlertMessage(hour);
      const second = await store.claimAlertMessage(hour);
      const taken = [first, second].map((each) => [each?.channel, each?.message.phase]);
      expect(taken.sort()).toEqual([
        ['log', 'begun'],
        ['slack', 'begun'],
      ]);
      expect(await store.claimAlertMessage(hour)).toBeNull();
      const id = first?.message.id ?? '';
      await store.postponeAlertMessage({ id, channel: 'slack' }, { error: 'no', afterMilliseconds: null });
      expect(await sendAll()).toMatchObject([{ channel: 'slack', phase: 'ended' }]);
      await store.markAlertSent({ id, channel: 'log' });
      expect(await sendAll()).toMatchObject([{ channel: 'log', phase: 'ended' }]);
    });

    it('wait where they could not be sent', async () => {
      const store = subject.store();
      await settle([wrong(subject.newSource())]);
      const claim = await store.claimAlertMessage(hour);
      const key = { id: claim?.message.id ?? '', channel: 'log' };
      await store.postponeAlertMessage(key, { error: 'it is \u0000 away', afterMilliseconds: hour });
      expect(await store.claimAlertMessage(hour)).toBeNull();
      expect(await store.countAlertMessages()).toBe(1);
      await store.postponeAlertMessage(key, { error: 'given up', afterMilliseconds: null });
      expect(await store.countAlertMessages()).toBe(0);
    });
  });

  describe('what alerts are judged by', () => {
    it('are applied changes by source, those since a time, and how late they were', async () => {
      const store = subject.store();
      const [one, other] = [subject.newSource(), subject.newSource()];
      const at = Math.floor(Date.now() / minute) * minute;
      const batch = { source: one, at: at + 1_000, count: 5, late: 1, worstMilliseconds: 700.4 };
      await store.recordLags([]);
      await store.recordLags([batch, { ...batch, at: at + 59_000 }, { ...batch, source: other, late: 0 }]);
      await store.recordLags([{ ...batch, worstMilliseconds: 3_000_000_000 }]);
      await store.recordLags([{ ...batch, at: at - 10 * minute, count: 100 }]);
      const sums = await store.sumLags(at - 9 * minute);
      expect(sums.filter(({ source }) => [one, other].includes(source))).toEqual(
        [
          { source: one, count: 15, late: 3, worstMilliseconds: 3_000_000_000 },
          { source: other, count: 5, late: 0, worstMilliseconds: 700 },
        ].sort((a, b) => (a.source < b.source ? -1 : 1)),
      );
      // What is older than a day is forgotten.
      await store.recordLags([{ ...batch, at: at - 2 * day, count: 1_000 }]);
      const all = await store.sumLags(0);
      expect(all.find(({ source }) => source === one)?.count).toBe(115);
    });

    it('are changes that several workers note at the same time', async () => {
      const store = subject.store();
      const sources = [subject.newSource(), subject.newSource()];
      const at = Date.now();
      const batches = sources.map((source) => ({ source, at, count: 1, late: 1, worstMilliseconds: 5 }));
      await Promise.all(
        Array.from({ length: 10 }, (_, index) =>
          store.recordLags(index % 2 === 0 ? batches : [...batches].reverse()),
        ),
      );
      const sums = (await store.sumLags(at - minute)).filter(({ source }) => sources.includes(source));
      expect(sums.map(({ count }) => count)).toEqual([10, 10]);
    });

    it('are refused deliveries: of the last time by the minute, of before by the hour', async () => {
      const store = subject.store();
      const source = subject.newSource();
      const before = Date.now();
      const one = (reason: string) => ({ source, reason, count: 2, samples: [] });
      await store.recordRejections([one('bad_signature'), one('stale_timestamp')], 3);
      await store.recordRejections([one('bad_signature')], 3);
      const own = async (byTheMinuteSince: number) =>
        (await store.listRefused(before - day, byTheMinuteSince)).filter((each) => each.source === source);
      const counts = (rows: readonly { reason: string; count: number }[]) => {
        const sums = new Map<string, number>();
        for (const { reason, count } of rows) sums.set(reason, (sums.get(reason) ?? 0) + count);
        return Object.fromEntries(sums);
      };
      const byMinute = await own(before - hour);
      expect(counts(byMinute)).toEqual({ bad_signature: 4, stale_timestamp: 2 });
      for (const { at, lasts } of byMinute) {
        expect(lasts).toBe(minute);
        expect(at % minute).toBe(0);
        expect(at).toBeGreaterThan(before - 2 * minute);
      }
      const byHour = await own(Date.now() + hour);
      expect(counts(byHour)).toEqual({ bad_signature: 4, stale_timestamp: 2 });
      for (const { at, lasts } of byHour) {
        expect(lasts).toBe(hour);
        expect(at % hour).toBe(0);
      }
      expect(
        (await store.listRefused(Date.now() + hour, 0)).filter((each) => each.source === source),
      ).toEqual([]);
    });

    it('is when each source had its last delivery', async () => {
      const store = subject.store();
      const [one, other, none] = [subject.newSource(), subject.newSource(), subject.newSource()];
      const at = Math.floor(Date.now() / (5 * minute)) * 5 * minute;
      await store.recordArrivals([
        { source: one, firstAt: at - hour, lastAt: at - hour + 5, count: 1 },
        { source: one, firstAt: at - 2 * hour, lastAt: at - 2 * hour, count: 1 },
        { source: other, firstAt: at, lastAt: at + 7, count: 3 },
      ]);
      const found = await store.findLastArrivals([one, other, none]);
      expect(found.sort((a, b) => a.lastAt - b.lastAt)).toEqual([
        { source: one, lastAt: at - hour + 5 },
        { source: other, lastAt: at + 7 },
      ]);
      expect(await store.findLastArrivals([])).toEqual([]);
    });

    it('is since when the oldest event waits in the inbox', async () => {
      const store = subject.store();
      const drain = async () => {
        const claimed = await store.claimInbox(1_000, minute);
        await store.removeFromInbox(claimed.map(({ id }) => id));
      };
      await drain();
      expect(await store.findOldestInInbox()).toBeNull();
      const source = subject.newSource();
      await store.addToInbox(buildInboxItem('evt_1', { source }));
      const oldest = await store.findOldestInInbox();
      await store.addToInbox(buildInboxItem('evt_2', { source }));
      expect(await store.findOldestInInbox()).toBe(oldest);
      expect(Math.abs(Date.now() - (oldest ?? 0))).toBeLessThan(minute);
      await drain();
    });

    it('is the newest reconciliation of each source, and how far it has come', async () => {
      const store = subject.store();
      const [one, never] = [subject.newSource(), subject.newSource()];
      const until = '2026-01-02T00:00:00.000Z';
      const report = (finishedAt: string, parts: object = {}) =>
        buildReport({ source: one, workflowId: `reconcile:${one}`, finishedAt, ...parts });
      await store.saveReport(report('2026-01-02T00:01:00.000Z', { scanned: 7 }), until);
      const newest = report('2026-01-03T00:01:00.000Z', { complete: false, missing: 3 });
      await store.saveReport(newest, null);
      // That of a silence says nothing of the list as a whole.
      const window = { workflowId: `reconcile:${one}:silence` };
      await store.saveReport(report('2026-01-04T00:01:00.000Z', window), null);
      const found = await store.reviewReconciliations([one, never]);
      expect(found.sort((a, b) => (a.source === one ? -1 : b.source === one ? 1 : 0))).toEqual([
        { source: one, reconciledUntil: Date.parse(until), newest },
        { source: never, reconciledUntil: null, newest: null },
      ]);
    });

    it('is when receivers were started', async () => {
      const store = subject.store();
      const now = Date.now();
      const starts = [now - hour, now - hour, now];
      for (const at of starts) await store.recordReceiverStart(at);
      await store.recordReceiverStart(now - 31 * day);
      expect(await store.listReceiverStarts(now - hour)).toEqual([now - hour, now]);
      expect(await store.listReceiverStarts(0)).not.toContain(now - 31 * day);
    });
  });

  it('keeps what was observed last', async () => {
    const store = subject.store();
    expect(await store.findObserved()).toBeNull();
    const observed: Observed = {
      inboxOldestAt: null,
      sources: [
        {
          source: subject.newSource(),
          deadLetters: { count: 1, oldestAt: 2 },
          lastDeliveryAt: null,
          reconciliation: { reconciledUntil: 3, incomplete: false, missed: 4 },
        },
      ],
    };
    await store.saveObserved({ inboxOldestAt: 1, sources: [] }, Date.now() - minute);
    const at = Date.now();
    await store.saveObserved(observed, at);
    expect(await store.findObserved()).toEqual({ observed, at });
  });
}
