import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  UnreadableEventError,
  VendorAnswerError,
  VendorDeniedError,
  VendorRateLimitedError,
  VendorRefusedError,
  VendorUnavailableError,
} from '../../../src/errors.ts';
import type { ChangePage, Source } from '../../../src/sources/define-source.ts';
import { stripePath } from '../../../src/sources/stripe-paths.ts';
import { stripeSource } from '../../../src/sources/stripe.ts';
import {
  type HttpVendor,
  startHttpVendor,
  type VendorReply,
  type VendorRequest,
} from '../../support/http-vendor.ts';

const apiKey = 'sk_test_51NotARealKey';
const signal = new AbortController().signal;

function make(env: Record<string, string>): Source {
  return stripeSource.create(
    z.object(stripeSource.settings).parse({ STRIPE_WEBHOOK_SECRET: 'whsec_x', ...env }),
  );
}

/** A source that reads the stand-in in place of api.stripe.com. */
function connect(vendor: HttpVendor, env: Record<string, string> = {}) {
  const { fetchRecord, listChanged } = make({ ...env, STRIPE_API_KEY: apiKey, STRIPE_API_URL: vendor.url });
  if (fetchRecord === undefined || listChanged === undefined) throw new Error('With a key both are there.');
  return { fetchRecord, listChanged };
}

function event(type: string, object: object, more: object = {}) {
  return { id: 'evt_1', object: 'event', type, created: 1_767_225_600, data: { object }, ...more } as never;
}

const customer = { id: 'cus_1', object: 'customer', email: 'ada@example.com' };
const missing = (message: string): VendorReply => ({
  status: 404,
  json: { error: { type: 'invalid_request_error', code: 'resource_missing', message, param: 'id' } },
});

