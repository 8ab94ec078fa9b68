import { generateKeyPairSync, sign } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { JsonValue } from '../../../src/model/json.ts';
import type { Source } from '../../../src/sources/define-source.ts';
import { readGenericSources } from '../../../src/sources/generic.ts';
import { conformanceChecks } from '../../../src/testing/conformance-checks.ts';
import type {
  SampleDelivery,
  SourceUnderTest,
  VendorUnderTest,
} from '../../../src/testing/source-under-test.ts';
import { hmacScheme } from '../../../src/verification/hmac.ts';
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
function open(name: string, api?: string, secrets?: readonly string[]): Source {
  const text = readFileSync(new URL(`${name}.json`, folder), 'utf8');
  const variables = [...text.matchAll(/Env": "(\w+)"/g)].map(([, variable = '']) => variable);
  const env = Object.fromEntries(
    variables.flatMap((variable) => [
      [variable, secretOf[name] ?? 'a secret of the vendor'],
      [`${variable}_EXAMPLE_STORE`, 'a secret of the store'],
    ]),
  );
  const [, secretVariable = ''] = /"secretEnv": "(\w+)"/.exec(text) ?? [];
  for (const variable of [secretVariable, `${secretVariable}_EXAMPLE_STORE`]) {
    if (secrets !== undefined) env[variable] = secrets.join(',');
  }
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

interface Conformance extends Pick<SourceUnderTest, 'secrets' | 'sign' | 'judgesAge' | 'except'> {
  first?: Partial<SampleDelivery>;
  later: SampleDelivery | null;
  deletion?: SampleDelivery;
  vendor?: VendorUnderTest;
  change?: (source: Source, secrets: readonly string[]) => Source;
}

/** A body of an example with other values in it, part by part. */
const changed = (name: string, changes: Record<string, JsonValue>, data: Record<string, JsonValue> = {}) => {
  const body = examples[name]?.body as Record<string, JsonValue>;
  return {
    ...body,
    ...changes,
    ...('data' in body ? { data: { ...(body['data'] as object), ...data } } : {}),
  };
};
const form = (fields: Record<string, string>) => Buffer.from(new URLSearchParams(fields).toString());
const formType = { 'content-type': 'application/x-www-form-urlencoded' };
const noSchema = { 'fetch/other-shape': 'a description says nothing of how a record looks' };
const keyPairs = new Map(
  [1, 2].map(() => {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
    return [publicKey.export({ format: 'der', type: 'spki' }).toString('base64'), privateKey];
  }),
);
const [sendgridFirst = '', sendgridSecond = ''] = [...keyPairs.keys()];

const conformance: Record<string, Conformance> = {
  clerk: {
    later: {
      body: changed('clerk', {}, { updated_at: 1_654_012_651_835 }),
      headers: { 'svix-id': 'msg_2' },
    },
    deletion: {
      body: {
        object: 'event',
        type: 'user.deleted',
        data: { id: 'user_29w', object: 'user', deleted: true },
      },
      headers: { 'svix-id': 'msg_3' },
    },
    vendor: {
      record: ({ entity, changedAt }) => ({ id: entity.id, updated_at: Date.parse(changedAt) }),
      fetch: { path: '/v1/users/{id}' },
    },
    except: noSchema,
  },
  openai: { later: { body: changed('openai', { id: 'evt_69', created_at: 1_750_287_078 }) } },
  paddle: {
    later: {
      body: changed('paddle', { event_id: 'evt_02' }, { updated_at: '2026-04-12T10:19:48.831Z' }),
    },
    vendor: {
      record: ({ entity, changedAt }) => ({ id: entity.id, updated_at: changedAt }),
      fetch: { path: '/subscriptions/{id}', answer: (data) => ({ data, meta: { request_id: 'r' } }) },
    },
  },
  paypal: {
    later: {
      body: changed('paypal', { id: 'WH-3', resource: { id: '80F', update_time: '2026-10-23T17:20:50Z' } }),
    },
    // Only PayPal can sign as PayPal, by a certificate that is fetched from it: its scheme has a test of its own.
    change: (source, secrets) => ({
      ...source,
      verification: hmacScheme({ secrets, header: 'x-kit', algorithm: 'sha256', encoding: 'hex' }),
    }),
  },
  resend: {
    later: { body: changed('resend', { type: 'email.opened' }), headers: { 'svix-id': 'msg_3' } },
    vendor: { record: ({ entity }) => ({ id: entity.id }), fetch: { path: '/emails/{id}' } },
    except: noSchema,
  },
  sendgrid: {
    secrets: [sendgridFirst, sendgridSecond],
    first: { body: [examples['sendgrid']?.body ?? null] },
    later: {
      body: [changed('sendgrid', { sg_event_id: 'b3BlbmVk', event: 'open', timestamp: 1_513_299_629 })],
    },
    sign: ({ secret, body, now }) => {
      const timestamp = String(Math.floor(now / 1_000));
      const key = keyPairs.get(secret);
      if (key === undefined) throw new RangeError('not one of the pairs');
      const signature = sign('sha256', Buffer.concat([Buffer.from(timestamp), body]), key);
      return Promise.resolve({
        'x-twilio-email-event-webhook-signature': signature.toString('base64'),
        'x-twilio-email-event-webhook-timestamp': timestamp,
      });
    },
    // SendGrid says nothing of how old a delivery may be.
    judgesAge: false,
  },
  shopify: {
    later: {
      body: changed('shopify', { updated_at: '2026-02-02T09:41:58-05:00' }),
      headers: { 'x-shopify-webhook-id': 'b54557e5', 'x-shopify-topic': 'orders/updated' },
    },
    deletion: {
      body: { id: 450_789_469 },
      headers: { 'x-shopify-webhook-id': 'b54557e6', 'x-shopify-topic': 'orders/delete' },
    },
    vendor: {
      record: ({ entity, changedAt }) => ({ id: Number(entity.id), updated_at: changedAt }),
      fetch: { path: '/admin/api/2026-10/orders/{id}.json', answer: (order) => ({ order }) },
    },
  },
  slack: {
    later: {
      body: changed('slack', {
        ...{ event_id: 'Ev09', event_time: 1_760_000_060 },
        event: { type: 'user_change', user: { id: 'U1', updated: 1_760_000_050, name: 'ada' } },
      }),
    },
  },
  twilio: {
    first: {
      body: form(examples['twilio']?.body as Record<string, string>),
      headers: { ...formType, 'i-twilio-idempotency-token': 'token-1' },
    },
    later: {
      body: form({ MessageSid: 'SM1', MessageStatus: 'read', AccountSid: 'AC1' }),
      headers: { ...formType, 'i-twilio-idempotency-token': 'token-2' },
    },
    vendor: {
      record: ({ entity }) => ({ sid: entity.id }),
      fetch: { path: '/2010-04-01/Accounts/ACXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX/Messages/{id}.json' },
    },
    except: noSchema,
  },
};

describe.each(names)('%s, as every source', (name) => {
  const { first, change = (source) => source, deletion = null, vendor = null, ...rest } = conformance[name]!;
  const { body = null, headers = {}, event } = examples[name] ?? {};
  const checks = conformanceChecks({
    ...rest,
    create: ({ secrets, apiUrl }) => change(open(name, apiUrl, secrets), secrets),
    deliveries: [{ body, headers, ...first, reads: event ?? {} }],
    deletion,
    vendor,
  });
  for (const { name: title, run } of checks) it(title, run);
});
