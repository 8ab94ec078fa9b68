import {
  createVendorApi,
  defineSource,
  hmacScheme,
  pathSegment,
  secretList,
  UnreadableEventError,
  VendorAnswerError,
} from 'landfall';
import { z } from 'zod';

/** What an event says; of a customer, with its version. */
const webhook = z.object({
  event_id: z.string().min(1),
  type: z.string().min(1),
  created_at: z.string().optional(),
  data: z.object({
    type: z.string(),
    id: z.string().min(1),
    object: z.object({ customer: z.object({ version: z.int().optional() }).optional() }).optional(),
  }),
});
const customer = z
  .object({ id: z.string(), version: z.int(), updated_at: z.iso.datetime({ offset: true }) })
  .catchall(z.json());
const single = z.object({ customer });
/** Square leaves the list out where there is nobody in it, and the cursor on the last page. */
const page = z.union([
  z.object({ customers: z.array(customer), cursor: z.string().min(1).optional() }),
  z.strictObject({}).transform(() => ({ customers: [], cursor: undefined })),
]);

/**
 * Square's customers. What is signed is the address that Square was given, and the body behind it.
 *
 * @see https://developer.squareup.com/docs/webhooks/step3validate
 */
export const squareSource = defineSource({
  name: 'square',
  settings: {
    SQUARE_WEBHOOK_SECRET: secretList(),
    /** What stands before `/webhooks/square` in the address that Square was given, such as `https://hooks.example.com`. */
    SQUARE_PUBLIC_URL: z.url(),
    SQUARE_API_URL: z.url().default('https://connect.squareup.com'),
    SQUARE_ACCESS_TOKEN: z.string().min(1),
  },
  create(settings) {
    const publicUrl = settings.SQUARE_PUBLIC_URL.replace(/\/+$/, '');
    const api = createVendorApi({
      vendor: 'Square',
      url: settings.SQUARE_API_URL,
      headers: { authorization: `Bearer ${settings.SQUARE_ACCESS_TOKEN}`, 'square-version': '2026-01-22' },
    });
    return {
      verification: hmacScheme({
        name: 'square',
        secrets: settings.SQUARE_WEBHOOK_SECRET,
        header: 'x-square-hmacsha256-signature',
        algorithm: 'sha256',
        encoding: 'base64',
        lead: ({ url = '' }) => publicUrl + url,
      }),
      readEvent({ body }) {
        const read = webhook.safeParse(body);
        if (!read.success) {
          throw new UnreadableEventError(`No event of Square: ${z.prettifyError(read.error)}`);
        }
        const { event_id: id, type, created_at: createdAt = null, data } = read.data;
        const version = data.object?.customer?.version;
        return {
          id,
          type,
          // Payments, orders and all else complete as ignored.
          entity: data.type === 'customer' ? { type: 'customer', id: data.id } : null,
          announced: version === undefined ? null : { version: String(version), sourceTime: null },
          occurredAt: createdAt,
          deletes: type === 'customer.deleted',
        };
      },
      async fetchRecord({ id }, { signal }) {
        const path = `/v2/customers/${pathSegment(id)}`;
        const answer = await api({ path, schema: single, signal });
        return (
          answer && {
            data: answer.customer,
            version: answer.customer.version,
            sourceTime: answer.customer.updated_at,
          }
        );
      },
      // Square lists by the time of creation, which never changes, and not by that of the last change: the pages hold still, and all
      // of them are read.
      async listChanged({ since, cursor }, { signal }) {
        const query = { sort_field: 'CREATED_AT', sort_order: 'ASC', limit: 100, cursor };
        const answer = await api({ path: '/v2/customers', query, schema: page, signal });
        if (answer === null) throw new VendorAnswerError('Square has no customers at SQUARE_API_URL.');
        const changes = answer.customers
          .filter(({ updated_at: at }) => since === null || Date.parse(at) >= Date.parse(since))
          .map(({ id, version, updated_at: sourceTime }) => ({
            entity: { type: 'customer', id },
            version,
            sourceTime,
            deleted: false,
          }));
        return { changes, nextCursor: answer.cursor ?? null };
      },
    };
  },
});
