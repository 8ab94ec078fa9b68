import Stripe from 'stripe';
import { z } from 'zod';
import { VendorAnswerError, VendorRefusedError } from '../errors.ts';
import { stripeScheme } from '../verification/stripe.ts';
import { defineSource, type Source } from './define-source.ts';
import { optionalSecret, secretList } from './secret-settings.ts';
import { optionalUrl } from './settings.ts';
import { createStripeApi, type StripeApi } from './stripe-api.ts';
import { modeOfKey, readStripeEvent, splitStripeId } from './stripe-event.ts';
import { createStripeChanges } from './stripe-changes.ts';
import { stripePath } from './stripe-paths.ts';
import { pathSegment } from './vendor-error.ts';

/**
 * Stripe: payments, subscriptions, invoices.
 *
 * With `STRIPE_API_KEY` each object is fetched fresh, and reconciliation lists Stripe's events. That list holds 30 days: a first
 * run, or one that goes further back, lists the objects of `STRIPE_BACKFILL` themselves before it. It is the account's own: events of connected
 * accounts (Connect) arrive by webhook only, and are told apart by their account in the event's and the entity's id.
 * Without the key, what the payload says is all there is, and nothing can be reconciled.
 *
 * @see https://docs.stripe.com/webhooks
 */
export const stripeSource = defineSource({
  name: 'stripe',
  settings: {
    STRIPE_WEBHOOK_SECRET: secretList(),
    STRIPE_API_KEY: optionalSecret(),
    STRIPE_API_URL: optionalUrl(),
    STRIPE_BACKFILL: backfillList(),
  },
  create(settings) {
    const apiKey = settings.STRIPE_API_KEY;
    const common = {
      verification: stripeScheme({ secrets: settings.STRIPE_WEBHOOK_SECRET }),
      sample,
    };
    if (apiKey === undefined) {
      return { ...common, readEvent: ({ body }) => readStripeEvent(body, { keepSnapshot: true }) };
    }
    const api = createStripeApi({ apiKey, apiUrl: settings.STRIPE_API_URL });
    return {
      ...common,
      apiVersion: Stripe.API_VERSION,
      readEvent: ({ body }) => readStripeEvent(body, { keepSnapshot: false, mode: modeOfKey(apiKey()) }),
      fetchRecord: createFetchRecord(api),
      listChanged: createStripeChanges(api, { backfill: settings.STRIPE_BACKFILL, now: Date.now }),
    };
  },
});

const defaultBackfill = [
  'customer',
  'product',
  'price',
  'subscription',
  'invoice',
  'payment_intent',
  'refund',
  'dispute',
];

function createFetchRecord(api: StripeApi): NonNullable<Source['fetchRecord']> {
  return async (entity, { signal }) => {
    const path = stripePath(entity.type);
    if (path === null) throw new VendorRefusedError(`Stripe shows no objects of the type "${entity.type}".`);
    const { account, objectId } = splitStripeId(entity.id);
    const object = await api({
      path: `${path}/${pathSegment(objectId)}`,
      what: `${entity.type} ${objectId}`,
      account,
      signal,
    });
    if (object === null) return null;
    if (object['id'] !== objectId) {
      throw new VendorAnswerError(`Stripe answered with another object than ${entity.type} ${objectId}.`);
    }
    return { data: object, version: null, sourceTime: null, deleted: object['deleted'] === true };
  };
}

/** The types whose objects a backfill lists, by name. */
function backfillList(): z.ZodType<string[]> {
  return z.preprocess(
    (value) => (typeof value === 'string' && value.trim() !== '' ? value : defaultBackfill.join(',')),
    z.string().transform((text, context) => {
      const types = text.split(',').map((type) => type.trim());
      const wrong = types.find((type) => stripePath(type) === null);
      if (wrong === undefined) return types;
      context.addIssue(`"${wrong}" is no type of object that Stripe lists, such as customer`);
      return z.NEVER;
    }),
  );
}

function sample() {
  const created = 1_767_225_600;
  return {
    body: {
      id: 'evt_1LandfallSample',
      object: 'event',
      type: 'customer.updated',
      created,
      data: { object: { id: 'cus_LandfallSample', object: 'customer', created, email: 'ada@example.com' } },
    },
  };
}
