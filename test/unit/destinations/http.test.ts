import { Webhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';
import type { DestinationWrite } from '../../../src/destinations/define-destination.ts';
import { httpDestination, type HttpDestinationOptions } from '../../../src/destinations/http.ts';
import {
  ConfigurationError,
  DestinationDeniedError,
  DestinationRefusedError,
  DestinationUnavailableError,
} from '../../../src/errors.ts';
import { startHttpVendor, type VendorReply } from '../../support/http-vendor.ts';
import { latest } from '../../support/latest.ts';

const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const newSecret = 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD';
const signal = new AbortController().signal;

const write: DestinationWrite = {
  source: 'acme',
  eventId: 'evt_1',
  eventType: 'customer.updated',
  entity: { type: 'customer', id: 'cus_1' },
  record: { id: 'cus_1', name: 'Grüße, 世界' },
  version: { version: '7', sourceTime: null },
  deleted: false,
  outcome: 'applied',
  idempotencyKey: 'acme:evt_1:crm:7',
};

async function deliver(
  reply: VendorReply,
  options: Partial<HttpDestinationOptions> = {},
  what: DestinationWrite = write,
) {
  await using vendor = await startHttpVendor(() => reply);
  const destination = httpDestination({
    name: 'crm',
    url: `${vendor.url}/hook?token=hidden-token`,
    ...options,
  });
  const error: unknown = await destination.deliver(what, { signal, latest }).then(
    () => null,
    (reason: unknown) => reason,
  );
  return { error, requests: vendor.requests };
}

describe('An HTTP destination', () => {
  it.each([200, 201, 202, 204])('has the record when it answers %i', async (status) => {
    const { error, requests } = await deliver({ status, text: status === 204 ? '' : '{}' });
    expect(error).toBeNull();
    expect(requests).toHaveLength(1);
    const { idempotencyKey, ...body } = write;
    expect(JSON.parse(requests[0]?.body ?? '')).toEqual(body);
    expect(requests[0]).toMatchObject({
      method: 'POST',
      headers: { 'idempotency-key': idempotencyKey, 'content-type': 'application/json' },
    });
    expect(requests[0]?.url.search).toBe('?token=hidden-token');
  });

  it('gets its own headers, but never another idempotency key', async () => {
    const headers = { Authorization: 'Bearer abc', 'Idempotency-Key': 'mine' };
    const { requests } = await deliver({}, { headers });
    expect(requests[0]?.headers.authorization).toBe('Bearer abc');
    expect(requests[0]?.headers['idempotency-key']).toBe(write.idempotencyKey);
  });

  it('gets a key of other characters as its hash, the same each time', async () => {
    const odd = { ...write, idempotencyKey: 'acme:世界:crm:7' };
    const first = await deliver({}, {}, odd);
    const second = await deliver({}, {}, odd);
    const key = first.requests[0]?.headers['idempotency-key'];
    expect(first.error).toBeNull();
    expect(key).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(second.requests[0]?.headers['idempotency-key']).toBe(key);
  });

  it('can verify the signature with the library of Standard Webhooks, under one message id for all retries', async () => {
    const first = await deliver({}, { secret });
    const second = await deliver({}, { secret });
    const [request] = first.requests;
    const headers = Object.fromEntries(
      Object.entries(request?.headers ?? {}).map(([key, value]) => [key, String(value)]),
    );
    expect(new Webhook(secret).verify(request?.body ?? '', headers)).toMatchObject({ eventId: 'evt_1' });
    expect(second.requests[0]?.headers['webhook-id']).toBe(headers['webhook-id']);
  });

  it('gets its token and its signature as they are at each delivery, and the last good ones where the new ones are none', async () => {
    await using vendor = await startHttpVendor(() => ({
      status: 400,
      text: 'Bearer token-1, Bearer token-2',
    }));
    let token = 'token-1';
    let secrets = [secret];
    const destination = httpDestination({
      name: 'crm',
      url: vendor.url,
      headers: { authorization: () => `Bearer ${token}` },
      secret: () => secrets,
    });
    const next = async () => {
      const error = (await destination
        .deliver(write, { signal, latest })
        .catch((reason: unknown) => reason)) as Error;
      const { headers, body } = vendor.requests.at(-1)!;
      const by = [secret, newSecret].filter((each) => {
        try {
          return new Webhook(each).verify(body, headers as Record<string, string>);
        } catch {
          return false;
        }
      });
      return { token: headers.authorization, by, message: error.message };
    };
    expect(await next()).toMatchObject({ token: 'Bearer token-1', by: [secret] });
    token = 'token-2';
    secrets = [newSecret, secret];
    const rotated = await next();
    expect(rotated).toMatchObject({ token: 'Bearer token-2', by: [newSecret] });
    expect(rotated.message).toContain('Bearer token-1, [redacted]');
    token = 'half a\ntoken';
    secrets = ['whsec_***'];
    expect(await next()).toMatchObject({ token: 'Bearer token-2', by: [newSecret] });
  });

  it.each([408, 409, 425, 429, 500, 502, 503])(
    'is tried again after %i, as late as it asks',
    async (status) => {
      const { error, requests } = await deliver({ status, headers: { 'retry-after': '9' }, text: 'busy' });
      expect(error).toBeInstanceOf(DestinationUnavailableError);
      expect(error).toMatchObject({ retryable: true, retryAfterMilliseconds: 9000 });
      expect(requests).toHaveLength(1);
    },
  );

  it.each([400, 401, 403, 404, 410, 422])('is not tried again after %i', async (status) => {
    const { error } = await deliver({ status, text: '{"error":\n "the name is too long"}' });
    expect(error).toBeInstanceOf(DestinationRefusedError);
    // Of these, the credentials alone are wrong for every record.
    expect(error instanceof DestinationDeniedError).toBe([401, 403].includes(status));
    expect(error).toHaveProperty(
      'message',
      expect.stringContaining(`answered ${status}: {"error": "the name is too long"}`),
    );
  });

  it('is not followed to another address', async () => {
    await using other = await startHttpVendor(() => ({}));
    const { error } = await deliver({ status: 307, headers: { location: other.url } });
    expect(error).toBeInstanceOf(DestinationDeniedError);
    expect(error).toHaveProperty('message', expect.stringContaining('Redirects are not followed'));
    expect(other.requests).toHaveLength(0);
  });

  it('has 300 characters of its answer in the error, and no secret of ours', async () => {
    const headers = { authorization: 'Bearer hidden-header' };
    const { error } = await deliver(
      { status: 400, text: `you sent Bearer hidden-header ${'x'.repeat(100_000)}` },
      { headers },
    );
    expect(error).toHaveProperty('message', expect.stringContaining('you sent [redacted] xxx'));
    const { message } = error as Error;
    expect(message.length).toBeLessThan(450);
    expect(message).not.toMatch(/hidden/);
  });

  it('is tried again where it breaks the connection, is not there, or takes too long', async () => {
    expect((await deliver('reset')).error).toBeInstanceOf(DestinationUnavailableError);
    expect((await deliver('hang', { timeoutMilliseconds: 50 })).error).toBeInstanceOf(
      DestinationUnavailableError,
    );
    expect((await deliver({}, { url: 'http://127.0.0.1:1/' })).error).toBeInstanceOf(
      DestinationUnavailableError,
    );
  });

  it('is no failure where the call was cancelled', async () => {
    await using vendor = await startHttpVendor(() => 'hang');
    const controller = new AbortController();
    const reason = new Error('the worker stops');
    const call = httpDestination({ name: 'crm', url: vendor.url }).deliver(write, {
      signal: controller.signal,
      latest,
    });
    const expectation = expect(call).rejects.toBe(reason);
    await expect.poll(() => vendor.requests.length).toBe(1);
    controller.abort(reason);
    await expectation;
  });

  it('is for the events that it accepts', () => {
    const accepts = (type: string) => type.startsWith('customer.');
    const entity = { type: 'invoice', id: 'inv_1' };
    expect(
      httpDestination({ name: 'crm', url: 'https://example.com', accepts }).accepts?.('invoice.paid', entity),
    ).toBe(false);
    expect(httpDestination({ name: 'crm', url: 'https://example.com' }).accepts).toBeUndefined();
  });

  it.each(['', 'example.com', 'ftp://example.com', 'https://user:hidden@example.com'])(
    'cannot be made with the address %j',
    (url) => {
      const make = () => httpDestination({ name: 'crm', url });
      expect(make).toThrow(ConfigurationError);
      expect(make).not.toThrow(/hidden/);
    },
  );

  it('cannot be made with a header that cannot be sent, and does not repeat it', () => {
    const make = () =>
      httpDestination({
        name: 'crm',
        url: 'https://example.com',
        headers: { authorization: 'hidden\n' + 'é世' },
      });
    expect(make).toThrow(ConfigurationError);
    expect(make).not.toThrow(/hidden/);
  });

  it('cannot be made with a secret that is not base64', () => {
    expect(() => httpDestination({ name: 'crm', url: 'https://example.com', secret: '***' })).toThrow(
      ConfigurationError,
    );
  });
});
