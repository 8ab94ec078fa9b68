import { setTimeout as wait } from 'node:timers/promises';
import { ApplicationFailure } from '@temporalio/activity';
import { MockActivityEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import type { FailureDetail } from '../../activities/types.ts';
import {
  DestinationRefusedError,
  DestinationUnavailableError,
  HandlerRefusedError,
  StoreUnavailableError,
} from '../../src/errors.ts';
import type { HandlerContext } from '../../src/handlers/define-handler.ts';
import { on } from '../../src/handlers/on.ts';
import type { JsonObject } from '../../src/model/json.ts';
import type { SourceParts } from '../../src/sources/define-source.ts';
import { openStore } from '../../src/store/open-store.ts';
import type { Store } from '../../src/store/store.ts';
import { buildInboxItem } from '../support/build-apply.ts';
import { createDatabase } from '../support/create-database.ts';
import { createLandOnce, shopSource } from '../support/land-once.ts';

let store: Store;
/** What the vendor has of the customer. */
let version = 1;
let customer = 'cus_0';
let count = 0;

beforeAll(async () => {
  store = await openStore({ databaseUrl: await createDatabase(inject('postgresUrl')), dataDirectory: null });
  await store.migrate();
});
afterAll(() => store.close());
beforeEach(() => {
  version = 1;
  count += 1;
  customer = `cus_${count}`;
});

const plan = (of: number): JsonObject => ({ id: customer, plan: `plan ${of}` });

/** Lands events about a customer of the test's own. */
function shop(parts: Partial<SourceParts>, kept: Store = store) {
  const fetchRecord: SourceParts['fetchRecord'] = () =>
    Promise.resolve(version === 0 ? null : { data: plan(version), version, sourceTime: null });
  const { land, ...rest } = createLandOnce(kept, shopSource({ fetchRecord, ...parts }));
  const about = (type: string) => ({ type, entity: { type: 'customer', id: customer } });
  return {
    ...rest,
    land: (id: string, type = 'customer.updated', run: Parameters<typeof land>[2] = {}) =>
      land(`${customer}_${id}`, about(type), run),
    /** As reconciliation starts it. */
    repair: (id: string, backfill = false) =>
      land(`${customer}_${id}`, {
        ...about('customer.reconciled'),
        foundBy: 'reconciliation',
        ...(backfill ? { backfill: true } : {}),
      }),
  };
}

/** A handler's function that writes down what it gets. */
function record() {
  const calls: { record: JsonObject | null; context: HandlerContext }[] = [];
  const handle = (data: JsonObject | null, context: HandlerContext) =>
    void calls.push({ record: data, context });
  return { calls, handle };
}

async function failureOf(landing: Promise<unknown>): Promise<ApplicationFailure & { detail: FailureDetail }> {
  const error: unknown = await landing.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof ApplicationFailure)) throw new Error('it landed', { cause: error });
  return Object.assign(error, { detail: error.details?.[0] as FailureDetail });
}

