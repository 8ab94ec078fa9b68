import { expect, it } from 'vitest';
import { saysTheSame } from '../../../src/testing/same-signature.ts';

it('takes two headers for the same only where they provably say the same', () => {
  const hex = 'ab'.repeat(32);
  const base64 = Buffer.alloc(32, 7).toString('base64');
  const lastBits = base64.replace(
    /(.)=$/,
    (_, last: string) => `${String.fromCharCode(last.charCodeAt(0) + 1)}=`,
  );

  expect(saysTheSame(`sha256=${hex}`, `sha256=${hex.toUpperCase()}`)).toBe(true);
  expect(Buffer.from(lastBits, 'base64')).toEqual(Buffer.from(base64, 'base64'));
  expect(saysTheSame(`v1,${base64}`, `v1,${lastBits}`)).toBe(true);

  expect(saysTheSame(`sha256=${hex}`, `SHA256=${hex}`)).toBe(false);
  expect(saysTheSame(`sha256=${hex}`, `sha256=${hex.replace('a', 'c')}`)).toBe(false);
  expect(saysTheSame(`v1,${base64}`, `v1,${base64.toLowerCase()}`)).toBe(false);
  expect(saysTheSame('t=1,v1=abc', 't=2,v1=abc')).toBe(false);
});
