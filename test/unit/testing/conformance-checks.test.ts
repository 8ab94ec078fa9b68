import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  ConfigurationError,
  UnreadableEventError,
  VendorAnswerError,
  VendorRateLimitedError,
  VendorDeniedError,
  VendorUnavailableError,
} from '../../../src/errors.ts';
import { type JsonObject, type JsonValue, textOf } from '../../../src/model/json.ts';
import { defineSource, type Source, type SourceParts } from '../../../src/sources/define-source.ts';
import { createVendorApi } from '../../../src/sources/vendor-api.ts';
import { conformanceChecks } from '../../../src/testing/conformance-checks.ts';
import { ConformanceError } from '../../../src/testing/conformance-error.ts';
import type { SourceUnderTest } from '../../../src/testing/source-under-test.ts';
import { hmacScheme, type HmacSchemeOptions } from '../../../src/verification/hmac.ts';
import type { SignatureScheme } from '../../../src/verification/scheme.ts';

type Given = Parameters<SourceUnderTest['create']>[0];
type Whole = SourceParts & Required<Pick<Source, 'fetchRecord' | 'listChanged'>>;

const webhook = z.object({
  id: z.string().min(1),
  type: z.string().min(1),
  invoice: z.object({ id: z.string().min(1), revision: z.int() }).optional(),
});
const invoice = z.object({ id: z.string(), revision: z.int() }).catchall(z.json());
const page = z.object({ invoices: z.array(invoice), next: z.string().nullable() });
const header = 'x-acme-signature';

function scheme(given: Given, more: Partial<HmacSchemeOptions> = {}): SignatureScheme {
  return hmacScheme({
    secrets: given.secrets,
    header,
    algorithm: 'sha256',
    encoding: 'hex',
    timestamp: { header: 'x-acme-time' },
    ...more,
  });
}

/** An adapter that does all it should. */
function good(given: Given): Whole {
  const api = createVendorApi({
    vendor: 'Acme',
    url: given.apiUrl,
    headers: { authorization: 'Bearer key-of-acme' },
  });
  return {
    verification: scheme(given),
    readEvent({ body }) {
      const read = webhook.safeParse(body);
      if (!read.success) throw new UnreadableEventError(z.prettifyError(read.error));
      const { id, type, invoice: changed } = read.data;
      const announced =
        changed === undefined ? null : { version: String(changed.revision), sourceTime: null };
      const entity = changed === undefined ? null : { type: 'invoice', id: changed.id };
      return { id, type, entity, announced, occurredAt: null, deletes: type === 'invoice.deleted' };
    },
    async fetchRecord({ id }, { signal }) {
      const data = await api({ path: `/invoices/${id}`, schema: invoice, signal });
      return data && { data, version: data.revision, sourceTime: null };
    },
    async listChanged({ since, cursor }, { signal }) {
      const answer = await api({ path: '/changes', query: { since, cursor }, schema: page, signal });
      if (answer === null) throw new VendorAnswerError('There is no list.');
      const changes = answer.invoices.map(({ id, revision }) => ({
        entity: { type: 'invoice', id },
        version: revision,
        sourceTime: null,
        deleted: false,
      }));
      return { changes, nextCursor: answer.next };
    },
  };
}

const event = (id: string, type: string, revision: number) => ({
  id,
  type,
  invoice: { id: 'inv_1', revision },
});

function checksOf(change: (parts: Whole, given: Given) => SourceParts, more: Partial<SourceUnderTest> = {}) {
  return conformanceChecks({
    create: (given) =>
      defineSource({ name: 'acme', settings: {}, create: () => change(good(given), given) }).create({}),
    deliveries: [
      { body: event('evt_1', 'invoice.updated', 3), reads: { id: 'evt_1', type: 'invoice.updated' } },
    ],
    later: { body: event('evt_2', 'invoice.updated', 4) },
    deletion: { body: event('evt_3', 'invoice.deleted', 5) },
    vendor: {
      record: ({ entity, revision }) => ({ id: entity.id, revision }),
      fetch: { path: '/invoices/{id}' },
      list: ({ url }, { records }) => {
        if (url.pathname !== '/changes') return undefined;
        const from = Date.parse(url.searchParams.get('since') ?? '1990-01-01');
        const changed = records.filter(({ changedAt }) => Date.parse(changedAt) >= from);
        const [number, after] = [url.searchParams.get('page'), Number(url.searchParams.get('cursor'))];
        const left =
          number === null ? changed.filter(({ order }) => order > after) : changed.slice(3 * Number(number));
        const shown = left.slice(0, 3);
        const next = number === null ? String(shown.at(-1)?.order) : String(Number(number) + 1);
        const invoices = shown.map(({ entity, revision }) => ({ id: entity.id, revision }));
        return { json: { invoices, next: left.length > 3 ? next : null } };
      },
    },
    ...more,
  });
}

