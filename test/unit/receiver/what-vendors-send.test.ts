import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { Source } from '../../../src/sources/define-source.ts';
import { readGenericSources } from '../../../src/sources/generic.ts';
import { readMetric, type ReceiverUnderTest, startReceiverUnderTest } from '../../support/receiver.ts';

const env = {
  MAIL_SECRET: 'the secret of the mail',
  FORMS_SECRET: 'the secret of the forms',
  SHOP_SECRET_EU: 'the secret of europe',
  SHOP_SECRET_US: 'a new secret of america,an old secret of america',
};
const sources = new Map(
  readGenericSources(
    JSON.stringify([
      { ...describeSource('mail', 'MAIL_SECRET'), events: '' },
      { ...describeSource('forms', 'FORMS_SECRET'), bodyFormat: 'form' },
      { ...describeSource('shop', 'SHOP_SECRET'), accounts: ['eu', 'us'] },
    ]),
    env,
  ).map((source) => [source.name, source]),
);

function describeSource(name: string, secretEnv: string) {
  return {
    ...{ name, secretEnv },
    scheme: { type: 'hmac', header: 'x-signature', algorithm: 'sha256', encoding: 'hex' },
    ...{ id: '/id', type: '/type', entity: { type: 'message', id: '/message' } },
  };
}

const mail = sources.get('mail');
if (mail !== undefined) {
  const single = { ...mail };
  delete single.split;
  sources.set('versioned', {
    ...single,
    ...{ name: 'versioned', apiVersion: '2026-08' },
    readEvent: (delivery) => ({ ...mail.readEvent(delivery), apiVersion: versionOf(delivery.body) }),
  });
}

function versionOf(body: unknown): string | null {
  return z.object({ version: z.string().nullable() }).parse(body).version;
}

let receiver: ReceiverUnderTest;
beforeAll(async () => {
  receiver = await startReceiverUnderTest({ sources });
}, 60_000);
afterAll(() => receiver[Symbol.asyncDispose]());

const sourceOf = (name: string): Source => {
  const source = sources.get(name);
  if (source === undefined) throw new RangeError(name);
  return source;
};

async function post(name: string, text: string, { type = 'application/json', signedAs = name } = {}) {
  const body = Buffer.from(text);
  const signature = await sourceOf(signedAs).verification.sign(body, { id: '', now: Date.now() });
  const response = await fetch(`${receiver.url}/webhooks/${name}`, {
    method: 'POST',
    headers: { 'content-type': type, ...signature },
    body,
  });
  return { status: response.status, answer: (await response.json()) as Record<string, unknown> };
}

const eventIds = (): string[] => receiver.temporal.events.map(({ source, id }) => `${source}:${id}`);

describe('A delivery of many events', () => {
  it('is an event for each, acknowledged together', async () => {
    const parts = [1, 2, 3].map((n) => ({ id: `many_${n}`, type: 'opened', message: `m_${n}` }));
    const { status, answer } = await post('mail', JSON.stringify(parts));
    expect(status).toBe(200);
    expect(answer['events']).toMatchObject([
      { eventId: 'many_1', workflowId: 'mail:many_1', duplicate: false },
      { eventId: 'many_2', duplicate: false },
      { eventId: 'many_3', duplicate: false },
    ]);
    expect(eventIds()).toEqual(expect.arrayContaining(['mail:many_1', 'mail:many_2', 'mail:many_3']));
    const [first] = receiver.temporal.events.filter(({ id }) => id === 'many_1');
    expect(first).toMatchObject({ payload: parts[0], entity: { type: 'message', id: 'm_1' } });
  });

  it('has its duplicates told apart, and one event twice in it is one', async () => {
    const part = (id: string) => ({ id, type: 'opened', message: 'm' });
    await post('mail', JSON.stringify([part('again_1')]));
    const { answer } = await post(
      'mail',
      JSON.stringify([part('again_1'), part('again_2'), part('again_2')]),
    );
    expect(answer['events']).toMatchObject([{ duplicate: true }, { duplicate: false }, { duplicate: true }]);
    expect(eventIds().filter((id) => id.startsWith('mail:again'))).toHaveLength(2);
  });

  it('loses no event to another one that cannot be read', async () => {
    const before = receiver.temporal.unreadable.length;
    const bad = { type: 'opened' };
    const good = { id: 'beside_1', type: 'opened', message: 'm' };
    expect((await post('mail', JSON.stringify([bad, good]))).status).toBe(200);
    expect(eventIds()).toContain('mail:beside_1');
    expect(receiver.temporal.unreadable.slice(before)).toMatchObject([{ body: JSON.stringify(bad) }]);
  });

  it('may be empty, and is a dead letter where it is no list', async () => {
    expect(await post('mail', '[]')).toEqual({ status: 200, answer: { events: [] } });
    const before = receiver.temporal.unreadable.length;
    expect((await post('mail', '{"id":"x"}')).status).toBe(200);
    expect(receiver.temporal.unreadable.slice(before)).toMatchObject([
      { body: '{"id":"x"}', reason: 'The body holds no array of events at "".' },
    ]);
  });
});

