import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { createOverflow, type Overflow } from '../../../src/inbox/overflow.ts';
import { createRelay, type Relay } from '../../../src/inbox/relay.ts';
import { createLogger } from '../../../src/monitoring/logger.ts';
import { createMetrics, type Metrics } from '../../../src/monitoring/metrics.ts';
import type { Store } from '../../../src/store/store.ts';
import { buildInboxItem } from '../../support/build-apply.ts';
import {
  createTemporalStandIn,
  emptyInbox,
  eventually,
  openTestStore,
  readMetric,
  type TemporalStandIn,
} from '../../support/receiver.ts';

let store: Store;
let temporal: TemporalStandIn;
let metrics: Metrics;
let log: string[];
let overflow: Overflow;
let time = 0;
const relays: Relay[] = [];
const claimed: string[] = [];

beforeAll(async () => {
  store = await openTestStore();
  const { claimInbox } = store;
  store.claimInbox = async (...range) => {
    const items = await claimInbox(...range);
    claimed.push(...items.map(({ id }) => id));
    return items;
  };
}, 60_000);
beforeEach(() => {
  temporal = createTemporalStandIn();
  metrics = createMetrics();
  log = [];
  overflow = createOverflow(() => time);
});
afterEach(async () => {
  temporal.state = 'up';
  await Promise.all(relays.splice(0).map((relay) => relay.stop()));
  // What was refused keeps its claim for minutes.
  await store.removeFromInbox(claimed.splice(0));
  await emptyInbox(store);
});
afterAll(() => store.close());

function startRelay(with_: Partial<{ starter: TemporalStandIn }> = {}): Relay {
  const logger = createLogger({
    level: 'debug',
    format: 'json',
    redact: (text) => text,
    destination: { write: (line) => void log.push(line) },
  });
  const relay = createRelay({ store, starter: with_.starter ?? temporal, metrics, logger, overflow });
  relays.push(relay);
  relay.start();
  return relay;
}

const ids = (count: number) => Array.from({ length: count }, (_, index) => `evt_${index}`);
const wait = async (events: readonly string[]) => {
  for (const id of events) await store.addToInbox(buildInboxItem(id));
};
const started = () => temporal.events.map(({ id }) => id).sort();