/** Makes an adapter that calls as before, and does otherwise with what is thrown. */
const rethrowing =
  (call: 'fetchRecord' | 'listChanged', change: (error: unknown, signal: AbortSignal) => unknown) =>
  (parts: Whole): SourceParts => ({
    ...parts,
    async [call](first: never, context: { signal: AbortSignal }) {
      try {
        return await parts[call](first, context);
      } catch (error) {
        throw change(error, context.signal);
      }
    },
  });
const otherwise =
  (when: new (...args: never[]) => Error, make: (error: Error) => Error) =>
  (error: unknown): unknown =>
    error instanceof when ? make(error) : error;

function readingBadly(
  given: Given,
  call: 'fetchRecord' | 'listChanged',
  parse: (text: string) => JsonObject,
) {
  const get = async (path: string, signal: AbortSignal) => {
    const response = await fetch(given.apiUrl + path, { signal });
    return parse(await response.text());
  };
  return call === 'fetchRecord'
    ? {
        fetchRecord: async ({ id }: { id: string }, { signal }: { signal: AbortSignal }) => {
          const data = await get(`/invoices/${id}`, signal);
          return { data, version: data['revision'], sourceTime: null };
        },
      }
    : {
        listChanged: async (_: unknown, { signal }: { signal: AbortSignal }) => {
          await get('/changes', signal);
          return { changes: [], nextCursor: null };
        },
      };
}

const verifying = (
  verify: SignatureScheme['verify'] | null,
  by: SignatureScheme,
): SourceParts['verification'] => ({
  ...by,
  verify: verify ?? by.verify,
});
const yes = Promise.resolve({ verified: true as const, secret: 1 });
const reading =
  (change: (draft: ReturnType<Source['readEvent']>, body: JsonValue, headers: object) => object) =>
  (parts: Whole): SourceParts => ({
    ...parts,
    readEvent: (delivery) => {
      const draft = parts.readEvent(delivery);
      return { ...draft, ...change(draft, delivery.body, delivery.headers) };
    },
  });
let counter = 0;

function brokenCalls(prefix: 'fetch' | 'list', call: 'fetchRecord' | 'listChanged') {
  const unavailable = (error: Error) => new VendorUnavailableError('changed', { cause: error });
  return {
    [`${prefix}/refused`]: rethrowing(call, otherwise(VendorDeniedError, unavailable)),
    [`${prefix}/unavailable`]: rethrowing(
      call,
      otherwise(VendorUnavailableError, () => new VendorAnswerError('changed')),
    ),
    [`${prefix}/rate-limited`]: rethrowing(
      call,
      otherwise(VendorRateLimitedError, () => new VendorRateLimitedError('changed', null)),
    ),
    [`${prefix}/reset`]: rethrowing(
      call,
      otherwise(VendorUnavailableError, (error) => error.cause as Error),
    ),
    [`${prefix}/no-answer`]: rethrowing(call, (error, signal) =>
      signal.aborted ? (signal.reason as unknown) : error,
    ),
    [`${prefix}/cancelled`]: rethrowing(call, (error, signal) =>
      signal.aborted ? new VendorUnavailableError('aborted') : error,
    ),
    [`${prefix}/not-json`]: (parts: Whole, given: Given) => ({
      ...parts,
      ...readingBadly(given, call, (text) => JSON.parse(text) as JsonObject),
    }),
    [`${prefix}/other-shape`]: (parts: Whole, given: Given) => ({
      ...parts,
      ...readingBadly(given, call, () => ({})),
    }),
  };
}