describe('A form', () => {
  const type = 'application/x-www-form-urlencoded; charset=utf-8';

  it('is read as an object of its fields', async () => {
    const text = 'id=form_1&type=received&message=SM1&Body=a%20b%2Bc&Media=1&Media=2';
    expect((await post('forms', text, { type })).status).toBe(200);
    const [event] = receiver.temporal.events.filter(({ id }) => id === 'form_1');
    expect(event).toMatchObject({
      type: 'received',
      entity: { type: 'message', id: 'SM1' },
      payload: { Body: 'a b+c', Media: ['1', '2'] },
    });
  });

  it('is taken only where the vendor sends forms', async () => {
    expect((await post('mail', 'id=1', { type })).status).toBe(415);
    const json = await post('forms', '{"id":"1"}');
    expect(json.status).toBe(415);
    expect(json.answer['detail']).toContain('application/x-www-form-urlencoded');
  });
});

describe('A delivery in another version of the vendor’s API', () => {
  it('is counted, and taken like any other', async () => {
    const count = () => readMetric(receiver.metrics, 'landfall_version_skew_total', { source: 'versioned' });
    for (const [id, version] of [
      ['evt_same', '2026-08'],
      ['evt_other', '2020-01'],
      ['evt_none', null],
    ] as const) {
      const { status } = await post('versioned', JSON.stringify({ id, type: 'a', message: 'm', version }));
      expect(status).toBe(200);
    }
    expect(await count()).toBe(1);
    expect(eventIds()).toEqual(expect.arrayContaining(['versioned:evt_same', 'versioned:evt_other']));
  });
});

describe('An account of a source', () => {
  const event = (id: string) => JSON.stringify({ id, type: 'sold', message: 'm' });

  it('is found by its path, and its events are apart from those of the others', async () => {
    const europe = await post('shop/eu', event('evt_1'));
    const america = await post('shop/us', event('evt_1'));
    expect(europe).toMatchObject({ status: 200, answer: { workflowId: 'shop/eu:evt_1', duplicate: false } });
    expect(america).toMatchObject({ status: 200, answer: { workflowId: 'shop/us:evt_1', duplicate: false } });
    expect(await post('shop/eu', event('evt_1'))).toMatchObject({ answer: { duplicate: true } });
    expect(await readMetric(receiver.metrics, 'landfall_deliveries_total', { source: 'shop/us' })).toBe(1);
  });

  it('takes no secret of another account', async () => {
    const { status } = await post('shop/eu', event('evt_2'), { signedAs: 'shop/us' });
    expect(status).toBe(401);
  });

  it('is unknown where it is not configured, as is the source without one, and the answer tells nobody which there are', async () => {
    const answers = new Set<string>();
    for (const name of ['shop/asia', 'shop', 'shop', 'forms/eu', 'nobody']) {
      const response = await fetch(`${receiver.url}/webhooks/${name}`, { method: 'POST' });
      expect(response.status, name).toBe(404);
      answers.add(await response.text());
    }
    expect(answers.size).toBe(1);
    expect([...answers][0]).not.toMatch(/shop|forms|\beu\b/);
    const said = receiver.log.filter((line) => line.includes('a path of no account'));
    expect(said).toHaveLength(1);
    expect(said[0]).toContain('"paths":["/webhooks/shop/eu","/webhooks/shop/us"]');
  });

  it('has the secrets counted that signed its deliveries', async () => {
    const body = Buffer.from(event('evt_old'));
    const [old] = readGenericSources(JSON.stringify([describeSource('old', 'OLD')]), {
      OLD: 'an old secret of america',
    });
    const headers = await old?.verification.sign(body, { id: '', now: 0 });
    await fetch(`${receiver.url}/webhooks/shop/us`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body,
    });
    const count = (secret: string) =>
      readMetric(receiver.metrics, 'landfall_signatures_total', { source: 'shop/us', secret });
    expect(await count('2')).toBe(1);
    expect(await count('1')).toBeGreaterThan(0);
  });
});

// The last: events go to the inbox for a while after an outage.
describe('While Temporal is away', () => {
  it('a delivery of many events is held by the inbox, and known when it comes again', async () => {
    const text = JSON.stringify([1, 2].map((n) => ({ id: `outage_${n}`, type: 'a', message: 'm' })));
    receiver.temporal.state = 'down';
    const { status } = await post('mail', text);
    expect(status).toBe(202);
    receiver.temporal.state = 'up';
    const { answer } = await post('mail', text);
    expect(answer['events']).toMatchObject([{ duplicate: true }, { duplicate: true }]);
  });
});
