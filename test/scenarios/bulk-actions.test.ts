import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { noFaults } from '../../src/dev/demo-vendor/faults.ts';
import type { BulkReport, LetterFilter } from '../../src/model/bulk.ts';
import type { Source } from '../../src/sources/define-source.ts';
import { type BulkActions, type BulkRequest, createBulkActions } from '../../src/temporal/bulk-actions.ts';
import type { bulkAction } from '../../workflows/index.ts';
import { type Harness, startHarness, uniqueName, withoutListing } from '../support/harness.ts';
import { readSearchAttribute } from '../support/read-search-attribute.ts';
import { recordHistory } from '../support/record-history.ts';

const ada = { by: 'ada@example.com', reason: 'the vendor is back', via: 'cli' } as const;
const patience = { timeout: 50_000, interval: 100 };

describe('a decision about many dead letters', { timeout: 180_000 }, () => {
  let harness: Harness;
  let bulk: BulkActions;
  /** A source for each test: none sees the dead letters of another. */
  let sources: Source[];
  let shop: Source;

  beforeAll(async () => {
    harness = await startHarness({
      change: (source) => {
        sources = Array.from({ length: 16 }, () => ({
          ...withoutListing(source),
          name: uniqueName('shop'),
        }));
        return withoutListing(source);
      },
      sources: () => sources,
    });
    bulk = createBulkActions(harness.runtime.client, harness.runtime.config.taskQueue);
  });
  afterAll(() => harness.stop());
  beforeEach(() => {
    const next = sources.pop();
    if (next === undefined) throw new Error('more sources are needed');
    shop = next;
    harness.vendor.setFaults(noFaults);
  });

  const vendorFails = (fails: boolean) => {
    harness.vendor.setFaults({ ...noFaults, apiErrors: fails ? 1 : 0 });
  };
  const all = (more: LetterFilter = {}): LetterFilter => ({ source: shop.name, ...more });

  /** So many events whose attempts are used up, once visibility knows their dead letters. */
  async function failed(count: number): Promise<string[]> {
    vendorFails(true);
    const events = Array.from({ length: count }, () => harness.vendor.createCustomer());
    for (const event of events) await harness.post(event, { source: shop });
    for (const { id } of events) await expect(harness.event(id, shop).result()).rejects.toThrow();
    vendorFails(false);
    const ids = events.map(({ id }) => id);
    await vi.waitFor(async () => {
      const open = await harness.deadLetters.list({ source: shop.name });
      expect(open.map(({ eventId }) => eventId)).toEqual(expect.arrayContaining(ids));
    }, patience);
    return ids;
  }
  const survey = async (filter = all()) => (await bulk.survey(filter)).letters;
  const begin = async (more: Partial<BulkRequest> = {}): Promise<string> => {
    const request = { kind: 'replay', filter: all(), perMinute: 600, ...ada, ...more } as const;
    return (await bulk.begin({ ...request, name: uniqueName('by-test') })).id;
  };
  const handle = (id: string) => harness.runtime.client.workflow.getHandle<typeof bulkAction>(id);
  const end = (id: string): Promise<BulkReport> => handle(id).result();
  const caseOf = async (eventId: string) =>
    (await harness.deadLetters.show({ source: shop.name, eventId })).state;
  const lettersOf = (id: string) => harness.runtime.store.listBulkLetters(id, { limit: 1_000 });
  const outcomes = (ids: readonly string[]) =>
    Promise.all(
      ids.map(async (id) => (await harness.runtime.store.findEvent(shop.name, id))?.outcome ?? null),
    );
  const until = (id: string, what: Record<string, unknown>) =>
    vi.waitFor(async () => {
      const state = await bulk.show(id);
      expect(state).toMatchObject(what);
      return state;
    }, patience);
  const outcomeOf = async (id: string) => readSearchAttribute(await handle(id).describe(), 'LandfallOutcome');

  test('is tried on a few and then carried out for all, with a result for each of them', async () => {
    const ids = await failed(7);
    const id = await begin({ canary: 2 });
    expect(await end(id)).toMatchObject({ done: 7, failed: 0, skipped: 0, waiting: 0, cancelled: null });

    const letters = await lettersOf(id);
    expect(letters.map(({ eventId }) => eventId).sort()).toEqual([...ids].sort());
    for (const { status, result } of letters) {
      expect(status).toBe('done');
      expect(result).toContain('replayed by ada@example.com: the vendor is back');
    }
    expect(await outcomes(ids)).toEqual(ids.map(() => 'applied'));
    const { replays, audit } = await caseOf(ids[0]!);
    expect(replays).toBe(1);
    expect(audit.map(({ text }) => text).join('\n')).toContain(`(${id})`);
    expect(await outcomeOf(id)).toBe('done');
    expect(await bulk.show(id)).toMatchObject({ id, phase: 'ended', input: { kind: 'replay', canary: 2 } });
    await vi.waitFor(async () => {
      const row = (await bulk.list(100)).find((each) => each.id === id);
      expect(row).toMatchObject({ kind: 'replay', source: shop.name, status: 'done' });
    }, patience);

    const { store } = harness.runtime;
    expect(await store.listAudit({ target: id }, 10)).toMatchObject([
      { ...ada, action: 'bulk.replay', source: shop.name, result: { outcome: 'done' } },
    ]);
    const [ofOne, ...more] = await store.listAudit({ target: `dead-letter:${shop.name}:${ids[0]}` }, 10);
    expect(more).toEqual([]);
    expect(ofOne).toMatchObject({ by: ada.by, via: 'bulk', action: 'dead-letter.replay' });
    expect(ofOne?.result).toMatchObject({ outcome: 'done', text: expect.stringContaining('resolved: ') });
    await recordHistory(harness.runtime.client, 'bulk-action-done', handle(id));
  });

  test('stops where its canary fails, and goes on with the others when somebody resumes it', async () => {
    const ids = await failed(6);
    vendorFails(true);
    const id = await begin({ canary: 2 });
    const state = await until(id, { paused: { by: 'landfall' } });
    expect(state.paused?.reason).toContain('2 of the first 2 failed');
    expect(state.counts).toMatchObject({ failed: 2, waiting: 4, done: 0 });
    expect(state.failures).toHaveLength(2);
    const replays = await Promise.all(ids.map(async (eventId) => (await caseOf(eventId)).replays));
    expect(replays.filter((count) => count > 0)).toHaveLength(2);
    await vi.waitFor(async () => expect(await outcomeOf(id)).toBe('paused'), patience);

    vendorFails(false);
    await bulk.resume(id, { by: 'bob', reason: 'these two are known', via: 'console' });
    expect(await end(id)).toMatchObject({ failed: 2, done: 4, waiting: 0 });
    expect((await outcomes(ids)).filter((outcome) => outcome === 'applied')).toHaveLength(4);
    await vi.waitFor(async () => expect(await survey()).toBe(2), patience);
    const decisions = await harness.runtime.store.listAudit({ target: id }, 10);
    expect(decisions.map(({ action }) => action)).toEqual(['bulk.resume', 'bulk.replay']);
    expect(decisions[0]).toMatchObject({ by: 'bob', via: 'console', reason: 'these two are known' });
    expect(decisions[1]?.result).toMatchObject({ outcome: 'failed', text: '4 done, 2 failed' });
    await recordHistory(harness.runtime.client, 'bulk-action-canary-failed', handle(id));
  });

  test('is paused and cancelled by hand: what it has not asked stays as it is, for another one to take', async () => {
    const ids = await failed(4);
    // One each ten seconds: the others wait for their turn while it is paused.
    const id = await begin({ canary: 0, perMinute: 6, kind: 'discard' });
    await until(id, { counts: { done: 1, waiting: 3 } });
    await bulk.pause(id, { ...ada, reason: 'somebody asks' });
    const { nextAt } = await until(id, { paused: { by: ada.by, reason: 'somebody asks' } });
    // Beyond the time of the next one.
    await vi.waitFor(() => expect(Date.now()).toBeGreaterThan(nextAt + 500), patience);
    expect((await bulk.show(id)).counts).toMatchObject({ done: 1, waiting: 3 });

    const other = await begin();
    expect(await end(other)).toMatchObject({ done: 0, failed: 0 });
    const taken = (await lettersOf(other)).filter(({ result }) => result === `${id} has it`);
    expect(taken).toHaveLength(3);

    await bulk.cancel(id, { ...ada, reason: 'a mistake' });
    expect(await end(id)).toMatchObject({ done: 1, left: 3, cancelled: { by: ada.by, reason: 'a mistake' } });
    expect(await outcomeOf(id)).toBe('cancelled');
    expect((await outcomes(ids)).filter((outcome) => outcome === 'discarded')).toHaveLength(1);
    await expect(bulk.resume(id, ada)).rejects.toThrow(`no bulk action ${id}`);
    await expect(bulk.pause(`bulk:replay:${uniqueName('no')}`, ada)).rejects.toThrow('no bulk action');
    await expect(bulk.pause('reconcile:shop', ada)).rejects.toThrow('no bulk action reconcile:shop');
    const decisions = await harness.runtime.store.listAudit({ target: id }, 10);
    expect(decisions.map(({ action }) => action)).toEqual(['bulk.cancel', 'bulk.pause', 'bulk.discard']);
    await recordHistory(harness.runtime.client, 'bulk-action-cancelled', handle(id));

    expect(await end(await begin())).toMatchObject({ done: 3, failed: 0 });
  });

  test('keeps its pace by the timers of Temporal, also where it is paused and resumed', async () => {
    await failed(11);
    const id = await begin({ canary: 0, perMinute: 30, kind: 'discard' });
    await until(id, { counts: { done: 5 } });
    await bulk.pause(id, ada);
    await until(id, { paused: { by: ada.by } });
    await bulk.resume(id, ada);
    expect(await end(id)).toMatchObject({ done: 11 });

    // Five each ten seconds. When a batch is decided is when the workflow task that decides it has begun.
    const begun = await batches(id);
    expect(begun.map(({ upTo }) => upTo)).toEqual([5, 10, 15]);
    for (const [index, { at }] of begun.entries()) {
      const before = begun[index - 1];
      if (before !== undefined) expect(at - before.at).toBeGreaterThanOrEqual(9_999);
    }
  });

  test('two of them at once tell each dead letter once', async () => {
    const ids = await failed(6);
    const both = await Promise.all([begin(), begin()]);
    const reports = await Promise.all(both.map(end));
    expect(reports[0]!.done + reports[1]!.done).toBe(6);
    expect(reports[0]!.failed + reports[1]!.failed).toBe(0);
    for (const eventId of ids) {
      const { audit, replays } = await caseOf(eventId);
      expect(audit.filter(({ what }) => what === 'replay')).toHaveLength(1);
      expect(replays).toBe(1);
    }
  });

  test('leaves alone what is opened after it began, unless it is asked to treat that as well', async () => {
    const early = await failed(2);
    const slowly = { kind: 'discard', canary: 0, perMinute: 6 } as const;
    const first = await begin(slowly);
    await until(first, { counts: { done: 1, waiting: 1 } });
    const later = await failed(2);
    expect(await end(first)).toMatchObject({ done: 2 });
    expect((await lettersOf(first)).map(({ eventId }) => eventId).sort()).toEqual([...early].sort());
    for (const eventId of later) expect((await caseOf(eventId)).status).toBe('open');

    const second = await begin({ ...slowly, includeNew: true });
    await until(second, { counts: { done: 1, waiting: 1 } });
    const latest = await failed(1);
    expect(await end(second)).toMatchObject({ done: 3, failed: 0 });
    expect(await outcomes([...later, ...latest])).toEqual(['discarded', 'discarded', 'discarded']);
  });

  test('is about those that the filter means: by type, by error and by age; and counts them first', async () => {
    const [first = ''] = await failed(1);
    await harness.post({ type: 'customer.created' }, { source: shop });
    await vi.waitFor(async () => expect(await survey()).toBe(2), patience);
    const between = new Date().toISOString();
    const [last = ''] = await failed(1);

    const unreadable = 'LANDFALL_EVENT_UNREADABLE';
    expect(await bulk.survey(all())).toMatchObject({ letters: 3, complete: true });
    const { groups } = await bulk.survey(all());
    expect(groups[0]).toMatchObject({ type: 'customer.created', count: 2, source: shop.name });
    expect(groups[1]).toMatchObject({ error: unreadable, count: 1 });
    expect(await survey(all({ error: unreadable }))).toBe(1);
    expect(await survey(all({ type: 'customer.*' }))).toBe(2);
    expect(await survey(all({ type: 'customer.created' }))).toBe(2);
    expect(await survey(all({ type: 'order.*' }))).toBe(0);
    expect(await survey(all({ openedBefore: between }))).toBe(2);
    expect(await survey(all({ openedAfter: between }))).toBe(1);

    const young = await begin({ kind: 'discard', filter: all({ openedAfter: between }) });
    expect(await end(young)).toMatchObject({ done: 1 });
    expect(await outcomes([first, last])).toEqual(['dead-lettered', 'discarded']);
    const limited = await begin({ kind: 'discard', atMost: 1 });
    expect(await end(limited)).toMatchObject({ done: 1, waiting: 0 });
  });

  test('marks many as investigated, each with its owner, and leaves them open', async () => {
    const ids = await failed(3);
    const id = await begin({ kind: 'investigate', owner: 'bob', reason: 'asked the vendor', canary: 1 });
    expect(await end(id)).toMatchObject({ done: 3, failed: 0 });
    for (const eventId of ids) {
      expect(await caseOf(eventId)).toMatchObject({ status: 'investigating', owner: 'bob' });
    }
    const [letter] = await lettersOf(id);
    expect(letter?.result).toContain('gives it to bob: asked the vendor');
  });

  test('skips what is closed meanwhile, and what cannot be processed fails alone', async () => {
    const ids = await failed(3);
    const id = await begin({ canary: 0, perMinute: 6 });
    await until(id, { counts: { done: 1, waiting: 2 } });
    const waiting = (await lettersOf(id)).filter(({ status }) => status === 'waiting');
    const [closed, kept] = waiting;
    await harness.deadLetters.discard(closed!, ada, 20_000);
    expect(await end(id)).toMatchObject({ done: 2, skipped: 1, failed: 0 });
    const byId = new Map((await lettersOf(id)).map((letter) => [letter.eventId, letter]));
    expect(byId.get(closed!.eventId)?.result).toContain('closed before its turn');
    expect(byId.get(kept!.eventId)?.status).toBe('done');
    expect(ids).toHaveLength(3);
  });

  test('that was ended from outside holds up no other one', async () => {
    await failed(3);
    const terminated = await begin({ canary: 0, perMinute: 6 });
    await until(terminated, { counts: { done: 1, waiting: 2 } });
    await handle(terminated).terminate('by somebody in the Temporal UI');
    expect(await end(await begin())).toMatchObject({ done: 2, failed: 0 });

    await failed(2);
    const cancelled = await begin({ canary: 0, perMinute: 6 });
    await until(cancelled, { counts: { done: 1, waiting: 1 } });
    await handle(cancelled).cancel();
    await expect(end(cancelled)).rejects.toThrow();
    expect(await harness.runtime.store.countBulkLetters(cancelled)).toMatchObject({ done: 1, left: 1 });
    const [noted] = await harness.runtime.store.listAudit({ target: cancelled }, 1);
    expect(noted?.result).toMatchObject({ outcome: 'failed', text: expect.stringContaining('cancelled') });
  });

  test('is begun once under a name, and with a reason that every case can hold', async () => {
    const request = { kind: 'discard', filter: all(), ...ada, name: uniqueName('monday') } as const;
    const { id } = await bulk.begin(request);
    await expect(bulk.begin(request)).rejects.toThrow(`There is a bulk action ${id}`);
    await expect(bulk.begin({ ...request, name: 'long', reason: 'x'.repeat(1_501) })).rejects.toThrow(
      'in 1500 characters at most',
    );
    // Nothing was found: it is over at once.
    expect(await end(id)).toMatchObject({ done: 0, failed: 0 });
  });

  test('that somebody began with nonsense in the Temporal UI ends at once, and says what is missing', async () => {
    const { client, config } = harness.runtime;
    const begun = await client.workflow.start('bulkAction', {
      workflowId: `bulk:replay:${uniqueName('nonsense')}`,
      taskQueue: config.taskQueue,
      args: [{ kind: 'replay', filter: {}, by: 'ada' }],
    });
    await expect(begun.result()).rejects.toMatchObject({
      cause: { type: 'LANDFALL_CONFIGURATION', message: expect.stringContaining('It needs "reason"') },
    });
    await expect(bulk.begin({ ...ada, kind: 'investigate', filter: all() })).rejects.toThrow(
      'It needs "owner"',
    );
  });

  /** When each further batch was decided, in milliseconds since the epoch, and up to how many letters it goes. */
  async function batches(id: string): Promise<{ at: number; upTo: number }[]> {
    const history = JSON.parse(historyToJSON(await handle(id).fetchHistory())) as {
      events: Record<string, unknown>[];
    };
    const begun = new Map<number, number>();
    let at = 0;
    for (const event of history.events) {
      if (event['workflowTaskStartedEventAttributes'] !== undefined)
        at = Date.parse(String(event['eventTime']));
      const scheduled = event['activityTaskScheduledEventAttributes'] as
        { activityType: { name: string }; input: { payloads: { data: string }[] } } | undefined;
      if (scheduled?.activityType.name !== 'decideLetters') continue;
      const [payload] = scheduled.input.payloads;
      const { upTo } = JSON.parse(Buffer.from(payload?.data ?? '', 'base64').toString()) as { upTo: number };
      if (upTo > 0 && !begun.has(upTo)) begun.set(upTo, at);
    }
    return [...begun].map(([upTo, when]) => ({ upTo, at: when }));
  }
});
