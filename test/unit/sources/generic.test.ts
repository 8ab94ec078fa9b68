import { describe, expect, it } from 'vitest';
import {
  ConfigurationError,
  UnreadableEventError,
  VendorAnswerError,
  VendorRateLimitedError,
  VendorRefusedError,
  VendorUnavailableError,
} from '../../../src/errors.ts';
import type { JsonValue } from '../../../src/model/json.ts';
import { readGenericSources } from '../../../src/sources/generic.ts';
import { startHttpVendor, type VendorReply } from '../../support/http-vendor.ts';
import { latest } from '../../support/latest.ts';

const signal = new AbortController().signal;
const env = {
  ACME_SECRET: 'new secret, old secret',
  ACME_TOKEN: 'tok_hidden',
  SHOP_DATABASE_URL: 'postgresql://shop@127.0.0.1:1/shop',
  CRM_SECRET: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
};

const acme = {
  name: 'acme',
  scheme: {
    type: 'hmac',
    header: 'X-Acme-Signature',
    algorithm: 'sha256',
    encoding: 'hex',
    prefix: 'sha256=',
  },
  secretEnv: 'ACME_SECRET',
  id: '/id',
  type: '/event',
  entity: { type: '/data/kind', id: '/data/id' },
  record: '/data',
};

function make(changes: object = {}) {
  const [source] = readGenericSources(JSON.stringify([{ ...acme, ...changes }]), env);
  if (source === undefined) throw new Error('One is described.');
  return source;
}

const read = (body: JsonValue, changes: object = {}, headers: Record<string, string> = {}) =>
  make(changes).readEvent({ body, headers });
const body = {
  id: 'e-1',
  event: 'order.paid',
  at: '2026-01-01T00:00:00Z',
  data: { kind: 'order', id: 7, rev: 12, total: 5 },
};

