import { expect, it } from 'vitest';
import { isJsonPointer, readPointer } from '../../../src/sources/json-pointer.ts';

// The document and the pointers of RFC 6901, section 5.
const document = {
  foo: ['bar', 'baz'],
  '': 0,
  'a/b': 1,
  'c%d': 2,
  'e^f': 3,
  'g|h': 4,
  'i\\j': 5,
  'k"l': 6,
  ' ': 7,
  'm~n': 8,
};

it.each([
  ['', document],
  ['/foo', ['bar', 'baz']],
  ['/foo/0', 'bar'],
  ['/', 0],
  ['/a~1b', 1],
  ['/c%d', 2],
  ['/e^f', 3],
  ['/g|h', 4],
  ['/i\\j', 5],
  ['/k"l', 6],
  ['/ ', 7],
  ['/m~0n', 8],
])('A pointer %j leads to what RFC 6901 says', (pointer, expected) => {
  expect(isJsonPointer(pointer)).toBe(true);
  expect(readPointer(document, pointer)).toEqual(expected);
});

it('A part with ~01 is the text ~1, not a slash', () => {
  expect(readPointer({ '~1': 'tilde', '/': 'slash' }, '/~01')).toBe('tilde');
});

it.each([
  '/foo/2',
  '/foo/-',
  '/foo/00',
  '/foo/length',
  '/foo/0/0',
  '/nothing/below',
  '/constructor',
  '/__proto__',
  '/toString',
])('A pointer %j that leads nowhere gives nothing', (pointer) => {
  expect(readPointer(document, pointer)).toBeUndefined();
});

it('A null at the end is a value, and nothing lies below it', () => {
  expect(readPointer({ a: null }, '/a')).toBeNull();
  expect(readPointer({ a: null }, '/a/b')).toBeUndefined();
});

it.each(['foo', '#/foo', '/~', '/~2', '/a~'])('The text %j is no pointer', (text) => {
  expect(isJsonPointer(text)).toBe(false);
});
