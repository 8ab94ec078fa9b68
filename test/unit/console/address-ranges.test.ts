import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decideAccess } from '../../../src/console/access.ts';
import { addressRanges, isAddressRange } from '../../../src/console/address-ranges.ts';

describe('A range of addresses', () => {
  it.each(['10.0.0.7', '10.1.0.0/16', '0.0.0.0/0', 'fd00::/8', '::1'])('is %s', (text) => {
    expect(isAddressRange(text)).toBe(true);
  });

  it.each([
    '',
    'localhost',
    '10.0.0',
    '10.0.0.0/33',
    'fd00::/129',
    '10.0.0.0/',
    '10.0.0.0/8/8',
    '10.0.0.0/-1',
  ])('is not "%s"', (text) => {
    expect(isAddressRange(text)).toBe(false);
  });

  it('has an address of four bytes also as sockets for both kinds write it', () => {
    const isIn = addressRanges(['10.1.0.0/16', 'fd00::/8']);
    for (const address of ['10.1.2.3', '::ffff:10.1.2.3', 'fd12::1']) expect(isIn(address)).toBe(true);
    for (const address of ['10.2.2.3', '::ffff:10.2.2.3', 'fe80::1', '', 'x'])
      expect(isIn(address)).toBe(false);
  });

  it('has those addresses that begin with the same bits', () => {
    fc.assert(
      fc.property(fc.ipV4(), fc.ipV4(), fc.integer({ min: 0, max: 32 }), (base, address, bits) => {
        const begin = (ip: string) =>
          ip
            .split('.')
            .map((part) => Number(part).toString(2).padStart(8, '0'))
            .join('')
            .slice(0, bits);
        expect(addressRanges([`${base}/${bits}`])(address)).toBe(begin(base) === begin(address));
      }),
    );
  });
});

describe('The console', () => {
  const nothing = { token: null, proxy: null };

  it.each(['127.0.0.1', '::1', 'localhost', '127.0.0.5'])('is local on %s', (host) => {
    expect(decideAccess(nothing, host).kind).toBe('local');
  });

  it.each(['0.0.0.0', '::', '10.0.0.7', 'ops.example.com'])('is closed on %s', (host) => {
    expect(decideAccess(nothing, host).kind).toBe('closed');
  });

  it('is guarded wherever a token is set', () => {
    expect(decideAccess({ ...nothing, token: 'x' }, '127.0.0.1').kind).toBe('guarded');
  });
});
