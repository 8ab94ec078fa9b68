import { z } from 'zod';
import { UnreadableEventError, VendorAnswerError } from '../../src/errors.ts';
import { defineSource } from '../../src/sources/define-source.ts';
import { secretList } from '../../src/sources/secret-settings.ts';
import { pathSegment, throwIfCancelled } from '../../src/sources/vendor-error.ts';
import { vendorErrorFromStatus, vendorUnreachable } from '../../src/sources/vendor-error.ts';
import { hmacScheme } from '../../src/verification/hmac.ts';

const about = z.object({ id: z.string() });
const webhook = z.object({ id: z.string(), type: z.string(), invoice: about.optional() });
const invoice = z.object({ id: z.string(), revision: z.int(), changed_at: z.string() }).catchall(z.json());
const page = z.object({ invoices: z.array(invoice), next: z.string().nullable() });
const hmac = { header: 'x-acme-signature', algorithm: 'sha256', encoding: 'hex', prefix: 'sha256=' } as const;

/** Acme's invoices. Its webhooks carry `X-Acme-Signature: sha256=<hex>`, its API answers at ACME_API_URL. */
export const acmeSource = defineSource({
  name: 'acme',
  settings: { ACME_WEBHOOK_SECRET: secretList(), ACME_API_URL: z.url(), ACME_API_KEY: z.string().min(1) },
  create({ ACME_WEBHOOK_SECRET: secrets, ACME_API_URL: url, ACME_API_KEY: key }) {
    async function get<Answer>(path: string, schema: z.ZodType<Answer>, signal: AbortSignal) {
      const call = { vendor: 'Acme', what: path };
      const unreachable = (cause: unknown): never => {
        throwIfCancelled(signal);
        throw vendorUnreachable({ ...call, cause });
      };
      const headers = { authorization: `Bearer ${key}` };
      const answer = await fetch(new URL(path, url), { headers, signal }).catch(unreachable);
      if (answer.status === 404) return null;
      const retryAfter = answer.headers.get('retry-after');
      if (!answer.ok) throw vendorErrorFromStatus(answer.status, { ...call, retryAfter, now: Date.now() });
      const read = schema.safeParse(await answer.json().catch(unreachable));
      if (read.success) return read.data;
      throw new VendorAnswerError(`Acme's answer to ${path} is new to us: ${z.prettifyError(read.error)}`);
    }
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
        const data = await get(`/invoices/${pathSegment(id)}`, invoice, signal);
        return data && { data, version: data.revision, sourceTime: data.changed_at };
      },
      async listChanged({ since, cursor }, { signal }) {
        const query = new URLSearchParams({ changed_since: since ?? '', cursor: cursor ?? '' });
        const answer = await get(`/changes?${query.toString()}`, page, signal);
        if (answer === null) throw new VendorAnswerError('Acme has no list of changes at ACME_API_URL.');
        const changes = answer.invoices.map(({ id, revision, changed_at: sourceTime }) => {
          return { entity: { type: 'invoice', id }, version: revision, sourceTime, deleted: false };
        });
        return { changes, nextCursor: answer.next };
      },
    };
  },
});
