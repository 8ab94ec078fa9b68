import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UnreadableEventError } from '../../../src/errors.ts';
import { deadLetterWorkflowId, maxWorkflowIdLength } from '../../../src/model/ids.ts';
import { readRedaction } from '../../../src/privacy/redaction.ts';
import { largestInlineBytes } from '../../../src/sources/body-limit.ts';
import type { Source } from '../../../src/sources/define-source.ts';
import { readGenericSources } from '../../../src/sources/generic.ts';
import { parseBody } from '../../../src/sources/parse-body.ts';
import {
  readDelivery,
  readUnreadable,
  readWhole,
  redactHeaders,
} from '../../../src/sources/read-delivery.ts';
import { sha256 } from '../../support/receiver.ts';

const now = Date.parse('2026-01-01T00:00:00Z');
const receivedAt = '2026-01-01T00:00:00.000Z';
/** Temporal's limit of one payload. */
const limitBytes = 2 * 1024 * 1024;

/** One source that fetches its records, and one whose payload is all there is. */
const [fetching, keeping] = readGenericSources(
  JSON.stringify(
    [{ fetch: { urlTemplate: 'http://127.0.0.1:9/{id}' } }, { record: '/data', version: '/version' }].map(
      (more, index) => ({
        name: ['fetching', 'a-name-of-forty-letters-as-long-as-can-be'][index]?.slice(0, 40),
        scheme: 'shopify',
        secretEnv: 'SECRET',
        id: '/id',
        type: '/type',
        entity: { type: 'thing', id: '/thing' },
        occurredAt: '/time',
        ...more,
      }),
    ),
  ),
  { SECRET: 'a-secret' },
) as [Source, Source];

const read = (source: Source, body: string | Buffer, headers: Record<string, string> = {}) =>
  readDelivery(source, { body: Buffer.from(body), headers, receivedAt, now });

describe('A verified delivery', () => {
  it('is read into an event, with the vendor’s time in one notation', () => {
    const body = JSON.stringify({
      id: 'e1',
      type: 'thing.changed',
      thing: 7,
      time: 1_767_000_000,
      more: [1],
    });
    expect(read(fetching, body, { 'user-agent': 'vendor', 'x-shopify-hmac-sha256': 'abc' })).toEqual({
      kind: 'event',
      apiVersion: null,
      claims: [],
      event: {
        source: 'fetching',
        id: 'e1',
        type: 'thing.changed',
        entity: { type: 'thing', id: '7' },
        announced: null,
        occurredAt: '2025-12-29T09:20:00.000Z',
        deletes: false,
        snapshot: null,
        payload: JSON.parse(body) as unknown,
        headers: { 'user-agent': 'vendor', 'x-shopify-hmac-sha256': '[redacted]' },
        bodySha256: sha256(body),
        receivedAt,
        foundBy: 'webhook',
      },
    });
  });

  it('may begin with a byte order mark', () => {
    expect(read(fetching, '\ufeff{"id":"e1","type":"t"}').kind).toBe('event');
  });

  it('is kept with its byte order mark where it cannot be read', () => {
    const body = '\ufeffnot json';
    expect(read(fetching, body)).toMatchObject({ kind: 'unreadable', delivery: { body } });
  });

  it.each(['id', 'type'])('is unreadable where the adapter finds an empty %s', (part) => {
    const careless: Source = { ...fetching, readEvent: () => ({ ...draft, [part]: '' }) };
    expect(read(careless, '{}')).toMatchObject({
      kind: 'unreadable',
      delivery: { reason: `The body has no event ${part}.` },
    });
  });

  it('is unreadable where its record has an impossible id', () => {
    const withRecord = (thing: string) => JSON.stringify({ id: 'e1', type: 't', thing, data: {} });
    expect(read(keeping, withRecord('c'.repeat(255))).kind).toBe('event');
    expect(read(keeping, withRecord('c'.repeat(256)))).toMatchObject({
      kind: 'unreadable',
      delivery: { reason: expect.stringContaining('256 characters') as string },
    });
  });

  it('is read again byte for byte once its source’s adapter is mended, and says why while it is not', () => {
    const body = JSON.stringify({ key: 'e1', type: 't' });
    const first = read(fetching, body);
    if (first.kind !== 'unreadable') throw new Error('It was read.');
    const options = { body: Buffer.from(first.delivery.body), now, inlineBodyBytes: 131_072 };
    expect(() => readUnreadable(fetching, first.delivery, options)).toThrow(UnreadableEventError);
    const mended: Source = { ...fetching, readEvent: () => ({ ...draft, id: 'e1' }) };
    expect(readUnreadable(mended, first.delivery, options)).toMatchObject({
      event: { id: 'e1', bodySha256: sha256(body) },
      claims: [],
    });
    const handshake: Source = { ...fetching, handshake: () => 'hello' };
    expect(() => readUnreadable(handshake, first.delivery, options)).toThrow(/handshake/);
  });

  it('is kept where its source’s adapter has a defect', () => {
    const broken: Source = {
      ...fetching,
      readEvent: () => {
        throw new TypeError('undefined is not a function');
      },
    };
    expect(read(broken, '{}')).toMatchObject({
      kind: 'unreadable',
      delivery: { body: '{}', reason: 'undefined is not a function' },
    });
  });

  it('announces a version only where it can be believed', () => {
    const announcing = (announced: unknown): Source => ({
      ...fetching,
      readEvent: () => ({ ...draft, announced: announced as typeof draft.announced }),
    });
    const versionOf = (announced: unknown) => {
      const result = read(announcing(announced), '{}');
      return result.kind === 'event' ? result.event.announced : 'unreadable';
    };
    expect(versionOf({ version: '007', sourceTime: '2025-12-31T00:00:00Z' })).toEqual({
      version: '7',
      sourceTime: '2025-12-31T00:00:00.000Z',
    });
    expect(versionOf({ version: null, sourceTime: '9999-01-01T00:00:00Z' })).toBeNull();
    expect(versionOf({ version: 'x', sourceTime: 'x' })).toBeNull();
  });
});