/** For each check an adapter that does not pass it. */
const broken: Record<string, (parts: Whole, given: Given) => SourceParts> = {
  'verification/genuine': (parts, given) => ({
    ...parts,
    verification: { ...parts.verification, verify: scheme(given, { encoding: 'base64' }).verify },
  }),
  'verification/body': (parts) => {
    const { verification: by } = parts;
    const head = (body: Buffer) => body.subarray(0, 10);
    return {
      ...parts,
      verification: {
        ...by,
        verify: (request) => by.verify({ ...request, body: head(request.body) }),
        sign: (body, options) => by.sign(head(body), options),
      },
    };
  },
  'verification/header': (parts) => {
    const { verification: by } = parts;
    return {
      ...parts,
      verification: verifying(async (request) => {
        const genuine = await by.sign(request.body, { id: '', now: request.now });
        const begins = request.headers[header]?.slice(0, 20) === genuine[header]?.slice(0, 20);
        return begins ? yes : by.verify(request);
      }, by),
    };
  },
  'verification/missing': (parts) => ({
    ...parts,
    verification: verifying(
      (request) => (request.headers[header] ? parts.verification.verify(request) : yes),
      parts.verification,
    ),
  }),
  'verification/twice': (parts) => ({
    ...parts,
    verification: verifying(
      (request) =>
        request.headers[header]?.includes(', ') === true ? yes : parts.verification.verify(request),
      parts.verification,
    ),
  }),
  'verification/wrong-secret': (parts, given) => ({
    ...parts,
    verification: scheme({ ...given, secrets: given.secrets.map(() => 'constant') }),
  }),
  'verification/rotation': (parts, given) => ({
    ...parts,
    verification: scheme({ ...given, secrets: given.secrets.slice(0, 1) }),
  }),
  'verification/no-secret': (parts, given) =>
    given.secrets.length > 0 ? parts : { ...parts, verification: verifying(() => yes, parts.verification) },
  'verification/age': (parts, given) => ({
    ...parts,
    verification: scheme(given, {
      timestamp: { header: 'x-acme-time', toleranceSeconds: Number.POSITIVE_INFINITY },
    }),
  }),
  'verification/redaction': (parts) => ({
    ...parts,
    verification: { ...parts.verification, secretHeaders: [] },
  }),
  'parsing/sample': reading(() => ({ type: 'another' })),
  'parsing/stable': reading(({ id }) => ({ id: `${id}-${(counter += 1)}` })),
  'parsing/layout': reading((_, body) => ({ type: Object.keys(body as object)[0] })),
  'parsing/garbage': (parts) => ({
    ...parts,
    readEvent: ({ body, headers }) => {
      if ((body as JsonObject)['id'] === 'evt_0') throw new UnreadableEventError('It is a test.');
      return parts.readEvent({ body, headers });
    },
  }),
  'parsing/damaged': (parts) => ({
    ...parts,
    readEvent: ({ body }) => {
      const { id, type, invoice: changed } = (body ?? {}) as Record<string, JsonValue | undefined>;
      const entity = { type: 'invoice', id: textOf((changed as JsonObject | undefined)?.['id'] ?? null) };
      const [announced, occurredAt] = [null, null];
      return {
        id: textOf(id ?? null),
        type: textOf(type ?? null),
        entity,
        announced,
        occurredAt,
        deletes: false,
      };
    },
  }),
  'idempotency/again': reading(({ id }, _, headers) => ({
    id: `${id}-${'x-retry-count' in headers ? 'again' : 'first'}`,
  })),
  'idempotency/distinct': reading(({ entity }) => ({ id: entity?.id })),
  'ordering/announced': reading(() => ({ announced: { version: 'three', sourceTime: null } })),
  'ordering/later': reading(() => ({ announced: { version: '1', sourceTime: null } })),
  'deletion/announced': reading(() => ({ deletes: false })),
  'deletion/absent': (parts) => ({
    ...parts,
    async fetchRecord(entity, context) {
      const record = await parts.fetchRecord(entity, context);
      if (record === null) throw new VendorAnswerError('There is none.');
      return record;
    },
  }),
  'fetch/record': (parts) => ({
    ...parts,
    fetchRecord: ({ type, id }, context) => parts.fetchRecord({ type, id: `${id}/details` }, context),
  }),
  'fetch/newer': (parts) => ({
    ...parts,
    async fetchRecord(entity, context) {
      const record = await parts.fetchRecord(entity, context);
      return record && { ...record, version: 1 };
    },
  }),
  'pagination/complete': (parts) => ({
    ...parts,
    async listChanged(range, context) {
      const { changes, nextCursor } = await parts.listChanged(range, context);
      return { changes: changes.slice(0, 2), nextCursor };
    },
  }),
  'pagination/again': (parts) => ({
    ...parts,
    async listChanged({ since, cursor }, context) {
      counter += 1;
      const { changes, nextCursor } = await parts.listChanged({ since, cursor }, context);
      return { changes: counter % 2 === 0 ? [...changes].reverse() : changes, nextCursor };
    },
  }),
  'pagination/moving': (parts, given) => ({
    ...parts,
    async listChanged({ since, cursor }, { signal }) {
      const api = createVendorApi({ vendor: 'Acme', url: given.apiUrl });
      const answer = await api({
        path: '/changes',
        query: { since, page: cursor ?? '0' },
        schema: page,
        signal,
      });
      const changes = (answer?.invoices ?? []).map(({ id, revision }) => ({
        entity: { type: 'invoice', id },
        version: revision,
        sourceTime: null,
        deleted: false,
      }));
      return { changes, nextCursor: answer?.next ?? null };
    },
  }),
  'pagination/since': (parts) => ({
    ...parts,
    listChanged: ({ since, cursor }, context) =>
      parts.listChanged(
        { since: since === null ? null : new Date(Date.parse(since) + 1_000).toISOString(), cursor },
        context,
      ),
  }),
  'pagination/versions': (parts) => ({
    ...parts,
    async listChanged(range, context) {
      const { changes, nextCursor } = await parts.listChanged(range, context);
      return { changes: changes.map((change) => ({ ...change, version: 0 })), nextCursor };
    },
  }),
  'list/absent': (parts) => ({
    ...parts,
    listChanged: (range, context) =>
      parts
        .listChanged(range, context)
        .catch((error: unknown) =>
          error instanceof VendorAnswerError
            ? { changes: [], nextCursor: null }
            : Promise.reject(error as Error),
        ),
  }),
  ...brokenCalls('fetch', 'fetchRecord'),
  ...brokenCalls('list', 'listChanged'),
};