describe('a handler', () => {
  test('gets the fresh record with what our copy was before, and what it is to be known by', async () => {
    const { calls, handle } = record();
    const { land, log } = shop({
      handlers: [
        on('customer.*', (data, context) => {
          context.logger.info({ plan: data?.['plan'] }, 'heard');
          handle(data, context);
        }),
      ],
    });
    await land('1', 'customer.created');
    version = 2;
    expect(await land('2')).toMatchObject({ landed: { result: { delivered: ['handler:customer.*'] } } });

    expect(calls.map((call) => call.record)).toEqual([plan(1), plan(2)]);
    expect(calls[0]?.context).toMatchObject({
      event: { source: 'shop', id: `${customer}_1`, type: 'customer.created', foundBy: 'webhook' },
      entity: { type: 'customer', id: customer },
      previous: null,
      deleted: false,
      attempt: 1,
      outcome: 'applied',
    });
    expect(calls[1]?.context).toMatchObject({
      previous: { data: plan(1), version: '1', deleted: false },
      version: { version: '2' },
      idempotencyKey: `shop:${customer}_2:handler:customer.*:2`,
    });
    expect(log).toContainEqual(
      expect.objectContaining({
        msg: 'heard',
        plan: 'plan 2',
        eventId: `${customer}_2`,
        handler: 'handler:customer.*',
      }),
    );
  });

  test('gets null for a record that is gone, with what it was', async () => {
    const { calls, handle } = record();
    const { land } = shop({ handlers: [on('*', handle)] });
    await land('1');
    version = 0;
    await land('2', 'customer.deleted');
    expect(calls[1]).toMatchObject({ record: null, context: { deleted: true, previous: { data: plan(1) } } });
  });

  test('is asked only for what it is for, and an event that none is for keeps nothing', async () => {
    const { calls, handle } = record();
    const { land } = shop({ handlers: [on('customer.deleted', handle)] });
    expect(await land('1')).toMatchObject({ landed: { result: { delivered: [] } } });
    expect(calls).toHaveLength(0);
    expect(await store.findEvent('shop', `${customer}_1`)).toMatchObject({ complete: true });
  });

  test('is told the same again by another run, though the record was written by then', async () => {
    const { calls, handle } = record();
    const failing = { left: 1 };
    const { land } = shop({
      handlers: [
        on('customer.updated', (data, context) => {
          handle(data, context);
          failing.left -= 1;
          if (failing.left === 0) throw new Error('not now');
        }),
      ],
    });
    await shop({}).land('0');
    version = 2;
    await failureOf(land('1'));
    // Another event of the record, and a newer version: that one's handler hears of it by itself.
    version = 3;
    await shop({}).land('other');
    await land('1');
    const contexts = calls.map(({ context }) => context);
    expect(contexts.map(({ previous }) => previous?.data)).toEqual([plan(1), plan(1)]);
    expect(new Set(contexts.map(({ idempotencyKey }) => idempotencyKey)).size).toBe(1);
    expect(calls.map((call) => call.record)).toEqual([plan(2), plan(3)]);
  });

  test('that has ended well is not run again by an attempt that does not know it', async () => {
    const { calls, handle } = record();
    const { land, activities } = shop({
      handlers: [on('customer.updated', handle)],
      destinations: [{ name: 'crm', deliver: () => Promise.reject(new DestinationUnavailableError('away')) }],
    });
    const { detail } = await failureOf(land('1'));
    const destination = 'handler:customer.updated/handle';
    expect(detail.applied).toMatchObject({ delivered: [destination] });
    // Another run asks the store; an attempt of the same one has been told what to do before that.
    await failureOf(land('1'));
    const { incoming } = detail.applied ?? {};
    if (incoming == null) throw new Error('it was applied');
    const { event } = buildInboxItem(`${customer}_1`, { entity: incoming.entity });
    const again = (nonce: string | null) =>
      new MockActivityEnvironment().run(activities.deliver, {
        ...{ event, destination, incoming, nonce, handedOnAs: '1' },
        outcome: 'applied' as const,
      });
    await again(null);
    expect(calls).toHaveLength(1);
    await again('of a replay');
    expect(calls).toHaveLength(2);
  });
});

