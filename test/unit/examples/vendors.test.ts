import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { JsonValue } from '../../../src/model/json.ts';
import type { Source } from '../../../src/sources/define-source.ts';
import { readGenericSources } from '../../../src/sources/generic.ts';
import { startHttpVendor } from '../../support/http-vendor.ts';

const folder = new URL('../../../examples/vendors/', import.meta.url);
const names = readdirSync(folder).map((file) => file.replace(/\.json$/, ''));
const whsec = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const sendgridKey =
  'MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE83T4O/n84iotIvIW4mdBgQ/7dAfSmpqIM8kF9mN1flpVKS3GRqe62gw+2fNNRaINXvVpiglSI8eNEc6wEA3F+g==';
const secretOf: Record<string, string> = {
  clerk: whsec,
  openai: whsec,
  resend: whsec,
  sendgrid: sendgridKey,
};

/** Its description, with secrets, and where it has one, its API at another address. */
function open(name: string, api?: string): Source {
  const text = readFileSync(new URL(`${name}.json`, folder), 'utf8');
  const variables = [...text.matchAll(/Env": "(\w+)"/g)].map(([, variable = '']) => variable);
  const env = Object.fromEntries(
    variables.flatMap((variable) => [
      [variable, secretOf[name] ?? 'a secret of the vendor'],
      [`${variable}_EXAMPLE_STORE`, 'a secret of the store'],
    ]),
  );
  const [source] = readGenericSources(
    api === undefined ? text : text.replace(/https:\/\/(?!hooks)[^/]+/, api),
    env,
  );
  if (source === undefined) throw new Error(`${name}.json describes no source.`);
  return source;
}

interface Example {
  body: JsonValue;
  headers?: Record<string, string>;
  event: object;
  /** The path that its record is fetched from, what the API answers there, and the record in it. */
  fetched?: { path: string; answer: object; record: object };
  /** A delivery that announces a deletion. */
  deletion?: { body: JsonValue; headers: Record<string, string> };
}

// The shapes are those of the vendors' documentation of their events and of their APIs.
const examples: Record<string, Example> = {
  clerk: {
    body: {
      ...{ object: 'event', type: 'user.updated', timestamp: 1_654_012_591_835 },
      data: { id: 'user_29w', updated_at: 1_654_012_591_835, first_name: 'Grace' },
    },
    headers: { 'svix-id': 'msg_1' },
    event: { id: 'msg_1', type: 'user.updated', entity: { type: 'user', id: 'user_29w' }, deletes: false },
    fetched: {
      path: '/v1/users/user_29w',
      answer: { id: 'user_29w', updated_at: 1_654_012_591_835 },
      record: { id: 'user_29w' },
    },
    deletion: {
      body: {
        object: 'event',
        type: 'user.deleted',
        data: { deleted: true, id: 'user_29w', object: 'user' },
      },
      headers: { 'svix-id': 'msg_3' },
    },
  },
  openai: {
    body: {
      ...{ id: 'evt_68', object: 'event', type: 'response.completed', created_at: 1_750_287_018 },
      data: { id: 'resp_abc' },
    },
    event: { id: 'evt_68', entity: { type: 'response', id: 'resp_abc' }, snapshot: { id: 'resp_abc' } },
  },
  paddle: {
    body: {
      ...{
        event_id: 'evt_01',
        event_type: 'subscription.updated',
        occurred_at: '2026-04-12T10:18:49.621022Z',
      },
      ...{ notification_id: 'ntf_01', data: { id: 'sub_01', updated_at: '2026-04-12T10:18:48.831Z' } },
    },
    event: {
      ...{ id: 'evt_01', type: 'subscription.updated', entity: { type: 'subscription', id: 'sub_01' } },
      announced: { version: null, sourceTime: '2026-04-12T10:18:48.831Z' },
    },
    fetched: {
      path: '/subscriptions/sub_01',
      answer: { data: { id: 'sub_01', status: 'active' }, meta: { request_id: 'r' } },
      record: { id: 'sub_01', status: 'active' },
    },
  },
  paypal: {
    body: {
      ...{ id: 'WH-2', event_type: 'PAYMENT.SALE.COMPLETED', create_time: '2026-10-23T17:19:56Z' },
      ...{ resource_type: 'sale', resource: { id: '80F', update_time: '2026-10-23T17:19:50Z' } },
    },
    event: { id: 'WH-2', type: 'PAYMENT.SALE.COMPLETED', entity: { type: 'sale', id: '80F' } },
  },
  resend: {
    body: {
      ...{ type: 'email.delivered', created_at: '2026-02-22T23:41:12.126Z' },
      data: { email_id: '56761188', to: ['a@example.com'] },
    },
    headers: { 'svix-id': 'msg_2' },
    event: { id: 'msg_2', type: 'email.delivered', entity: { type: 'email', id: '56761188' } },
    fetched: { path: '/emails/56761188', answer: { id: '56761188' }, record: { id: '56761188' } },
  },
  sendgrid: {
    body: {
      ...{ email: 'a@example.com', timestamp: 1_513_299_569, event: 'delivered' },
      ...{ sg_event_id: 'ZGVsaXZ', sg_message_id: '14c5d75ce93.dfd.64b469' },
    },
    event: { id: 'ZGVsaXZ', type: 'delivered', entity: { type: 'email', id: '14c5d75ce93.dfd.64b469' } },
  },
  shopify: {
    body: { id: 450_789_469, updated_at: '2026-02-02T09:40:58-05:00', total_price: '409.94' },
    headers: { 'x-shopify-webhook-id': 'b54557e4', 'x-shopify-topic': 'orders/updated' },
    event: {
      ...{ id: 'b54557e4', type: 'orders/updated', entity: { type: 'order', id: '450789469' } },
      announced: { version: null, sourceTime: '2026-02-02T14:40:58.000Z' },
    },
    fetched: {
      path: '/admin/api/2026-10/orders/450789469.json',
      answer: { order: { id: 450_789_469 } },
      record: { id: 450_789_469 },
    },
    deletion: {
      body: { id: 450_789_469 },
      headers: { 'x-shopify-webhook-id': 'b54557e5', 'x-shopify-topic': 'orders/delete' },
    },
  },
  slack: {
    body: {
      ...{ type: 'event_callback', event_id: 'Ev08', event_time: 1_760_000_000 },
      event: { type: 'user_change', user: { id: 'U1', updated: 1_759_999_990, name: 'ada' } },
    },
    event: { id: 'Ev08', type: 'user_change', entity: { type: 'user', id: 'U1' } },
  },
  twilio: {
    body: { MessageSid: 'SM1', MessageStatus: 'delivered', AccountSid: 'AC1' },
    headers: { 'i-twilio-idempotency-token': 'token-1' },
    event: { id: 'token-1', type: 'delivered', entity: { type: 'message', id: 'SM1' } },
    fetched: {
      path: '/2010-04-01/Accounts/ACXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX/Messages/SM1.json',
      answer: { sid: 'SM1', status: 'delivered' },
      record: { sid: 'SM1' },
    },
  },
};

describe('The descriptions of vendors', () => {
  it('have each an example here', () => {
    expect(Object.keys(examples).sort()).toEqual([...names].sort());
  });

  it.each(names)('%s: reads the event that the vendor documents', (name) => {
    const example = examples[name];
    const source = open(name);
    const headers = example?.headers ?? {};
    const [body] = source.split?.({ body: [example?.body ?? null], headers }) ?? [example?.body ?? null];
    expect(source.readEvent({ body: body ?? null, headers })).toMatchObject(example?.event ?? {});
  });

  it.each(names.filter((name) => examples[name]?.deletion !== undefined))(
    '%s: knows the deletion that the vendor documents',
    (name) => {
      const { body = null, headers = {} } = examples[name]?.deletion ?? {};
      const { entity } = examples[name]?.event as Example['event'] & { entity: object };
      expect(open(name).readEvent({ body, headers })).toMatchObject({ entity, deletes: true });
    },
  );

  it.each(names.filter((name) => examples[name]?.fetched !== undefined))(
    '%s: fetches the record from where the vendor documents it',
    async (name) => {
      const { path = '', answer = {}, record = {} } = examples[name]?.fetched ?? {};
      await using vendor = await startHttpVendor(() => ({ json: answer }));
      const source = open(name, vendor.url);
      const entity = source.readEvent({
        body: examples[name]?.body ?? null,
        headers: examples[name]?.headers ?? {},
      }).entity;
      const fetched = await source.fetchRecord?.(entity ?? { type: '', id: '' }, {
        signal: new AbortController().signal,
      });
      expect(fetched?.data).toMatchObject(record);
      expect(vendor.requests.map(({ url }) => url.pathname)).toEqual([path]);
    },
  );
});