const draft = {
  id: 'e',
  type: 't',
  entity: null,
  announced: null,
  occurredAt: null,
  deletes: false,
} satisfies ReturnType<Source['readEvent']>;

/** Above it, bodies stand in their events by reference. */
const inlineBytes = 1_000;
const readLarge = (source: Source, body: string | Buffer, headers: Record<string, string> = {}) =>
  readDelivery(source, { body: Buffer.from(body), headers, receivedAt, now }, inlineBytes);

describe('Why a delivery could not be read', () => {
  it('is said without a word of a body that is no JSON', () => {
    for (const body of ['ada@example.com', '{"email": ada@example.com}', `{"a": [${'ada '.repeat(99)}`]) {
      const result = read(fetching, body);
      expect(result).toMatchObject({ kind: 'unreadable' });
      if (result.kind !== 'unreadable') continue;
      expect(result.delivery.reason).toMatch(/^The body is not JSON: Unexpected token/);
      expect(result.delivery.reason).not.toContain('ada');
    }
  });

  it('is said without what is hidden, where an adapter quotes it', () => {
    const quoting: Source = {
      ...fetching,
      redaction: readRedaction(['/email']),
      readEvent: () => {
        throw new UnreadableEventError('There is no customer for ada@example.com, nor for bea@example.com.');
      },
    };
    expect(read(quoting, '{"email": ["ada@example.com"]}')).toMatchObject({
      delivery: { reason: 'There is no customer for [redacted], nor for bea@example.com.' },
    });
  });
});