describe('what a handler throws', () => {
  const throwing = async (error: unknown, more: Partial<SourceParts> = {}) => {
    const handlers = [
      on(
        'customer.updated',
        () => {
          throw error;
        },
        { name: 'plan' },
      ),
    ];
    return failureOf(shop({ handlers, ...more }).land('1'));
  };

  test('is tried again, without a secret of ours in it', async () => {
    const failure = await throwing(
      new TypeError('hidden-value is no function', { cause: new Error('deep') }),
    );
    expect(failure).toMatchObject({
      type: 'LANDFALL_HANDLER_FAILED',
      nonRetryable: false,
      message: 'The handler "plan" failed: TypeError: [redacted] is no function',
      detail: { step: 'deliver handler:plan' },
    });
    expect(failure.detail.applied?.failed).toMatchObject({
      'handler:plan': {
        type: 'LANDFALL_HANDLER_FAILED',
        retryable: true,
        causes: [{ name: 'TypeError', message: '[redacted] is no function' }, { message: 'deep' }],
      },
    });
  });

  test('is not tried again where it says so, also by a copy of Landfall of its own', async () => {
    expect(await throwing(new HandlerRefusedError('no such plan'))).toMatchObject({
      type: 'LANDFALL_HANDLER_REFUSED',
      nonRetryable: true,
      message: 'no such plan',
    });
    const foreign = Object.assign(new Error('no such plan'), { code: 'LANDFALL_HANDLER_REFUSED' });
    expect(await throwing(foreign)).toMatchObject({ type: 'LANDFALL_HANDLER_REFUSED', nonRetryable: true });
  });

  test('keeps its meaning where it is an error of ours, and its pause', async () => {
    const failure = await throwing(new DestinationUnavailableError('busy', 7_000));
    expect(failure).toMatchObject({ type: 'LANDFALL_DESTINATION_UNAVAILABLE', nextRetryDelay: 7_000 });
    expect(failure.detail.applied?.failed?.['handler:plan']).toMatchObject({ retryAfterMilliseconds: 7_000 });
  });

  test('is never taken for an outage of our own store, which would count it as done', async () => {
    expect(await throwing(new StoreUnavailableError('theirs'))).toMatchObject({
      type: 'LANDFALL_HANDLER_FAILED',
    });
    const destination = { name: 'crm', deliver: () => Promise.reject(new StoreUnavailableError('theirs')) };
    const failure = await failureOf(shop({ destinations: [destination] }).land('1'));
    expect(failure).toMatchObject({ type: 'LANDFALL_DESTINATION_UNAVAILABLE' });
  });

  test('is that its time is over, though it does not heed its signal', async () => {
    const signals: AbortSignal[] = [];
    const slow = on(
      'customer.updated',
      async (_data, { signal }) => {
        signals.push(signal);
        await wait(60_000, undefined, { ref: false });
      },
      { name: 'slow', timeoutMilliseconds: 20 },
    );
    const failure = await failureOf(shop({ handlers: [slow] }).land('1'));
    expect(failure).toMatchObject({
      type: 'LANDFALL_HANDLER_FAILED',
      message: 'The handler "slow" did not end within 20 ms.',
    });
    expect(signals[0]?.aborted).toBe(true);
  });
});