describe('The relay', () => {
  it('gives all that waits to Temporal, and takes it out of the inbox', async () => {
    await wait(ids(250));
    await store.addToInbox({
      kind: 'unreadable',
      source: 'shop',
      eventId: 'unreadable:00',
      delivery: {
        headers: {},
        body: 'x',
        bodyEncoding: 'utf8',
        bodySha256: '00',
        receivedAt: '2026-01-01T00:00:00.000Z',
        reason: 'The body is not JSON.',
      },
    });
    startRelay();
    await eventually(() => store.countInbox()).toBe(0);
    expect(started()).toEqual(ids(250).sort());
    expect(temporal.unreadable).toHaveLength(1);
    expect(await readMetric(metrics, 'landfall_inbox_relayed_total', { source: 'shop' })).toBe(251);
    await eventually(() => readMetric(metrics, 'landfall_inbox_items')).toBe(0);
  });

  it('gives what comes in later as well', async () => {
    startRelay();
    await eventually(() => readMetric(metrics, 'landfall_inbox_items')).toBe(0);
    await wait(['evt_late']);
    await eventually(started).toEqual(['evt_late']);
  });

  it('starts the few events of one source among the first, however many of another came before', async () => {
    await Promise.all(ids(1_000).map((id) => store.addToInbox(buildInboxItem(id))));
    const few = ids(10).map((id) => buildInboxItem(id, { source: 'light' }));
    await Promise.all(few.map((item) => store.addToInbox(item)));
    startRelay();
    await eventually(() => store.countInbox()).toBe(0);
    const sources = temporal.events.map(({ source }) => source);
    expect(sources).toHaveLength(1_010);
    expect(sources.lastIndexOf('light')).toBeLessThan(200);
  });

  it('leaves a burst alone while it lasts, and starts what it left as soon as it is over', async () => {
    await wait(ids(30));
    overflow.begin();
    overflow.arrive();
    const looked = vi.spyOn(overflow, 'pressure');
    startRelay();
    await eventually(() => looked.mock.calls.length).toBeGreaterThan(2);
    expect(temporal.asked).toBe(0);
    time += 300;
    await eventually(() => store.countInbox()).toBe(0);
    expect(started()).toEqual(ids(30).sort());
    expect(overflow.lasts()).toBe(false);
  });

  it('starts the events of a burst that goes on, one after the other', async () => {
    await wait(ids(50));
    overflow.begin();
    time += 6_000;
    overflow.arrive();
    startRelay();
    await eventually(() => store.countInbox()).toBe(0);
    expect(started()).toEqual(ids(50).sort());
  });

  it('keeps everything through an outage, asks a few times only, and goes on when it is over', async () => {
    temporal.state = 'down';
    await wait(ids(60));
    startRelay();
    await eventually(() => temporal.asked).toBeGreaterThan(0);
    await eventually(() => readMetric(metrics, 'landfall_inbox_items')).toBe(60);
    expect(temporal.asked).toBeLessThan(40);
    temporal.state = 'up';
    await eventually(() => store.countInbox()).toBe(0);
    expect(started()).toEqual(ids(60).sort());
  });

  it('asks a Temporal that stays away less and less often', async () => {
    temporal.state = 'down';
    await wait(['evt_1']);
    const asked: number[] = [];
    const { start } = temporal;
    temporal.start = (event) => {
      asked.push(performance.now());
      return start(event);
    };
    startRelay();
    await eventually(() => asked.length).toBe(3);
    const [first = 0, , third = 0] = asked;
    // One second, then two, each a quarter less at the least; without growth it would be one at the most.
    expect(third - first).toBeGreaterThan(2_200);
  });

  it('passes by what cannot be started, keeps it, and says so', async () => {
    await wait(ids(30));
    const { start } = temporal;
    temporal.start = (event) =>
      event.id === 'evt_0' ? Promise.reject(new RangeError('no source of this name')) : start(event);
    startRelay();
    await eventually(() => temporal.events.length).toBe(29);
    await eventually(() => store.countInbox()).toBe(1);
    expect(await readMetric(metrics, 'landfall_inbox_refused_total', { source: 'shop' })).toBe(1);
    expect(log.some((line) => line.includes('"level":"error"') && line.includes('evt_0'))).toBe(true);
    await wait(['evt_after']);
    await eventually(() => temporal.events.length).toBe(30);
  });

  it('keeps what Temporal refuses', async () => {
    temporal.state = 'refuses';
    await wait(ids(3));
    startRelay();
    await eventually(() => readMetric(metrics, 'landfall_inbox_refused_total', { source: 'shop' })).toBe(3);
    expect(await store.countInbox()).toBe(3);
  });

  it('takes a duplicate out, and keeps one with another body for people', async () => {
    const first = buildInboxItem('evt_twice', { bodySha256: 'aa' });
    const second = buildInboxItem('evt_twice', { bodySha256: 'bb', payload: { plan: 'second' } });
    await temporal.start(first.event);
    await store.addToInbox(second);
    startRelay();
    await eventually(() => store.countInbox()).toBe(0);
    expect(temporal.events).toHaveLength(1);
    expect(await store.listConflicts('shop', 10)).toMatchObject([
      { eventId: 'evt_twice', firstSha256: 'aa', bodySha256: 'bb', body: '{"plan":"second"}' },
    ]);
  });

  it('finishes the starts under way when it is stopped, and gives the others back at once', async () => {
    temporal.state = 'hangs';
    await wait(ids(50));
    const relay = startRelay();
    await eventually(() => temporal.asked).toBe(4);
    const stopped = relay.stop();
    temporal.state = 'up';
    await stopped;
    expect(temporal.events).toHaveLength(4);
    expect(await store.countInbox()).toBe(46);
    expect(await store.claimInbox(100, 1)).toHaveLength(46);
  });

  it('may run in several processes: each event is started, and none is left', async () => {
    await wait(ids(300));
    for (let index = 0; index < 3; index += 1) startRelay();
    await eventually(() => store.countInbox()).toBe(0);
    expect(started()).toEqual(ids(300).sort());
  });

  it('says of the large bodies of what it starts that they are in use, before their workflows are', async () => {
    const order: string[] = [];
    const renewing = vi.spyOn(store, 'renewBodies').mockImplementation((hashes) => {
      order.push(...hashes);
      return Promise.resolve();
    });
    const { start } = temporal;
    temporal.start = (event) => {
      order.push(event.id);
      return start(event);
    };
    const stored = (sha256: string) => ({ sha256, bytes: 2_000_000, contentType: 'application/json' });
    const references = { payload: null, storedPayload: stored('aa'), storedSnapshot: stored('bb') };
    await store.addToInbox(buildInboxItem('evt_large', references));
    startRelay();
    await eventually(() => order).toEqual(['aa', 'bb', 'evt_large']);
    expect(temporal.events).toMatchObject([references]);
    renewing.mockRestore();
  });

  it('outlasts an outage of the store', async () => {
    const { countInbox } = store;
    store.countInbox = () => Promise.reject(new Error('the store is away'));
    startRelay();
    await eventually(() => log.some((line) => line.includes('cannot be read'))).toBe(true);
    store.countInbox = countInbox;
    await wait(['evt_1']);
    await eventually(started).toEqual(['evt_1']);
  });
});
