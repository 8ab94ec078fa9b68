import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareJson } from '../../../src/inspection/compare-json.ts';
import { valueAt } from '../../../src/inspection/value-at.ts';
import type { JsonValue } from '../../../src/model/json.ts';

const json = fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<JsonValue>;

describe('Two documents', () => {
  it('do not differ from themselves, whatever the order of their fields', () => {
    fc.assert(fc.property(json, (value) => compareJson(value, structuredClone(value)).length === 0));
    expect(compareJson({ a: 1, b: [1, { c: 2 }] }, { b: [1, { c: 2 }], a: 1 })).toEqual([]);
  });

  it('differ in those places that a pointer leads to', () => {
    fc.assert(
      fc.property(json, json, (here, there) => {
        for (const difference of compareJson(here, there)) {
          expect(valueAt(here, difference.pointer)).toEqual(difference.here);
          expect(valueAt(there, difference.pointer)).toEqual(difference.there);
        }
      }),
    );
  });

  it('are compared field by field', () => {
    const here = { name: 'Ada', tags: ['a'], address: { 'a/b~c': 1 }, gone: null };
    const there = { name: 'Bea', tags: ['a', 'b'], address: { 'a/b~c': 2 }, kind: 'x' };
    expect(compareJson(here, there)).toEqual([
      { pointer: '/name', here: 'Ada', there: 'Bea' },
      { pointer: '/tags/1', here: undefined, there: 'b' },
      { pointer: '/address/a~1b~0c', here: 1, there: 2 },
      { pointer: '/gone', here: null, there: undefined },
      { pointer: '/kind', here: undefined, there: 'x' },
    ]);
  });

  it('are not compared past so many differences', () => {
    const many = (value: number) => Array.from({ length: 500 }, () => value);
    expect(compareJson(many(1), many(2), 10)).toHaveLength(10);
  });
});

describe('A value', () => {
  it('below one that is hidden is as hidden', () => {
    expect(valueAt({ card: '[redacted]' }, '/card/number')).toBe('[redacted]');
  });
});