describe('several that an event is handed on to', () => {
  test('are all tried, whichever of them fails', async () => {
    const { calls, handle } = record();
    const crm: string[] = [];
    const { land } = shop({
      destinations: [
        { name: 'billing', deliver: () => Promise.reject(new DestinationRefusedError('422')) },
        { name: 'crm', deliver: ({ idempotencyKey }) => Promise.resolve(void crm.push(idempotencyKey)) },
      ],
      handlers: [
        on(
          '*',
          () => {
            throw new Error('not now');
          },
          { name: 'bad' },
        ),
        on('*', handle, { name: 'good' }),
      ],
    });
    const { detail, nonRetryable } = await failureOf(land('1'));
    expect(nonRetryable).toBe(true);
    expect(detail.step).toBe('deliver billing');
    expect(detail.applied?.delivered.sort()).toEqual(['crm', 'handler:good']);
    expect(detail.applied?.failed).toMatchObject({
      billing: { type: 'LANDFALL_DESTINATION_REFUSED', retryable: false },
      'handler:bad': { type: 'LANDFALL_HANDLER_FAILED', retryable: true },
    });
    // The next attempt asks those alone that have not had it.
    await failureOf(land('1'));
    expect(crm).toHaveLength(1);
    expect(calls).toHaveLength(1);
  });

  test('leave to ordinary activities what may take longer than a first attempt', async () => {
    const { calls, handle } = record();
    const slow = on('*', handle, {
      name: 'slow',
      timeoutMilliseconds: 60_000,
      retry: { maximumAttempts: 2 },
    });
    const tried = await shop({ handlers: [slow, on('*', handle, { name: 'quick' })] }).land('1');
    expect(tried).toMatchObject({
      kind: 'applied',
      applied: {
        delivered: ['handler:quick'],
        applied: {
          pending: ['handler:slow', 'handler:quick'],
          policies: { 'handler:slow': { timeoutMilliseconds: 60_000, retry: { maximumAttempts: 2 } } },
        },
      },
    });
    expect(calls).toHaveLength(1);
  });

  test('are told apart from our own store, which may be away before or after they are asked', async () => {
    const { calls, handle } = record();
    const away = () => Promise.reject(new StoreUnavailableError('the store is away'));
    const handlers = [on('*', handle, { name: 'plan' })];
    const before = await failureOf(shop({ handlers }, { ...store, lookUpHandOn: away }).land('1'));
    expect(before).toMatchObject({ type: 'LANDFALL_STORE_UNAVAILABLE' });
    expect(before.detail.applied?.failed?.['handler:plan']).toMatchObject({ notBegun: true });
    expect(calls).toHaveLength(0);

    const after = await failureOf(shop({ handlers }, { ...store, markDelivered: away }).land('1'));
    expect(after.detail.applied?.failed?.['handler:plan']).toMatchObject({
      type: 'LANDFALL_STORE_UNAVAILABLE',
    });
    expect(after.detail.applied?.failed?.['handler:plan']).not.toHaveProperty('notBegun');
    expect(calls).toHaveLength(1);
  });
});

describe('what only reconciliation found', () => {
  test('runs the handlers of what became of the record, and tells which others there are', async () => {
    const { calls, handle } = record();
    const named = (type: string) => on(type, handle, { name: type });
    const types = ['customer.created', 'customer.updated', 'customer.deleted', 'customer.paid'];
    const { repair, log } = shop({ handlers: types.map(named) });
    const heard = () => calls.splice(0).map(({ context }) => context.idempotencyKey.split(':')[3]);

    await repair('1');
    expect(heard().sort()).toEqual(['customer.created', 'customer.updated']);
    version = 2;
    await repair('2');
    expect(calls[0]).toMatchObject({
      record: plan(2),
      context: {
        event: { type: 'customer.reconciled', foundBy: 'reconciliation' },
        previous: { data: plan(1) },
      },
    });
    expect(heard()).toEqual(['customer.updated']);
    // Nothing is left to do for the one that is for new records alone.
    expect(await store.findEvent('shop', `${customer}_2`)).toMatchObject({ complete: true });
    version = 0;
    await repair('3');
    expect(heard()).toEqual(['customer.deleted']);
    const skipped = log.filter(({ msg }) => msg === 'processed').map(({ handlersNotRun }) => handlersNotRun);
    expect(skipped).toEqual([
      ['handler:customer.deleted', 'handler:customer.paid'],
      ['handler:customer.deleted', 'handler:customer.paid'],
      ['handler:customer.created', 'handler:customer.updated', 'handler:customer.paid'],
    ]);
  });

  test('the first time, fills our copy and the destinations, and runs no handler that does not ask for it', async () => {
    const { calls, handle } = record();
    const crm: string[] = [];
    const { repair } = shop({
      destinations: [{ name: 'crm', deliver: ({ eventId }) => Promise.resolve(void crm.push(eventId)) }],
      handlers: [on('*', handle, { name: 'mail' }), on('*', handle, { name: 'index', backfill: true })],
    });
    await repair('1', true);
    expect(crm).toHaveLength(1);
    expect(calls.map(({ context }) => context.idempotencyKey)).toEqual([
      expect.stringContaining(':handler:index:'),
    ]);
  });
});
