import { z } from 'zod';
import { VendorAnswerError, VendorRefusedError } from '../errors.ts';
import { stripeScheme } from '../verification/stripe.ts';
import { type ChangePage, defineSource, secretList, type Source } from './define-source.ts';
import { optionalText, optionalUrl } from './settings.ts';
import { createStripeApi, type StripeApi } from './stripe-api.ts';
import { readStripeEvent, splitStripeId } from './stripe-event.ts';
import { stripePaths } from './stripe-paths.ts';
import { pathSegment } from './vendor-error.ts';

/**
 * Stripe: payments, subscriptions, invoices.
 *
 * With `STRIPE_API_KEY` each object is fetched fresh, and reconciliation lists Stripe's events. That list holds 30 days,
 * so a first run goes back no further. It is the account's own: events of connected accounts (Connect) arrive by
 * webhook only, and are told apart by their account in the event's and the entity's id.
 * Without the key, what the payload says is all there is, and nothing can be reconciled.
 *
 * @see https://docs.stripe.com/webhooks
 */
export const stripeSource = defineSource({
  name: 'stripe',
  settings: {
    STRIPE_WEBHOOK_SECRET: secretList(),
    STRIPE_API_KEY: optionalText(),
    STRIPE_API_URL: optionalUrl(),
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
      readEvent: ({ body }) => readStripeEvent(body, { keepSnapshot: false }),
      fetchRecord: createFetchRecord(api),
      listChanged: createListChanged(api),
    };
  },
});

function createFetchRecord(api: StripeApi): NonNullable<Source['fetchRecord']> {
  return async (entity, { signal }) => {
    const path = stripePaths.get(entity.type);
    if (path === undefined)
      throw new VendorRefusedError(`Stripe shows no objects of the type "${entity.type}".`);
    const { account, objectId } = splitStripeId(entity.id);
    const object = await api({
      path: `/v1/${path}/${pathSegment(objectId)}`,
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

const pageSchema = z.object({
  has_more: z.boolean(),
  data: z.array(z.looseObject({ id: z.string(), type: z.string() }).and(z.json())),
});

/**
 * Pages through the events, newest first. What happens meanwhile is put before the first page, so it moves nothing
 * between the pages that follow: `starting_after` names the last event read, and older events never change place.
 */
function createListChanged(api: StripeApi): NonNullable<Source['listChanged']> {
  return async ({ since, cursor }, { signal }): Promise<ChangePage> => {
    const query = new URLSearchParams({ limit: '100' });
    if (since !== null) query.set('created[gte]', String(Math.floor(Date.parse(since) / 1000)));
    if (cursor !== null) query.set('starting_after', cursor);
    const answer = await api({
      path: `/v1/events?${query.toString()}`,
      what: 'the list of events',
      account: null,
      signal,
    });
    const page = pageSchema.safeParse(answer);
    if (!page.success) {
      throw new VendorAnswerError(`Stripe's list of events is not one: ${z.prettifyError(page.error)}`);
    }
    const changes = page.data.data.flatMap((each) => {
      const { id, type, entity, deletes } = readStripeEvent(each, { keepSnapshot: false });
      if (entity === null) return [];
      return [{ entity, version: null, sourceTime: null, deleted: deletes, event: { id, type } }];
    });
    const last = page.data.data.at(-1);
    return { changes, nextCursor: page.data.has_more && last !== undefined ? last.id : null };
  };
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
