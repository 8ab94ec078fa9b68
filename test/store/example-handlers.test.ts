import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest';
import { loadHandlers } from '../../src/config/load-handlers.ts';
import { openStore } from '../../src/store/open-store.ts';
import type { Store } from '../../src/store/store.ts';
import type { Source } from '../../src/sources/define-source.ts';
import { stripeSource } from '../../src/sources/stripe.ts';
import { createDatabase, query } from '../support/create-database.ts';
import { type HttpVendor, startHttpVendor } from '../support/http-vendor.ts';
import { createLandOnce, type LandOnce } from '../support/land-once.ts';
import { codeBlocks } from '../support/markdown.ts';

const root = new URL('../../', import.meta.url);
const example = 'examples/handlers/handlers.js';
const page = 'docs/handlers-and-destinations.md';

describe('the example of handlers and destinations', () => {
  let store: Store;
  let accounts: HttpVendor;
  let warehouse: string;
  let source: Source;
  let shop: LandOnce;
  let status = 200;
  /** What Stripe has. */
  let object: Record<string, unknown> | null = null;

  beforeAll(async () => {
    accounts = await startHttpVendor(() => ({ status }));
    const [own, theirs] = await Promise.all([0, 1].map(() => createDatabase(inject('postgresUrl'))));
    warehouse = theirs ?? '';
    vi.stubEnv('ACCOUNTS_URL', accounts.url);
    vi.stubEnv('WAREHOUSE_URL', warehouse);
    const [table = ''] = codeBlocks(await readFile(new URL(page, root), 'utf8'), 'sql');
    await query(warehouse, table);
    const stripe = stripeSource.create(
      z
        .object(stripeSource.settings)
        .parse({ STRIPE_WEBHOOK_SECRET: 'whsec_x', STRIPE_API_KEY: 'sk_test_x' }),
    );
    const fetchRecord: Source['fetchRecord'] = () =>
      Promise.resolve(
        object === null ? null : { data: z.json().parse(object), version: null, sourceTime: null },
      );
    const [loaded] = await loadHandlers(fileURLToPath(new URL(example, root)), [{ ...stripe, fetchRecord }], {
      known: ['stripe'],
    });
    if (loaded === undefined) throw new Error('there is one');
    source = loaded;
    store = await openStore({ databaseUrl: own ?? '', dataDirectory: null });
    await store.migrate();
    shop = createLandOnce(store, source);
  });
  afterAll(async () => {
    vi.unstubAllEnvs();
    for (const each of source.destinations) await each.close?.();
    await store.close();
    await accounts[Symbol.asyncDispose]();
  });

  const subscription = (plan: string, state = 'active') => ({
    ...{ id: 'sub_1', object: 'subscription', status: state, customer: 'cus_1' },
    items: { data: [{ price: { id: plan } }] },
  });
  const land = (id: string, type: string, now: Record<string, unknown> | null) => {
    object = now;
    const kind = type.includes('subscription') ? 'subscription' : 'customer';
    return shop.land(id, { type, entity: { type: kind, id: kind === 'subscription' ? 'sub_1' : 'cus_1' } });
  };

  test('tells the accounts of another plan, once, and of nothing else', async () => {
    await land('evt_1', 'customer.subscription.created', subscription('price_1'));
    await land('evt_2', 'customer.subscription.updated', {
      ...subscription('price_1'),
      metadata: { a: 'b' },
    });
    await land('evt_3', 'customer.subscription.updated', subscription('price_2'));
    await land('evt_4', 'customer.subscription.deleted', subscription('price_2', 'canceled'));
    expect(accounts.requests.map(({ url, body }) => [url.pathname, JSON.parse(body)])).toEqual([
      ['/subscriptions/sub_1/plan', { before: null, now: 'price_1' }],
      ['/subscriptions/sub_1/plan', { before: 'price_1', now: 'price_2' }],
      ['/subscriptions/sub_1/plan', { before: 'price_2', now: null }],
    ]);
    expect(accounts.requests.map(({ headers }) => headers['idempotency-key'])).toEqual(
      ['evt_1', 'evt_3', 'evt_4'].map((id) =>
        expect.stringMatching(new RegExp(`^stripe:${id}:handler:plan:`)),
      ),
    );
  });

  test('is a dead letter at once where the accounts have no such plan, and tried again where they are away', async () => {
    status = 422;
    await expect(
      land('evt_5', 'customer.subscription.updated', subscription('price_9')),
    ).rejects.toMatchObject({
      type: 'LANDFALL_HANDLER_REFUSED',
      nonRetryable: true,
      message: 'The accounts have no plan "price_9".',
    });
    status = 503;
    await expect(
      land('evt_6', 'customer.subscription.updated', subscription('price_3')),
    ).rejects.toMatchObject({
      type: 'LANDFALL_HANDLER_FAILED',
      nonRetryable: false,
      details: [
        { applied: { applied: { policies: { 'handler:plan': { retry: { maximumAttempts: 8 } } } } } },
      ],
    });
  });

  test('keeps the table of the page as the customers are', async () => {
    const customer = { id: 'cus_1', object: 'customer', email: 'ada@example.com', created: 1_767_225_600 };
    await land('evt_7', 'customer.created', { ...customer, metadata: { vip: 'yes' } });
    const row = () => query(warehouse, 'select * from stripe_customers');
    expect(await row()).toMatchObject([
      {
        ...{ id: 'cus_1', email: 'ada@example.com', metadata: { vip: 'yes' }, deleted_at: null },
        ...{ created_at: new Date('2026-01-01T00:00:00Z'), landfall_event_id: 'evt_7' },
      },
    ]);
    await land('evt_8', 'customer.deleted', null);
    expect(await row()).toMatchObject([{ landfall_event_id: 'evt_8', deleted_at: expect.any(Date) }]);
  });

  test('is on its page as it is', async () => {
    const [shown] = codeBlocks(await readFile(new URL(page, root), 'utf8'), 'js');
    expect(shown).toBe(await readFile(new URL(example, root), 'utf8'));
  });
});
