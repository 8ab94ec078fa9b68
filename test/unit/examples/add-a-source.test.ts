import { createHmac } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { acmeSource } from '../../../examples/add-a-source/acme.ts';
import {
  UnreadableEventError,
  VendorAnswerError,
  VendorRateLimitedError,
  VendorRefusedError,
  VendorUnavailableError,
} from '../../../src/errors.ts';
import type { JsonValue } from '../../../src/model/json.ts';
import { conformanceChecks } from '../../../src/testing/conformance-checks.ts';
import { openSource } from '../../../src/testing/open-source.ts';
import { startHttpVendor, type VendorReply, type VendorRequest } from '../../support/http-vendor.ts';

const signal = new AbortController().signal;
const entity = { type: 'invoice', id: 'inv_1' };
const invoice = {
  id: 'inv_1',
  revision: 3,
  changed_at: '2026-11-01T10:00:00Z',
  total: '12.50',
  lines: [1, 2],
};

function make(apiUrl: string) {
  const settings = z.object(acmeSource.settings).parse({
    ACME_WEBHOOK_SECRET: 'new,old',
    ACME_API_URL: apiUrl,
    ACME_API_KEY: 'key',
  });
  const source = acmeSource.create(settings);
  const { fetchRecord, listChanged } = source;
  if (fetchRecord === undefined || listChanged === undefined) throw new Error('Both are always there.');
  return { ...source, fetchRecord, listChanged };
}

/** What the source makes of the vendor's answer, and what it asked for. */
async function ask<Result>(
  reply: VendorReply,
  call: (source: ReturnType<typeof make>) => Promise<Result>,
): Promise<{ result: Result; request: VendorRequest | undefined }> {
  await using vendor = await startHttpVendor(() => reply);
  return { result: await call(make(vendor.url)), request: vendor.requests[0] };
}

const fetchOne = (reply: VendorReply) => ask(reply, (source) => source.fetchRecord(entity, { signal }));
const listOnce = (reply: VendorReply) =>
  ask(reply, (source) => source.listChanged({ since: '2026-11-01T00:00:00.000Z', cursor: 'p2' }, { signal }));

describe('the example of a new vendor', () => {
  it('is under 50 lines, as its page says', async () => {
    const text = await readFile(new URL('../../../examples/add-a-source/acme.ts', import.meta.url), 'utf8');
    expect(text.trimEnd().split('\n').length).toBeLessThan(50);
  });

  it('takes what either secret signed over the exact bytes, and nothing else', async () => {
    const { verification } = make('http://127.0.0.1:9');
    const body = Buffer.from('{"id":"evt_1"}');
    const signed = (secret: string) => ({
      'x-acme-signature': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`,
    });
    const verify = (headers: Record<string, string>, bytes = body) =>
      verification.verify({ body: bytes, headers, now: Date.now() });

    expect(await verify(signed('new'))).toMatchObject({ verified: true });
    expect(await verify(signed('old'))).toMatchObject({ verified: true });
    expect(await verify(signed('guess'))).toMatchObject({ verified: false, reason: 'bad_signature' });
    expect(await verify(signed('new'), Buffer.from('{"id":"evt_2"}'))).toMatchObject({ verified: false });
    expect(await verify({})).toMatchObject({ verified: false, reason: 'missing_header' });
  });

  it('reads what an event is about, and leaves alone what is about no invoice', () => {
    const read = (body: JsonValue) => make('http://127.0.0.1:9').readEvent({ body, headers: {} });
    const about = { invoice: { id: 'inv_1' } };

    expect(read({ id: 'evt_1', type: 'invoice.changed', ...about })).toMatchObject({
      id: 'evt_1',
      type: 'invoice.changed',
      entity,
      deletes: false,
    });
    expect(read({ id: 'evt_2', type: 'invoice.deleted', ...about })).toMatchObject({ entity, deletes: true });
    expect(read({ id: 'evt_3', type: 'plan.changed' })).toMatchObject({ entity: null });
    expect(() => read({ type: 'invoice.changed', ...about })).toThrow(UnreadableEventError);
  });

  it('fetches the whole record with its version, and says where there is none', async () => {
    const { result, request } = await fetchOne({ json: invoice });
    expect(result).toEqual({ data: invoice, version: 3, sourceTime: '2026-11-01T10:00:00Z' });
    expect(request?.url.pathname).toBe('/invoices/inv_1');
    expect(request?.headers.authorization).toBe('Bearer key');

    expect((await fetchOne({ status: 404 })).result).toBeNull();
  });

  it('lists a page of changes and where the next one begins', async () => {
    const { result, request } = await listOnce({ json: { invoices: [invoice], next: 'p3' } });
    expect(result).toEqual({
      changes: [{ entity, version: 3, sourceTime: '2026-11-01T10:00:00Z', deleted: false }],
      nextCursor: 'p3',
    });
    expect(Object.fromEntries(request?.url.searchParams ?? [])).toEqual({
      changed_since: '2026-11-01T00:00:00.000Z',
      cursor: 'p2',
    });
    expect((await listOnce({ json: { invoices: [], next: null } })).result.nextCursor).toBeNull();
  });

  it('tells what another try can mend from what it cannot', async () => {
    await expect(fetchOne({ status: 429, headers: { 'retry-after': '7' } })).rejects.toSatisfy(
      (error) => error instanceof VendorRateLimitedError && error.retryAfterMilliseconds === 7_000,
    );
    for (const passing of [{ status: 503 }, 'reset'] satisfies VendorReply[]) {
      await expect(fetchOne(passing)).rejects.toBeInstanceOf(VendorUnavailableError);
    }
    await expect(fetchOne({ status: 401 })).rejects.toBeInstanceOf(VendorRefusedError);
    await expect(fetchOne({ text: '<html>' })).rejects.toBeInstanceOf(VendorAnswerError);
    await expect(fetchOne({ json: { id: 'inv_1' } })).rejects.toBeInstanceOf(VendorAnswerError);
    await expect(listOnce({ json: { invoices: 'none' } })).rejects.toBeInstanceOf(VendorAnswerError);
    await expect(listOnce({ status: 404 })).rejects.toBeInstanceOf(VendorAnswerError);
  });

  it('ends a request that is cancelled without blaming the vendor', async () => {
    await using vendor = await startHttpVendor(() => 'hang');
    const controller = new AbortController();
    const fetching = make(vendor.url).fetchRecord(entity, { signal: controller.signal });
    await expect.poll(() => vendor.requests.length).toBe(1);
    controller.abort(new Error('the activity was cancelled'));
    await expect(fetching).rejects.toThrow('the activity was cancelled');
  });
});

const event = { id: 'evt_1', type: 'invoice.changed', invoice: { id: 'inv_1' } };
const checks = conformanceChecks({
  create: ({ secrets, apiUrl }) =>
    openSource(acmeSource, {
      ACME_WEBHOOK_SECRET: secrets.join(','),
      ACME_API_URL: apiUrl,
      ACME_API_KEY: 'a key of the test',
    }),
  deliveries: [{ body: event, reads: { id: 'evt_1', entity } }],
  later: { body: { ...event, id: 'evt_2' } },
  deletion: { body: { ...event, id: 'evt_3', type: 'invoice.deleted' } },
  vendor: {
    record: ({ entity: { id }, revision, changedAt }) => ({ id, revision, changed_at: changedAt }),
    fetch: { path: '/invoices/{id}' },
    list: { path: '/changes', since: 'changed_since', page: (invoices, next) => ({ invoices, next }) },
  },
});
describe('the example of a new vendor, as every source', () => {
  for (const { name, run } of checks) it(name, run);
});
