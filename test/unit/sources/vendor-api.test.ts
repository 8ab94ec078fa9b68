import { expect, it } from 'vitest';
import { z } from 'zod';
import { VendorAnswerError, VendorUnavailableError } from '../../../src/errors.ts';
import { createVendorApi } from '../../../src/sources/vendor-api.ts';
import { startHttpVendor, type VendorReply } from '../../support/http-vendor.ts';

// What else the answers and the lack of them become is checked by the conformance kit, for the adapters that read by it.
const signal = new AbortController().signal;
const schema = z.object({ id: z.string() });

async function ask(reply: VendorReply, more: object = {}) {
  await using vendor = await startHttpVendor(() => reply);
  const api = createVendorApi({ vendor: 'Acme', url: `${vendor.url}/v1/`, ...more });
  const query = { since: null, cursor: 'a b', limit: 3, page: undefined };
  const result = await api({ path: '/invoices', query, schema, signal });
  return { result, request: vendor.requests[0] };
}

it('asks below the address, with the headers and what the query holds', async () => {
  let token = 'first';
  const headers = () => ({ authorization: `Bearer ${token}` });
  const { result, request } = await ask({ json: { id: 'inv_1', more: true } }, { headers });
  expect(result).toEqual({ id: 'inv_1' });
  expect(request?.url.pathname).toBe('/v1/invoices');
  expect(Object.fromEntries(request?.url.searchParams ?? [])).toEqual({ cursor: 'a b', limit: '3' });
  expect(request?.headers).toMatchObject({ authorization: 'Bearer first', accept: 'application/json' });
  token = 'second';
  expect((await ask({ json: { id: 'inv_1' } }, { headers })).request?.headers.authorization).toBe(
    'Bearer second',
  );
});

it('follows no redirect, for the sake of the token', async () => {
  await using elsewhere = await startHttpVendor(() => ({ json: { id: 'inv_1' } }));
  const redirect = { status: 302, headers: { location: `${elsewhere.url}/` } };
  await expect(ask(redirect, { headers: { 'x-api-key': 'key' } })).rejects.toThrow(VendorAnswerError);
  expect(elsewhere.requests).toEqual([]);
});

it('waits for an answer as long as it is told', async () => {
  await expect(ask('hang', { timeoutMilliseconds: 20 })).rejects.toThrow(VendorUnavailableError);
});
