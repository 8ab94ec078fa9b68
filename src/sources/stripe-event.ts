import { z } from 'zod';
import { UnreadableEventError } from '../errors.ts';
import type { EntityRef, EventDraft } from '../model/event.ts';
import { isJsonObject, type JsonValue } from '../model/json.ts';
import { announcedTime } from './announced-time.ts';
import { stripePath } from './stripe-paths.ts';

const eventSchema = z.object({
  id: z.string().min(1),
  type: z.string().min(1),
  created: z.union([z.number(), z.string()]).optional(),
  /** Of a Connect event, the account that it happened in. */
  account: z.string().min(1).optional(),
  /** The same of a thin event, where it is an account. */
  context: z.string().nullish(),
  livemode: z.boolean().optional(),
  /** In which version of the API the object in it is written. */
  api_version: z.string().nullish(),
  data: z.object({ object: z.json() }).optional(),
  /** What a thin event has in place of `data`. */
  related_object: z.object({ id: z.string(), type: z.string() }).nullish(),
});

/** Test mode and live mode are two worlds at Stripe, with ids, keys and webhooks of their own. */
export type StripeMode = 'test' | 'live';

/** The mode that a key is of, by its beginning. @see https://docs.stripe.com/keys */
export function modeOfKey(key: string): StripeMode | null {
  const [, mode] = /^(?:sk|rk)_(test|live)_/.exec(key) ?? [];
  return mode === 'test' || mode === 'live' ? mode : null;
}

/** Reads one of Stripe's events, from a webhook or from the list of events. */
export function readStripeEvent(
  body: JsonValue,
  {
    keepSnapshot,
    mode = null,
  }: {
    /** True where no API key allows to fetch. */
    keepSnapshot: boolean;
    /** Of the API key, which shows nothing of the other one; null where it does not say. */
    mode?: StripeMode | null;
  },
): EventDraft {
  const parsed = eventSchema.safeParse(body);
  if (!parsed.success) {
    throw new UnreadableEventError(`The body is no Stripe event: ${z.prettifyError(parsed.error)}`);
  }
  const { id, type, created, context, livemode, data, related_object: related } = parsed.data;
  if (mode !== null && livemode !== undefined && (mode === 'live') !== livemode) {
    throw new UnreadableEventError(
      `The event is of ${livemode ? 'live' : 'test'} mode, and STRIPE_API_KEY of ${mode} mode: give each mode an account of its own, such as STRIPE_ACCOUNTS=live,test.`,
    );
  }
  const account = parsed.data.account ?? (context?.startsWith('acct_') === true ? context : undefined);
  const object = data?.object ?? null;
  const entity = readEntity(type, object, related ?? null, account);
  const draft = {
    id: account === undefined ? id : `${account}:${id}`,
    type,
    entity,
    apiVersion: parsed.data.api_version ?? null,
    occurredAt: created ?? null,
    // A subscription that ends stays readable, with the status `canceled`.
    deletes: type.endsWith('.deleted') && entity?.type !== 'subscription',
  };
  if (!keepSnapshot || entity === null) return { ...draft, announced: null };
  // Stripe's objects carry neither version nor time of change. The event's time stands in where the payload is all there
  // is; where the object is fetched it would claim a version that no fetched object has.
  const sourceTime = announcedTime(created);
  return {
    ...draft,
    announced: sourceTime === null ? null : { version: null, sourceTime },
    ...(object === null ? {} : { snapshot: object }),
  };
}

function readEntity(
  eventType: string,
  object: JsonValue,
  related: EntityRef | null,
  account: string | undefined,
): EntityRef | null {
  // An upcoming invoice is a preview: it cannot be fetched, whatever id it shows.
  if (eventType === 'invoice.upcoming') return null;
  const ref = related ?? (isJsonObject(object) ? { type: object['object'], id: object['id'] } : null);
  if (typeof ref?.type !== 'string' || typeof ref.id !== 'string' || ref.id === '') return null;
  if (stripePath(ref.type) === null) return null;
  return { type: ref.type, id: account === undefined ? ref.id : `${account}/${ref.id}` };
}

/** The account (of Connect) and the object's own id in an entity's id. */
export function splitStripeId(id: string): { account: string | null; objectId: string } {
  const [, account, objectId] = /^(acct_[^/]+)\/(.+)$/.exec(id) ?? [];
  return account === undefined || objectId === undefined
    ? { account: null, objectId: id }
    : { account, objectId };
}