describe('A described source', () => {
  it('reads an event from where its pointers lead, and keeps the record of the payload', () => {
    expect(read(body, { version: '/data/rev', sourceTime: '/at' })).toEqual({
      id: 'e-1',
      type: 'order.paid',
      entity: { type: 'order', id: '7' },
      announced: { version: '12', sourceTime: '2026-01-01T00:00:00.000Z' },
      occurredAt: '2026-01-01T00:00:00Z',
      deletes: false,
      snapshot: body.data,
    });
  });

  it('takes id and type from headers, and a type as it stands', () => {
    const changes = { id: undefined, idHeader: 'X-Id', type: undefined, typeHeader: 'X-Topic' };
    expect(read(body, changes, { 'x-id': 'h-1', 'x-topic': 'orders/paid' })).toMatchObject({
      id: 'h-1',
      type: 'orders/paid',
    });
    expect(read(body, { type: 'anything', entity: { type: 'order', id: '/data/id' } })).toMatchObject({
      type: 'anything',
      entity: { type: 'order', id: '7' },
    });
  });

  it('makes text of a number, but of none that has lost digits', () => {
    expect(read({ ...body, id: 42 }).id).toBe('42');
    const rounded: JsonValue = JSON.parse('{"id":820982911946154508,"event":"a","data":{}}');
    expect(() => read(rounded)).toThrow(UnreadableEventError);
    expect(() => read({ ...body, id: 1.5 })).toThrow(/"\/id"/);
  });

  it.each([{}, { id: '' }, { id: null }, { id: {} }, { id: true }, [], null, 'text'])(
    'names the pointer of the id that is missing in %j',
    (nothing) => {
      expect(() => read(nothing)).toThrow(UnreadableEventError);
      expect(() => read(nothing)).toThrow('"/id"');
    },
  );

  it('names the header and the type that are missing', () => {
    expect(() => read(body, { id: undefined, idHeader: 'X-Id' })).toThrow(/x-id/);
    expect(() => read({ id: 'e-1' })).toThrow(/type at "\/event"/);
    expect(() => read(body, { record: '/elsewhere' })).toThrow(/record at "\/elsewhere"/);
  });

  it('is about nothing where the body names no entity', () => {
    expect(read({ id: 'e-1', event: 'app.uninstalled' }).entity).toBeNull();
  });

  it('announces deletions by type, or by a value', () => {
    const byType = { deletes: { types: ['order.deleted'] } };
    expect(read({ ...body, event: 'order.deleted' }, byType).deletes).toBe(true);
    expect(read(body, byType).deletes).toBe(false);
    const byValue = { deletes: { pointer: '/data/gone', equals: true } };
    expect(read({ ...body, data: { ...body.data, gone: true } }, byValue).deletes).toBe(true);
    expect(read({ ...body, data: { ...body.data, gone: 'true' } }, byValue).deletes).toBe(false);
  });

  it('accepts each of its secrets', async () => {
    const bytes = Buffer.from(JSON.stringify(body));
    const { verification } = make();
    const [old] = readGenericSources(JSON.stringify([acme]), { ...env, ACME_SECRET: 'old secret' });
    const headers = (await old?.verification.sign(bytes, { id: '', now: 0 })) ?? {};
    expect(headers).toHaveProperty('x-acme-signature', expect.stringMatching(/^sha256=[0-9a-f]{64}$/));
    expect(await verification.verify({ body: bytes, headers, now: 0 })).toMatchObject({ verified: true });
  });

  it.each(['stripe', 'github', 'shopify', 'slack', 'standard-webhooks'])(
    'can be signed as %s',
    async (scheme) => {
      const [source] = readGenericSources(JSON.stringify([{ ...acme, scheme }]), {
        ACME_SECRET: env.CRM_SECRET,
      });
      const bytes = Buffer.from('{}');
      const now = Date.UTC(2026, 0, 1);
      const headers = (await source?.verification.sign(bytes, { id: 'msg_1', now })) ?? {};
      expect(source?.verification.name).toBe(scheme);
      expect(await source?.verification.verify({ body: bytes, headers, now })).toMatchObject({
        verified: true,
      });
    },
  );

  it('answers Slack’s challenge, and only with the scheme of Slack', () => {
    const challenge = { type: 'url_verification', challenge: '3eZbrw1aB10FEMAGAZd4FyFQ' };
    const slack = make({ scheme: 'slack' });
    expect(slack.handshake?.({ body: challenge, headers: {} })).toEqual({ challenge: challenge.challenge });
    expect(slack.handshake?.({ body: { type: 'event_callback' }, headers: {} })).toBeNull();
    expect(make().handshake).toBeUndefined();
  });

  it('has its own retries, task queue and destination', async () => {
    await using crm = await startHttpVendor(() => ({}));
    const source = make({
      retry: { maximumAttempts: 3 },
      taskQueue: 'acme',
      destination: { name: 'crm', url: `${crm.url}/in`, secretEnv: 'CRM_SECRET', tokenEnv: 'ACME_TOKEN' },
    });
    expect(source).toMatchObject({ taskQueue: 'acme', retry: { maximumAttempts: 3, backoffCoefficient: 4 } });
    const write = {
      source: 'acme',
      eventId: 'e',
      eventType: 't',
      entity: { type: 'order', id: '7' },
      record: {},
      version: { version: null, sourceTime: null },
      deleted: false,
      outcome: 'applied',
      idempotencyKey: 'k',
    } as const;
    await source.destinations[0]?.deliver(write, { signal, latest });
    expect(crm.requests[0]?.headers).toMatchObject({
      authorization: 'Bearer tok_hidden',
      'webhook-signature': expect.stringMatching(/^v1,/),
    });
  });

  it('may have several destinations, a table among them, each with retries of its own', async () => {
    const { destinations } = make({
      destination: { name: 'crm', url: 'https://example.com', retry: { maximumAttempts: 9 } },
      destinations: [
        {
          ...{
            type: 'database',
            name: 'tables',
            urlEnv: 'SHOP_DATABASE_URL',
            table: 'orders',
            entity: 'order',
          },
          columns: { total: '/total' },
        },
      ],
    });
    expect(destinations.map(({ name, retry }) => [name, retry])).toEqual([
      ['crm', { maximumAttempts: 9 }],
      ['tables', undefined],
    ]);
    expect(destinations[1]?.accepts?.('order.paid', { type: 'order', id: '7' })).toBe(true);
    expect(destinations[1]?.accepts?.('customer.created', { type: 'customer', id: '7' })).toBe(false);
    await destinations[1]?.close?.();
  });
});