describe('An event of Stripe', () => {
  const source = make({ STRIPE_API_KEY: apiKey });
  const read = (body: never) => source.readEvent({ body, headers: {} });

  it('is a hint at the object in it, without a version and without a copy of it', () => {
    expect(read(event('customer.updated', customer))).toEqual({
      id: 'evt_1',
      type: 'customer.updated',
      entity: { type: 'customer', id: 'cus_1' },
      announced: null,
      occurredAt: 1_767_225_600,
      deletes: false,
      apiVersion: null,
    });
  });

  it('announces a deletion, except of a subscription: that stays readable as canceled', () => {
    expect(read(event('customer.deleted', customer)).deletes).toBe(true);
    const subscription = { id: 'sub_1', object: 'subscription', status: 'canceled' };
    expect(read(event('customer.subscription.deleted', subscription)).deletes).toBe(false);
  });

  it('of a connected account has the account in its own id and in the entity’s', () => {
    const draft = read(event('customer.updated', customer, { account: 'acct_9' }));
    expect(draft.id).toBe('acct_9:evt_1');
    expect(draft.entity).toEqual({ type: 'customer', id: 'acct_9/cus_1' });
  });

  it.each([
    ['balance.available', { object: 'balance', available: [] }],
    ['invoice.upcoming', { id: 'upcoming_in_1', object: 'invoice' }],
    ['customer.discount.created', { id: 'di_1', object: 'discount' }],
    ['something.new', { id: 'new_1', object: 'something_new' }],
  ])('%s is about nothing that can be fetched', (type, object) => {
    expect(read(event(type, object)).entity).toBeNull();
  });

  it('in its thin form names the object it is about', () => {
    const thin = {
      id: 'evt_1',
      object: 'v2.core.event',
      type: 'v1.customer.updated',
      created: '2026-01-01T00:00:00.000Z',
      related_object: { id: 'cus_1', type: 'customer', url: '/v1/customers/cus_1' },
    };
    expect(read(thin as never).entity).toEqual({ type: 'customer', id: 'cus_1' });
  });

  it('of API v2 is about an object whose address follows from its type', () => {
    const thin = {
      ...{ id: 'evt_1', object: 'v2.core.event', type: 'v2.core.account.updated' },
      ...{ created: '2026-01-01T00:00:00.000Z', livemode: false, context: 'acct_9' },
      related_object: { id: 'acct_1', type: 'v2.core.account', url: '/v2/core/accounts/acct_1' },
    };
    expect(read(thin as never)).toMatchObject({
      id: 'acct_9:evt_1',
      entity: { type: 'v2.core.account', id: 'acct_9/acct_1' },
    });
    expect(
      ['v2.core.account', 'v2.money_management.financial_account', 'v2.core', 'v3.a.b'].map(stripePath),
    ).toEqual(['/v2/core/accounts', '/v2/money_management/financial_accounts', null, null]);
  });

  it('says in which version of the API it is written', () => {
    const versioned = event('customer.updated', customer, { api_version: '2020-08-27' });
    expect(read(versioned).apiVersion).toBe('2020-08-27');
    expect(source.apiVersion).toMatch(/^\d{4}-\d{2}-\d{2}\./);
  });

  it('of the other mode than the key’s is not read, and says what to do', () => {
    expect(() => read(event('customer.updated', customer, { livemode: true }))).toThrow(
      /STRIPE_ACCOUNTS=live,test/,
    );
    expect(read(event('customer.updated', customer, { livemode: false })).id).toBe('evt_1');
    const restricted = make({ STRIPE_API_KEY: 'rk_live_x' });
    const body = event('customer.updated', customer, { livemode: false });
    expect(() => restricted.readEvent({ body, headers: {} })).toThrow(UnreadableEventError);
    const unknown = make({ STRIPE_API_KEY: 'a_key_of_a_stand-in' });
    expect(unknown.readEvent({ body, headers: {} }).id).toBe('evt_1');
  });

  it.each([null, [], 'text', {}, { id: 7, type: 'a' }, { id: '', type: 'a' }, { id: 'evt_1' }])(
    'cannot be read from %j',
    (body) => {
      expect(() => read(body as never)).toThrow(UnreadableEventError);
    },
  );

  it('keeps the payload’s object where there is no key to fetch it with', () => {
    const offline = make({ STRIPE_API_KEY: '' });
    expect(offline.fetchRecord).toBeUndefined();
    expect(offline.listChanged).toBeUndefined();
    expect(offline.readEvent({ body: event('customer.updated', customer), headers: {} })).toMatchObject({
      snapshot: customer,
      announced: { version: null, sourceTime: '2026-01-01T00:00:00.000Z' },
    });
    const absurd = event('customer.updated', customer, { created: 8.9e15 });
    expect(offline.readEvent({ body: absurd, headers: {} }).announced).toBeNull();
  });

  it('of the sample can be read', () => {
    const sample = source.sample?.();
    expect(source.readEvent({ body: sample?.body ?? null, headers: {} }).entity?.type).toBe('customer');
  });
});

