import { createVendorApi, defineSource, hmacScheme, pathSegment, secretList } from 'landfall';
import { UnreadableEventError, VendorAnswerError } from 'landfall';
import { z } from 'zod';

const about = z.object({ id: z.string().min(1) });
const webhook = z.object({ id: z.string().min(1), type: z.string().min(1), invoice: about.optional() });
const invoice = z.object({ id: z.string(), revision: z.int(), changed_at: z.string() }).catchall(z.json());
const page = z.object({ invoices: z.array(invoice), next: z.string().nullable() });
const hmac = { header: 'x-acme-signature', algorithm: 'sha256', encoding: 'hex', prefix: 'sha256=' } as const;

/** Acme's invoices. Its webhooks carry `X-Acme-Signature: sha256=<hex>`, its API answers at ACME_API_URL. */
export const acmeSource = defineSource({
  name: 'acme',
  settings: { ACME_WEBHOOK_SECRET: secretList(), ACME_API_URL: z.url(), ACME_API_KEY: z.string().min(1) },
  create({ ACME_WEBHOOK_SECRET: secrets, ACME_API_URL: url, ACME_API_KEY: key }) {
    const api = createVendorApi({ vendor: 'Acme', url, headers: { authorization: `Bearer ${key}` } });
    return {
      verification: hmacScheme({ secrets, ...hmac }),
      readEvent({ body }) {
        const read = webhook.safeParse(body);
        if (!read.success) throw new UnreadableEventError(`No event of Acme: ${z.prettifyError(read.error)}`);
        const { id, type, invoice: changed } = read.data;
        const entity = changed === undefined ? null : { type: 'invoice', id: changed.id };
        return { id, type, entity, announced: null, occurredAt: null, deletes: type === 'invoice.deleted' };
      },
      async fetchRecord({ id }, { signal }) {
        const data = await api({ path: `/invoices/${pathSegment(id)}`, schema: invoice, signal });
        return data && { data, version: data.revision, sourceTime: data.changed_at };
      },
      async listChanged({ since, cursor }, { signal }) {
        const query = { changed_since: since, cursor };
        const answer = await api({ path: '/changes', query, schema: page, signal });
        if (answer === null) throw new VendorAnswerError('Acme has no list of changes at ACME_API_URL.');
        const changes = answer.invoices.map(({ id, revision, changed_at: sourceTime }) => {
          return { entity: { type: 'invoice', id }, version: revision, sourceTime, deleted: false };
        });
        return { changes, nextCursor: answer.next };
      },
    };
  },
});