const checks = checksOf((parts) => parts);

describe('an adapter that does all it should', () => {
  for (const { name, run } of checks) it(name, run);
});

describe('the kit', () => {
  it('has a broken adapter for each of its checks', () => {
    expect(Object.keys(broken).sort()).toEqual(checks.map(({ id }) => id).sort());
  });

  it.each(Object.keys(broken))('%s finds the adapter that breaks it, and says what to do', async (id) => {
    const check = checksOf(broken[id]!).find((each) => each.id === id);
    const failure = await check?.run().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(ConformanceError);
    const { message, expected, actual, remedy } = failure as ConformanceError;
    for (const part of [expected, actual, remedy]) {
      expect(part).not.toBe('');
      expect(message).toContain(part);
    }
  });

  it('finds an error that holds the token', async () => {
    const leaking = rethrowing(
      'fetchRecord',
      otherwise(VendorDeniedError, () => new VendorDeniedError('key-of-acme was refused')),
    );
    const check = checksOf(leaking).find(({ id }) => id === 'fetch/refused');
    await expect(check?.run()).rejects.toThrow(
      /holds what was sent to the vendor in the header authorization/,
    );
  });

  it('leaves out what an adapter does not do, and nothing else', () => {
    const ids = (change: (parts: Whole) => SourceParts, more: Partial<SourceUnderTest> = {}) =>
      checksOf(change, more).map(({ id }) => id);
    const withoutApi = ({ verification, readEvent }: Whole): SourceParts => ({ verification, readEvent });
    expect(ids(withoutApi).some((id) => /^(fetch|list|pagination)/.test(id))).toBe(false);
    expect(ids((parts) => parts, { vendor: null })).toContain('fixtures/vendor');
    const list = { record: () => ({}), fetch: { path: '/' } };
    expect(ids((parts) => parts, { vendor: list })).toContain('fixtures/vendor.list');
  });

  it('lets an exception stand while it is needed, and no longer', async () => {
    const except = { 'deletion/announced': 'this vendor deletes nothing' };
    const find = (all: typeof checks) => all.find(({ id }) => id === 'deletion/announced');
    const needed = find(checksOf(broken['deletion/announced']!, { except }));
    expect(needed?.name).toContain('this vendor deletes nothing');
    await needed?.run();
    await expect(find(checksOf((parts) => parts, { except }))?.run()).rejects.toThrow(
      'the adapter passes it',
    );
    expect(() => checksOf((parts) => parts, { except: { 'deletion/none': '' } })).toThrow(ConfigurationError);
  });

  it('needs a sample', () => {
    expect(() =>
      conformanceChecks({
        later: null,
        deletion: null,
        vendor: null,
        create: (given) => defineSource({ name: 'acme', settings: {}, create: () => good(given) }).create({}),
      }),
    ).toThrow(/give the kit one in "deliveries"/);
  });
});