describe('A large delivery', () => {
  /** Of the bytes that are to be kept. */
  const hashesOf = (result: ReturnType<typeof readDelivery>) =>
    result.kind === 'handshake' ? [] : result.claims.map(({ body }) => sha256(Buffer.from(body)));
  const bytesOf = (value: unknown) => Buffer.byteLength(JSON.stringify(value));

  it('stands in its event by its hash, size and type, and its bytes are what is to be kept', () => {
    const body = JSON.stringify({ id: 'e1', type: 't', more: 'x'.repeat(5_000_000) });
    const result = readLarge(fetching, body, { 'content-type': 'application/json; charset=utf-8' });
    const stored = {
      sha256: sha256(body),
      bytes: body.length,
      contentType: 'application/json; charset=utf-8',
    };
    expect(result).toMatchObject({
      kind: 'event',
      event: { id: 'e1', payload: null, storedPayload: stored, bodySha256: sha256(body) },
      claims: [{ stored }],
    });
    expect(hashesOf(result)).toEqual([sha256(body)]);
    expect(bytesOf(result.kind === 'event' ? result.event : null)).toBeLessThan(1_000);
  });

  it('of a source whose payload is all there is has its record kept apart, where that is large itself', () => {
    const data = { text: 'x'.repeat(2_000) };
    const body = JSON.stringify({ id: 'e1', type: 't', thing: 'a', data });
    const record = JSON.stringify(data);
    expect(readLarge(keeping, body)).toMatchObject({
      event: { snapshot: null, storedSnapshot: { sha256: sha256(record), bytes: record.length } },
    });
    expect(hashesOf(readLarge(keeping, body))).toEqual([sha256(body), sha256(record)]);
    const small = JSON.stringify({ id: 'e1', type: 't', thing: 'a', data: 'y', more: 'x'.repeat(2_000) });
    const result = readLarge(keeping, small);
    expect(result).toMatchObject({ event: { snapshot: 'y', payload: null } });
    expect(result).not.toHaveProperty('event.storedSnapshot');
  });

  it('is kept without what people do not get to see', () => {
    const hiding: Source = { ...fetching, redaction: readRedaction(['/**/email']) };
    const whole = { id: 'e1', type: 't', email: 'ada@example.com', more: 'x'.repeat(2_000) };
    const shown = JSON.stringify({ ...whole, email: '[redacted]' });
    const body = JSON.stringify(whole);
    expect(readLarge(hiding, body)).toMatchObject({
      event: {
        bodySha256: sha256(body),
        storedPayload: { sha256: sha256(shown), bytes: shown.length, contentType: 'application/json' },
      },
    });
    expect(hashesOf(readLarge(hiding, body))).toEqual([sha256(shown)]);
  });

  it('that cannot be read is kept byte for byte, and read again from those bytes', () => {
    const body = Buffer.alloc(3_000_000, 0xff);
    const result = readLarge(keeping, body);
    expect(result).toMatchObject({
      kind: 'unreadable',
      delivery: { body: '', storedBody: { sha256: sha256(body), bytes: body.length } },
    });
    expect(hashesOf(result)).toEqual([sha256(body)]);
    if (result.kind !== 'unreadable') throw new Error('It was read.');
    const mended: Source = {
      ...keeping,
      readEvent: () => ({ ...draft, id: 'e1' }),
    };
    const again = Buffer.from(JSON.stringify({ more: 'x'.repeat(2_000) }));
    const options = { body: again, now, inlineBodyBytes: inlineBytes };
    expect(readUnreadable(mended, result.delivery, options)).toMatchObject({
      event: { id: 'e1', payload: null, storedPayload: { sha256: sha256(again) } },
      claims: [{ stored: { sha256: sha256(again) } }],
    });
  });

  it('with a record that would be larger than any that is kept, once it is printed, is unreadable', () => {
    const body = `{"id":"e1","type":"t","thing":"a","data":[${'1e20,'.repeat(1_300_000)}0]}`;
    expect(readLarge(keeping, body)).toMatchObject({
      kind: 'unreadable',
      delivery: { storedBody: { bytes: body.length }, reason: expect.stringContaining('26214400') as string },
    });
  });

  it('nested so deep that reading it would hold up all others is unreadable', () => {
    const deep = (depth: number) =>
      `{"id":"e1","type":"t","more":${'['.repeat(depth)}"]}"${']'.repeat(depth)}}`;
    expect(read(fetching, deep(499)).kind).toBe('event');
    expect(read(fetching, deep(500))).toMatchObject({
      kind: 'unreadable',
      delivery: { reason: 'The body is JSON nested more than 500 deep.' },
    });
  });

  it('goes whole where the store is away, as far as a workflow takes it', () => {
    const numbers = (bytes: number) => `[${'1e20,'.repeat(bytes / 5)}0]`;
    const raw = (body: string | Buffer) => ({ body: Buffer.from(body), headers: {}, receivedAt, now });
    const fits = readWhole(fetching, raw(`{"id":"e1","type":"t","more":${numbers(100_000)}}`));
    expect(fits).toMatchObject({ kind: 'event', event: { id: 'e1' }, claims: [] });
    expect(fits).not.toMatchObject({ event: { payload: null } });
    expect(readWhole(fetching, raw(`{"id":"e1","type":"t","more":${numbers(1_000_000)}}`))).toBeNull();
    expect(readWhole(fetching, raw(`"${'x'.repeat(2_000_000)}"`))).toBeNull();
  });

  it.each([0, 1, 34, 92, 127, 255])('of unreadable bytes fits whole, whatever they are: %i', (byte) => {
    const body = Buffer.alloc(1_400_000, byte);
    const result = readWhole(keeping, { body, headers: {}, receivedAt, now });
    expect(result?.kind).toBe('unreadable');
    expect(bytesOf(result)).toBeLessThan(limitBytes);
  });
});

describe('A body of the size that is still inline', () => {
  it.each(['1e20,', '"\\u0001",', '"\u2028",', '[],'])('fits into a workflow, of %s alone', (part) => {
    const around = '{"id":"e1","type":"t","thing":"a","data":[0]}';
    const parts = part.repeat((largestInlineBytes - around.length) / Buffer.byteLength(part));
    const body = around.replace('[0]', `[${parts}0]`);
    expect(Buffer.byteLength(body)).toBeLessThanOrEqual(largestInlineBytes + 1);
    const result = readDelivery(
      keeping,
      { body: Buffer.from(body), headers: {}, receivedAt, now },
      largestInlineBytes,
    );
    expect(result).toMatchObject({ kind: 'event', claims: [] });
    expect(Buffer.byteLength(JSON.stringify(result))).toBeLessThan(limitBytes);
  });
});