describe('An object of Stripe', () => {
  async function fetchFrom(
    reply: VendorReply | ((request: VendorRequest) => VendorReply),
    entity = { type: 'customer', id: 'cus_1' },
  ) {
    await using vendor = await startHttpVendor((request) =>
      typeof reply === 'function' ? reply(request) : reply,
    );
    const outcome = await connect(vendor)
      .fetchRecord(entity, { signal })
      .catch((error: unknown) => error);
    return { outcome, requests: vendor.requests };
  }

  it('is fetched fresh with the key, and is exactly what Stripe answered', async () => {
    const { outcome, requests } = await fetchFrom({ json: customer });
    expect(outcome).toEqual({ data: customer, version: null, sourceTime: null, deleted: false });
    expect(JSON.parse(JSON.stringify(outcome))).toEqual(outcome);
    expect(requests).toHaveLength(1);
    expect(requests[0]?.url.pathname).toBe('/v1/customers/cus_1');
    expect(requests[0]?.headers.authorization).toBe(`Bearer ${apiKey}`);
  });

  it('of a connected account is fetched from that account', async () => {
    const { outcome, requests } = await fetchFrom(
      { json: customer },
      { type: 'customer', id: 'acct_9/cus_1' },
    );
    expect(outcome).toMatchObject({ data: customer });
    expect(requests[0]?.url.pathname).toBe('/v1/customers/cus_1');
    expect(requests[0]?.headers['stripe-account']).toBe('acct_9');
  });

  it('with a folder in its path is found as well', async () => {
    const { requests } = await fetchFrom({ json: { id: 'cs_1' } }, { type: 'checkout.session', id: 'cs_1' });
    expect(requests[0]?.url.pathname).toBe('/v1/checkout/sessions/cs_1');
  });

  it('is gone where Stripe says it is deleted, or has never heard of it', async () => {
    const deleted = { id: 'cus_1', object: 'customer', deleted: true };
    expect((await fetchFrom({ json: deleted })).outcome).toMatchObject({ deleted: true });
    expect((await fetchFrom(missing("No such customer: 'cus_1'"))).outcome).toBeNull();
  });

  it('is not taken for deleted where the key is of the other mode', async () => {
    const message =
      "No such customer: 'cus_1'; a similar object exists in live mode, but a test mode key was used to make this request.";
    const { outcome } = await fetchFrom(missing(message));
    expect(outcome).toBeInstanceOf(VendorDeniedError);
    expect(outcome).toHaveProperty('message', expect.stringContaining('STRIPE_API_KEY'));
  });

  it('is not taken for deleted by any other 404', async () => {
    expect(
      (await fetchFrom({ status: 404, json: { error: { message: 'Unrecognized request URL' } } })).outcome,
    ).toBeInstanceOf(VendorRefusedError);
  });

  it.each([
    [429, VendorRateLimitedError],
    [500, VendorUnavailableError],
    [503, VendorUnavailableError],
    [401, VendorDeniedError],
    [403, VendorDeniedError],
    [400, VendorRefusedError],
  ])('fails with %i as what that means, after one request', async (status, expected) => {
    const { outcome, requests } = await fetchFrom({
      status,
      headers: { 'retry-after': '7', 'stripe-should-retry': 'true' },
      json: { error: { message: 'no' } },
    });
    expect(outcome).toBeInstanceOf(expected);
    expect(requests).toHaveLength(1);
    if (outcome instanceof VendorRateLimitedError) expect(outcome.retryAfterMilliseconds).toBe(7000);
    expect(JSON.stringify(outcome, Object.getOwnPropertyNames(outcome))).not.toContain(apiKey);
  });

  it('fails for now where the connection breaks or the answer is not JSON', async () => {
    expect((await fetchFrom('reset')).outcome).toBeInstanceOf(VendorUnavailableError);
    expect((await fetchFrom({ text: '<html>' })).outcome).toBeInstanceOf(VendorUnavailableError);
  });

  it('is refused where Stripe answers with another one', async () => {
    expect((await fetchFrom({ json: { id: 'cus_2' } })).outcome).toBeInstanceOf(VendorAnswerError);
  });

  it('stops being fetched when the call is cancelled', async () => {
    await using vendor = await startHttpVendor(() => 'hang');
    const controller = new AbortController();
    const call = connect(vendor).fetchRecord(
      { type: 'customer', id: 'cus_1' },
      { signal: controller.signal },
    );
    const reason = new Error('the worker stops');
    const expectation = expect(call).rejects.toBe(reason);
    await expect.poll(() => vendor.requests.length).toBe(1);
    controller.abort(reason);
    await expectation;
  });
});

