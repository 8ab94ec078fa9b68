import { z } from 'zod';
import { httpDestination } from '../destinations/http.ts';
import { UnreadableEventError, VendorAnswerError, VendorRefusedError } from '../errors.ts';
import type { EventDraft } from '../model/event.ts';
import type { JsonValue } from '../model/json.ts';
import { readVersionNumber } from '../model/version.ts';
import { standardWebhooksScheme } from '../verification/standard-webhooks.ts';
import { announcedTime } from './announced-time.ts';
import { defineSource, type ListedChange } from './define-source.ts';
import { createDemoApi } from './demo-api.ts';
import { secretList } from './secret-settings.ts';
import { optionalUrl } from './settings.ts';
import { pathSegment } from './vendor-error.ts';

/** Where a kind of record is found; events about anything else complete as ignored. */
const collections = new Map([
  ['customer', 'customers'],
  ['order', 'orders'],
]);
const pageSize = 100;

/** What every record has, as its events, its own page and the list of changes show it. */
const recordSchema = z.object({
  object: z.string(),
  id: z.string().min(1),
  version: z.int().min(1),
  updated_at: z.iso.datetime(),
  deleted: z.boolean().default(false),
});
const eventSchema = z.object({ id: z.string().min(1), type: z.string().min(1), created: z.string() });
const recordEventSchema = z.object({ data: recordSchema });
const pageSchema = z.object({ data: z.array(recordSchema), next_cursor: z.string().nullable() });
/** The record as a whole, which is what we keep. */
const wholeRecordSchema = z.record(z.string(), z.json());

/**
 * The demo vendor that `landfall dev` starts: customers and orders, numbered versions, Standard Webhooks.
 * Each record is handed on to a little CRM, which runs beside the vendor.
 */
export const demoSource = defineSource({
  name: 'demo',
  settings: {
    DEMO_WEBHOOK_SECRET: secretList(),
    /** Where the vendor runs, such as `http://127.0.0.1:4010`. */
    DEMO_API_URL: z.url({
      protocol: /^https?$/,
      error: 'must be a URL that begins with http:// or https://',
    }),
    DEMO_API_TOKEN: z.string().min(1),
    /** Where the CRM is, when it is not beside the vendor's API. */
    DEMO_CRM_URL: optionalUrl(),
  },
  create({
    DEMO_WEBHOOK_SECRET: secrets,
    DEMO_API_URL: apiUrl,
    DEMO_API_TOKEN: token,
    DEMO_CRM_URL: crmUrl = apiUrl,
  }) {
    const api = createDemoApi({ apiUrl, token });
    return {
      verification: standardWebhooksScheme({ secrets }),
      readEvent: ({ body }) => readEvent(body),
      fetchRecord: async ({ type, id }, { signal }) => {
        const collection = collections.get(type);
        if (collection === undefined) {
          throw new VendorRefusedError(`The demo vendor has no records of the type "${type}".`);
        }
        const [path, what] = [`/v1/${collection}/${pathSegment(id)}`, `${type} ${id}`];
        const data = await api({ path, what, schema: wholeRecordSchema, signal });
        if (data === null) return null;
        const record = recordSchema.safeParse(data);
        if (record.data?.object === type && record.data.id === id) {
          return { data, version: record.data.version, sourceTime: record.data.updated_at };
        }
        throw new VendorAnswerError(`The demo vendor answered with another record than ${what}.`);
      },
      listChanged: async ({ since, cursor }, { signal }) => {
        const query = new URLSearchParams({ limit: String(pageSize) });
        if (since !== null) query.set('updated_since', since);
        if (cursor !== null) query.set('cursor', cursor);
        const what = 'the list of changes';
        const page = await api({ path: `/v1/changes?${query.toString()}`, what, schema: pageSchema, signal });
        if (page === null)
          throw new VendorAnswerError(`The demo vendor says that it has no list of changes.`);
        const changes = page.data.map(
          ({ object, id, version, updated_at: sourceTime, deleted }): ListedChange => ({
            entity: { type: object, id },
            version,
            sourceTime,
            deleted,
          }),
        );
        return { changes, nextCursor: page.next_cursor };
      },
      destinations: [
        httpDestination({
          name: 'crm',
          url: new URL('/crm/records', crmUrl).href,
          headers: { authorization: `Bearer ${token}` },
        }),
      ],
      // Impatient, because somebody is watching.
      retry: {
        maximumAttempts: 5,
        initialIntervalMilliseconds: 500,
        backoffCoefficient: 2,
        maximumIntervalMilliseconds: 5_000,
      },
      reconcile: { everyMilliseconds: 30_000, overlapMilliseconds: 10_000, graceMilliseconds: 5_000 },
      ordering: { consecutiveVersions: true },
      sample: () => ({ body: sampleEvent }),
    };
  },
});

function readEvent(body: JsonValue): EventDraft {
  const event = read(eventSchema, body);
  const [kind = '', change] = event.type.split('.', 2);
  const draft = {
    id: event.id,
    type: event.type,
    occurredAt: event.created,
    deletes: change === 'deleted',
  };
  if (!collections.has(kind)) return { ...draft, entity: null, announced: null };
  const { data } = read(recordEventSchema, body);
  return {
    ...draft,
    entity: { type: kind, id: data.id },
    announced: { version: readVersionNumber(data.version), sourceTime: announcedTime(data.updated_at) },
  };
}

function read<T>(schema: z.ZodType<T>, body: JsonValue): T {
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  throw new UnreadableEventError(`The body is no event of the demo vendor: ${z.prettifyError(result.error)}`);
}

/** About a customer that the vendor does not have: fetched fresh, it proves to be gone, whatever the event says. */
const sampleEvent: JsonValue = {
  id: 'evt_sample',
  type: 'customer.updated',
  created: '2026-01-01T00:00:00Z',
  data: {
    object: 'customer',
    id: 'cus_sample',
    version: 1,
    updated_at: '2026-01-01T00:00:00Z',
    created_at: '2026-01-01T00:00:00Z',
    name: 'Ada Berg',
    email: 'ada.berg@example.com',
    city: 'Oslo',
    plan: 'team',
  },
};
