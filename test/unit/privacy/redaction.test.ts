import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../../src/config/load.ts';
import type { DeadLetterSubject } from '../../../src/model/dead-letter.ts';
import type { JsonValue } from '../../../src/model/json.ts';
import { redactSubject } from '../../../src/privacy/redact-subject.ts';
import {
  bothOf,
  hiddenValues,
  hideHeaders,
  noRedaction,
  readRedaction,
  redactBody,
  redactJson,
} from '../../../src/privacy/redaction.ts';
import { demoSource } from '../../../src/sources/demo.ts';

const json = fc.jsonValue() as fc.Arbitrary<JsonValue>;

describe('Rules of redaction', () => {
  it('are JSON Pointers and names of headers', () => {
    expect(readRedaction(['/data/email', 'X-Customer-Mail'])).toEqual({
      pointers: [['data', 'email']],
      headers: ['x-customer-mail'],
    });
  });

  it.each(['data/~email x', '/a~2b', 'x y', 'x:'])('are not "%s"', (rule) => {
    expect(() => readRedaction([rule])).toThrow(/neither a JSON Pointer/);
  });

  it('hide what they lead to, at any depth, and nothing else', () => {
    const { pointers } = readRedaction(['/**/email', '/data/*/phone']);
    const hide = (document: JsonValue) => redactJson({ pointers, headers: [] }, document);
    expect(
      hide({
        email: 'a@example.com',
        data: { home: { phone: '1', email: { at: 'b' }, city: 'Kiel' }, list: [{ email: null, phone: 2 }] },
      }),
    ).toEqual({
      email: '[redacted]',
      data: {
        home: { phone: '[redacted]', email: '[redacted]', city: 'Kiel' },
        list: [{ email: null, phone: 2 }],
      },
    });
  });

  it('leave no value of a hidden field in any document', () => {
    const marker = 'marker-0815';
    const withMarker = fc.letrec<{ node: JsonValue }>((tie) => ({
      node: fc.oneof(
        { depthSize: 'small' },
        json,
        fc.constant({ email: marker }),
        fc.array(tie('node'), { maxLength: 3 }) as fc.Arbitrary<JsonValue>,
        fc.dictionary(fc.constantFrom('a', 'email', '~/'), tie('node'), {
          maxKeys: 3,
        }) as fc.Arbitrary<JsonValue>,
      ),
    })).node;
    const rules = readRedaction(['/**/email']);
    fc.assert(
      fc.property(withMarker, (document) => {
        expect(JSON.stringify(redactJson(rules, document))).not.toContain(marker);
      }),
    );
  });

  it('change nothing where there are none', () => {
    fc.assert(
      fc.property(json, (document) => {
        expect(redactJson(noRedaction, document)).toBe(document);
      }),
    );
  });

  it('hide headers by name', () => {
    const rules = bothOf(readRedaction(['x-one']), readRedaction(['X-Two']));
    expect(hideHeaders(rules, { 'x-one': '1', 'x-two': '2', 'x-three': '3' })).toEqual({
      'x-one': '[redacted]',
      'x-two': '[redacted]',
      'x-three': '3',
    });
  });

  it('hide all of a body that nobody can look into', () => {
    const rules = readRedaction(['/email']);
    const of = (body: string, bodyEncoding: 'utf8' | 'base64' = 'utf8') =>
      redactBody(rules, { body, bodyEncoding }).body;
    expect(of('{"email":"a@example.com","n":1}')).toBe('{"email":"[redacted]","n":1}');
    expect(of('{ "n" : 1 }')).toBe('{ "n" : 1 }');
    expect(of('{"email":"a@exam')).toBe('[redacted]');
    expect(of('AAEC', 'base64')).toBe('[redacted]');
    expect(redactBody(noRedaction, { body: '{', bodyEncoding: 'utf8' }).body).toBe('{');
  });

  it('find the values that a text must not quote', () => {
    const rules = readRedaction(['/**/email', '/name']);
    const values = hiddenValues(rules, [
      { name: { first: 'Ada Berg', n: 12_345 }, list: [{ email: 'a@b.de' }] },
      null,
    ]);
    expect([...values].sort()).toEqual(['12345', 'Ada Berg', 'a@b.de']);
    expect(hiddenValues(rules, [{ name: 'Al' }]).size).toBe(0);
  });

  it('come from the adapter, from the settings of all sources and of one', () => {
    const env = {
      DEMO_WEBHOOK_SECRET: 'whsec_test',
      DEMO_API_URL: 'http://127.0.0.1:1',
      DEMO_API_TOKEN: 'a token of the test',
      LANDFALL_REDACT: '/**/email, X-Mail',
      DEMO_REDACT: '/data/phone',
    };
    const { sources, redaction } = loadConfig(env, { mode: 'command', definitions: [demoSource] });
    expect(redaction).toEqual({ pointers: [['**', 'email']], headers: ['x-mail'] });
    expect(sources[0]?.redaction.pointers).toEqual(
      expect.arrayContaining([
        ['**', 'email'],
        ['data', 'phone'],
      ]),
    );
    expect(() =>
      loadConfig({ ...env, LANDFALL_REDACT: '/a~' }, { mode: 'command', definitions: [demoSource] }),
    ).toThrow(/LANDFALL_REDACT.*neither a JSON Pointer/);
  });
});

describe('A dead letter', () => {
  const rules = readRedaction(['/**/email', 'x-mail']);
  const event = {
    ...{ source: 'shop', id: 'evt_1', type: 'customer.updated', entity: null, announced: null },
    ...{ occurredAt: null, deletes: false, bodySha256: '', receivedAt: '', foundBy: 'webhook' as const },
    snapshot: { email: 'a@example.com' },
    payload: { data: { email: 'a@example.com' } },
    headers: { 'x-mail': 'a@example.com' },
  };
  const subjects: DeadLetterSubject[] = [
    { kind: 'event', event },
    {
      kind: 'unreadable',
      delivery: {
        ...{ bodySha256: '', receivedAt: '', reason: 'no id' },
        headers: { 'x-mail': 'a@example.com' },
        body: '{"email":"a@example.com"}',
        bodyEncoding: 'utf8',
      },
    },
  ];
  it.each(subjects)('is shown by the rules that hold now: $kind', (subject) => {
    expect(JSON.stringify(redactSubject(rules, subject))).not.toContain('a@example.com');
    expect(redactSubject(noRedaction, subject)).toEqual(subject);
  });
});