describe('Stripe’s list of changes', () => {
  const recently = new Date(Date.now() - 3_600_000).toISOString();
  const listed = [
    event('customer.updated', customer, { id: 'evt_3' }),
    event('balance.available', { object: 'balance' }, { id: 'evt_2' }),
    event('product.deleted', { id: 'prod_1', object: 'product' }, { id: 'evt_1' }),
  ] as { id: string }[];

  /** As Stripe pages: newest first, two at a time. */
  const answer = ({ url }: VendorRequest): VendorReply => {
    const after = url.searchParams.get('starting_after');
    const from = after === null ? 0 : listed.findIndex((each) => each.id === after) + 1;
    return {
      json: {
        object: 'list',
        url: '/v1/events',
        has_more: from + 2 < listed.length,
        data: listed.slice(from, from + 2),
      },
    };
  };

  it('is that of its events, so that a repair and its webhook are one', async () => {
    await using vendor = await startHttpVendor(answer);
    const { listChanged } = connect(vendor);
    const since = new Date(Math.floor(Date.now() / 1_000) * 1_000 - 3_599_500).toISOString();
    const created = Math.floor(Date.parse(since) / 1_000);
    const first = await listChanged({ since, cursor: null }, { signal });
    expect(first).toEqual({
      changes: [
        {
          entity: { type: 'customer', id: 'cus_1' },
          version: null,
          sourceTime: null,
          deleted: false,
          event: { id: 'evt_3', type: 'customer.updated' },
        },
      ],
      nextCursor: 'evt_2',
    });
    const second = await listChanged({ since, cursor: first.nextCursor }, { signal });
    expect(second).toEqual({
      changes: [
        {
          entity: { type: 'product', id: 'prod_1' },
          version: null,
          sourceTime: null,
          deleted: true,
          event: { id: 'evt_1', type: 'product.deleted' },
        },
      ],
      nextCursor: null,
    });
    expect(vendor.requests.map(({ url }) => url.pathname + url.search)).toEqual([
      `/v1/events?limit=100&created%5Bgte%5D=${created}`,
      `/v1/events?limit=100&created%5Bgte%5D=${created}&starting_after=evt_2`,
    ]);
  });

  it('further back than its events go is preceded by the lists of the objects themselves', async () => {
    const objects: Record<string, { id: string }[]> = {
      '/v1/customers': [{ id: 'cus_3' }, { id: 'cus_2' }, { id: 'cus_1' }],
      '/v1/subscriptions': [{ id: 'sub_1' }],
      '/v1/events': listed,
    };
    await using vendor = await startHttpVendor(({ url }) => {
      const all = objects[url.pathname] ?? [];
      const after = url.searchParams.get('starting_after');
      const from = after === null ? 0 : all.findIndex((each) => each.id === after) + 1;
      return { json: { has_more: from + 2 < all.length, data: all.slice(from, from + 2) } };
    });
    const { listChanged } = connect(vendor, { STRIPE_BACKFILL: 'customer, subscription' });
    for (const since of [null, '2020-01-01T00:00:00Z']) {
      const seen: string[] = [];
      let cursor: string | null = null;
      do {
        const page: ChangePage = await listChanged({ since, cursor }, { signal });
        seen.push(...page.changes.map(({ entity, event: of }) => of?.id ?? `${entity.type} ${entity.id}`));
        cursor = page.nextCursor;
      } while (cursor !== null);
      expect(seen).toEqual([
        ...['customer cus_3', 'customer cus_2', 'customer cus_1', 'subscription sub_1'],
        ...['evt_3', 'evt_1'],
      ]);
    }
    const ofSubscriptions = vendor.requests.filter(({ url }) => url.pathname === '/v1/subscriptions');
    expect(ofSubscriptions[0]?.url.searchParams.get('status')).toBe('all');
    expect(() => make({ STRIPE_API_KEY: apiKey, STRIPE_BACKFILL: 'balance' })).toThrow(
      /balance.* is no type/,
    );
  });

  it('loses nothing to an event that happens between two pages', async () => {
    let happened: { id: string }[] = [];
    const all = () => [...happened, ...listed];
    await using vendor = await startHttpVendor(({ url }) => {
      const after = url.searchParams.get('starting_after');
      const from = after === null ? 0 : all().findIndex((each) => each.id === after) + 1;
      return { json: { has_more: from + 2 < all().length, data: all().slice(from, from + 2) } };
    });
    const { listChanged } = connect(vendor);
    const first = await listChanged({ since: recently, cursor: null }, { signal });
    happened = [event('customer.created', { ...customer, id: 'cus_2' }, { id: 'evt_4' })];
    const second = await listChanged({ since: recently, cursor: first.nextCursor }, { signal });
    expect([...first.changes, ...second.changes].map((each) => each.event?.id)).toEqual(['evt_3', 'evt_1']);
  });

  it('is refused where it is no list', async () => {
    await using vendor = await startHttpVendor(() => ({ json: { data: 'none' } }));
    await expect(connect(vendor).listChanged({ since: recently, cursor: null }, { signal })).rejects.toThrow(
      VendorAnswerError,
    );
  });
});