describe('Whatever the body holds', () => {
  const anyUnit = fc.oneof(
    fc.constantFrom('a', '\u202e', '\u200b', '\ue000', '\ud800'),
    fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)),
  );
  const anyBody = fc.oneof(
    fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
    fc.string({ unit: 'binary' }).map((text) => Buffer.from(text)),
    fc.json().map((text) => Buffer.from(text)),
    fc
      .record(
        {
          id: fc.oneof(fc.string({ unit: anyUnit, maxLength: 400 }), fc.jsonValue()),
          type: fc.oneof(fc.string({ unit: 'binary' }), fc.jsonValue()),
          thing: fc.jsonValue(),
          time: fc.jsonValue(),
          version: fc.jsonValue(),
          data: fc.jsonValue(),
        },
        { requiredKeys: ['id', 'type'] },
      )
      .map((value) => Buffer.from(JSON.stringify(value))),
  );

  it('it becomes an event, or is kept so that its exact bytes come back', () => {
    fc.assert(
      fc.property(anyBody, fc.constantFrom(fetching, keeping), (body, source) => {
        const result = read(source, body);
        if (result.kind === 'unreadable') {
          const { delivery } = result;
          expect(Buffer.from(delivery.body, delivery.bodyEncoding).equals(body)).toBe(true);
          expect(delivery.bodySha256).toBe(sha256(body));
          expect(delivery.reason).not.toBe('');
        } else {
          expect(result.kind).toBe('event');
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it('its exact bytes can be had from the event, or from what it has kept, at any threshold', () => {
    const anySize = fc.integer({ min: 0, max: 300 });
    fc.assert(
      fc.property(anyBody, anySize, fc.constantFrom(fetching, keeping), (body, threshold, source) => {
        const result = readDelivery(source, { body, headers: {}, receivedAt, now }, threshold);
        if (result.kind === 'handshake') throw new Error('Neither has one.');
        const whole = readDelivery(source, { body, headers: {}, receivedAt, now });
        const kept = new Map(result.claims.map((claim) => [claim.stored.sha256, Buffer.from(claim.body)]));
        const of = (stored: { sha256: string } | undefined) =>
          stored === undefined ? undefined : kept.get(stored.sha256);
        if (result.kind === 'unreadable') {
          const { storedBody, bodyEncoding } = result.delivery;
          expect(storedBody === undefined).toBe(body.length <= threshold);
          expect(of(storedBody) ?? Buffer.from(result.delivery.body, bodyEncoding)).toEqual(body);
          return;
        }
        const { event } = result;
        expect(event.storedPayload === undefined).toBe(body.length <= threshold);
        if (event.storedPayload !== undefined) expect(of(event.storedPayload)).toEqual(body);
        const snapshot = of(event.storedSnapshot);
        expect({
          ...event,
          payload: event.storedPayload === undefined ? event.payload : parseBody({ body, headers: {} }),
          snapshot: snapshot === undefined ? event.snapshot : (JSON.parse(snapshot.toString()) as unknown),
          storedPayload: undefined,
          storedSnapshot: undefined,
        }).toEqual(whole.kind === 'event' ? whole.event : null);
      }),
      { numRuns: 1_000 },
    );
  });

  it('its id fits into a workflow’s, holds nothing unprintable, and is the same each time', () => {
    fc.assert(
      fc.property(anyBody, (body) => {
        const result = read(keeping, body);
        if (result.kind === 'handshake') return;
        const id = result.kind === 'event' ? result.event.id : result.eventId;
        expect(deadLetterWorkflowId(keeping.name, id).length).toBeLessThanOrEqual(maxWorkflowIdLength);
        expect(id).not.toMatch(/[\s\p{Cc}\p{Cf}\p{Cs}\p{Co}]/u);
        expect(read(keeping, body)).toEqual(result);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('Headers that are kept', () => {
  it('have lost what is secret, by their usual names and by those of the scheme', () => {
    const headers = {
      authorization: 'a',
      cookie: 'b',
      'x-api-key': 'c',
      'x-sig': 'd',
      accept: 'e',
      none: undefined,
    };
    expect(redactHeaders(headers, ['x-sig'])).toEqual({
      authorization: '[redacted]',
      cookie: '[redacted]',
      'x-api-key': '[redacted]',
      'x-sig': '[redacted]',
      accept: 'e',
    });
  });
});