describe('A record of a described source', () => {
  const entity = { type: 'order', id: 'a/b c' };

  async function fetchFrom(reply: VendorReply, more: object = {}, what = entity) {
    await using vendor = await startHttpVendor(() => reply);
    const source = make({
      fetch: {
        urlTemplate: `${vendor.url}/v2/{type}s/{id}?full=1`,
        tokenEnv: 'ACME_TOKEN',
        versionPointer: '/meta/rev',
        sourceTimePointer: '/meta/at',
        ...more,
      },
    });
    const outcome = await source.fetchRecord?.(what, { signal }).catch((error: unknown) => error);
    return { source, outcome, requests: vendor.requests };
  }

  it('is fetched fresh under its escaped id, with its version and time', async () => {
    const record = { id: 7, meta: { rev: 3, at: '2026-01-01T00:00:00Z' } };
    const { source, outcome, requests } = await fetchFrom({ json: record });
    expect(outcome).toEqual({ data: record, version: 3, sourceTime: '2026-01-01T00:00:00Z' });
    expect(requests.map(({ url }) => url.pathname + url.search)).toEqual(['/v2/orders/a%2Fb%20c?full=1']);
    expect(requests[0]?.headers.authorization).toBe('Bearer tok_hidden');
    expect(source.readEvent({ body, headers: {} }).snapshot).toBeUndefined();
  });

  it.each([404, 410])('is gone where the vendor says %i', async (status) => {
    expect((await fetchFrom({ status })).outcome).toBeNull();
  });

  it('fails as what the answer means', async () => {
    expect((await fetchFrom({ status: 429, headers: { 'retry-after': '2' } })).outcome).toMatchObject({
      retryAfterMilliseconds: 2000,
    });
    expect((await fetchFrom({ status: 429 })).outcome).toBeInstanceOf(VendorRateLimitedError);
    expect((await fetchFrom({ status: 503 })).outcome).toBeInstanceOf(VendorUnavailableError);
    expect((await fetchFrom('reset')).outcome).toBeInstanceOf(VendorUnavailableError);
    expect((await fetchFrom('hang', { timeoutMilliseconds: 50 })).outcome).toBeInstanceOf(
      VendorUnavailableError,
    );
    expect((await fetchFrom({ status: 403 })).outcome).toBeInstanceOf(VendorRefusedError);
    expect((await fetchFrom({ text: '<html>' })).outcome).toBeInstanceOf(VendorAnswerError);
    expect((await fetchFrom({ status: 302, headers: { location: '/' } })).outcome).toBeInstanceOf(
      VendorAnswerError,
    );
  });

  it('is never looked for outside of its path', async () => {
    const { outcome, requests } = await fetchFrom({ json: {} }, {}, { type: 'order', id: '..' });
    expect(outcome).toBeInstanceOf(VendorRefusedError);
    expect(requests).toHaveLength(0);
  });
});

describe('A file of described sources', () => {
  const mistakes = (text: string, variables: Record<string, string> = env): string => {
    try {
      readGenericSources(text, variables);
    } catch (error) {
      if (error instanceof ConfigurationError) return error.message;
      throw error;
    }
    return '';
  };

  it('may hold several, or none', () => {
    const text = JSON.stringify([acme, { ...acme, name: 'other' }]);
    expect(readGenericSources(text, env).map(({ name }) => name)).toEqual(['acme', 'other']);
    expect(readGenericSources('[]', env)).toEqual([]);
  });

  it('is refused with every mistake, each by its place', () => {
    const message = mistakes(
      JSON.stringify([
        {
          ...acme,
          name: 'Not A Name',
          scheme: { type: 'hmac', header: 'x', algorithm: 'md5', encoding: 'hex' },
        },
        {
          ...acme,
          id: 'id',
          idHeader: undefined,
          extra: true,
          fetch: { urlTemplate: 'https://{type}.example.com/{id}' },
        },
        { ...acme, id: undefined, type: '/t', typeHeader: 'x-type' },
        { ...acme, scheme: 'made-up', deletes: {} },
      ]),
    );
    for (const place of [
      '/0/name:',
      '/0/scheme/algorithm:',
      '/1/id:',
      '/1/fetch/urlTemplate:',
      '/2/id:',
      '/2/type:',
      '/3/scheme/type:',
      '/3/deletes:',
      '/1: ',
    ]) {
      expect(message).toContain(`  ${place}`);
    }
  });

  it('says which variables to set, and names no secret', () => {
    const text = JSON.stringify([
      { ...acme, fetch: { urlTemplate: 'https://example.com/{id}', tokenEnv: 'TOKEN_A' } },
      {
        ...acme,
        destination: { url: 'https://example.com', secretEnv: 'SECRET_B' },
        destinations: [
          {
            type: 'database',
            urlEnv: 'URL_C',
            table: 'orders',
            entity: 'order',
            columns: { total: '/total' },
          },
        ],
      },
    ]);
    const message = mistakes(text, { ACME_SECRET: 'hidden' });
    expect(message).toContain('/0/fetch/tokenEnv: set TOKEN_A in the environment');
    expect(message).toContain('/1/destination/secretEnv: set SECRET_B in the environment');
    expect(message).toContain('/1/destinations/0/urlEnv: set URL_C in the environment');
    expect(message).toContain('/1/name: there is another source named "acme"');
    expect(
      mistakes(JSON.stringify([{ ...acme, scheme: 'standard-webhooks' }]), { ACME_SECRET: 'hidden*' }),
    ).toMatch(/^The described sources have a mistake:\n {2}\/0: (?!.*hidden)/);
    expect(mistakes(JSON.stringify([acme]), { ACME_SECRET: ' ' })).toContain('set ACME_SECRET');
  });

  it('is refused where it is no JSON, or no list', () => {
    expect(mistakes('[{')).toContain('not JSON');
    expect(mistakes('{}')).toContain('the whole file:');
  });
});
