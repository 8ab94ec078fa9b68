import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createBodyRedactor } from '../../../src/capture/redact-body.ts';

const json = 'application/json';
const redact = (pointers: string[], value: unknown, secret = 'secret') => {
  const body = createBodyRedactor(pointers, secret)(Buffer.from(JSON.stringify(value)), json);
  return JSON.parse(body?.toString() ?? 'null') as unknown;
};

describe('a body whose values are hidden', () => {
  test('gets a placeholder of the same type for each, and keeps the rest', () => {
    const body = {
      id: 'evt_1',
      data: { email: 'ada@example.org', name: 'Ada', age: 36, vip: true, tags: ['a', null], note: null },
    };
    const pointers = ['email', 'name', 'age', 'vip', 'tags', 'note', 'none'].map((name) => `/data/${name}`);
    expect(JSON.stringify(redact(pointers, body))).not.toMatch(/Ada|ada@/);
    expect(redact(pointers, body)).toEqual({
      id: 'evt_1',
      data: {
        email: expect.stringMatching(/^redacted-[0-9a-f]{12}@example\.com$/),
        name: expect.stringMatching(/^redacted-[0-9a-f]{12}$/),
        age: expect.any(Number),
        vip: false,
        tags: [expect.stringMatching(/^redacted-/), null],
        note: null,
      },
    });
  });

  test('reaches every element and field by a star, and names with slashes', () => {
    const lines = { lines: [{ name: 'Ada' }, { name: 'Bo', sku: 1 }], 'a/b~c': 'x' };
    expect(redact(['/lines/*/name', '/a~1b~0c'], lines)).toEqual({
      lines: [
        { name: expect.stringMatching(/^redacted-/) },
        { name: expect.stringMatching(/^redacted-/), sku: 1 },
      ],
      'a/b~c': expect.stringMatching(/^redacted-/),
    });
    expect(redact(['/lines/1/sku', '/lines/x/name'], lines)).toMatchObject({ lines: [{ name: 'Ada' }, {}] });
  });

  test('shows equal values as equal and others as others, and depends on the secret', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (a, b) => {
        const [first, second, again] = redact(['/*'], [a, b, a]) as string[];
        expect(again).toBe(first);
        expect(first === second).toBe(a === b);
        expect(first).not.toBe((redact(['/0'], [a], 'other') as string[])[0]);
      }),
    );
  });

  test('stays as it is, to the byte, where nothing is hidden', () => {
    const odd = Buffer.from('{ "id" : 12345678901234567890 }\n');
    expect(createBodyRedactor([], '')(odd, json)).toBe(odd);
    expect(createBodyRedactor(['/email'], '')(odd, json)).toBe(odd);
    expect(createBodyRedactor([], '')(Buffer.from([0xff]), json)).toEqual(Buffer.from([0xff]));
  });

  test('is left out where it cannot be read: nobody knows what it holds', () => {
    const redactor = createBodyRedactor(['/email'], '');
    expect(redactor(Buffer.from('no JSON'), json)).toBeNull();
    expect(redactor(Buffer.from([0xff, 0xfe]), json)).toBeNull();
  });

  test('may be a form', () => {
    const form = 'application/x-www-form-urlencoded; charset=utf-8';
    const redactor = createBodyRedactor(['/From'], '');
    const redacted = redactor(Buffer.from('From=%2B491701234567&Body=hi&From=x'), form);
    const fields = new URLSearchParams(redacted?.toString());
    expect(fields.getAll('From')).toEqual([
      expect.stringMatching(/^redacted-/),
      expect.stringMatching(/^redacted-/),
    ]);
    expect(fields.get('Body')).toBe('hi');
    const plain = Buffer.from('Body=a%20b');
    expect(redactor(plain, form)).toBe(plain);
  });
});
