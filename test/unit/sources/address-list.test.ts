import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addressList } from '../../../src/sources/address-list.ts';

const includes = (list: string, address: string) => addressList.parse(list).includes(address);

describe('A list of addresses', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1', true],
    ['192.0.2.1', '192.0.2.2', false],
    ['198.51.100.0/24', '198.51.100.255', true],
    ['198.51.100.0/24', '198.51.101.0', false],
    ['198.51.100.77/24', '198.51.100.1', true],
    ['2001:db8::/32', '2001:db8:1::1', true],
    ['2001:db8::/32', '2001:db9::1', false],
    ['2001:db8::1', '2001:DB8:0:0:0:0:0:1', true],
    // As a server has them that listens for both.
    ['198.51.100.0/24', '::ffff:198.51.100.7', true],
    ['198.51.100.0/24', '::ffff:198.51.101.7', false],
    ['192.0.2.1, 198.51.100.0/24', '198.51.100.9', true],
    ['loopback', '127.3.2.1', true],
    ['Loopback,uniquelocal', '10.1.2.3', true],
    ['uniquelocal', '11.1.2.3', false],
    // As a server has it of a neighbour, with the interface that it came in by.
    ['linklocal', 'fe80::1%eth0', true],
    ['0.0.0.0/0', '203.0.113.5', true],
  ] as const)('%s includes %s: %s', (list, address, expected) => {
    expect(includes(list, address)).toBe(expected);
  });

  it.each([
    '',
    ' , ',
    'github.com',
    '192.0.2.1/33',
    '192.0.2.1/-1',
    '192.0.2.1/',
    '192.0.2',
    '2001:db8::/129',
    '::1/1/1',
    'fe80::1%eth0',
  ])('is none: "%s"', (text) => {
    expect(addressList.safeParse(text).success).toBe(false);
  });

  it('includes nothing that is no address', () => {
    const list = addressList.parse('0.0.0.0/0, ::/0');
    for (const address of [
      '',
      'unknown',
      '192.0.2.1:443',
      '"192.0.2.1"',
      '192.0.2.1, 192.0.2.2',
      '1',
      '::ffff:999.1.1.1',
    ]) {
      expect(list.includes(address)).toBe(false);
    }
  });

  it('includes just the addresses that begin with the bits of a network', () => {
    const ip = fc.tuple(...Array.from({ length: 4 }, () => fc.integer({ min: 0, max: 255 })));
    fc.assert(
      fc.property(ip, ip, fc.integer({ min: 0, max: 32 }), (network, address, length) => {
        const bits = (parts: readonly number[]) =>
          parts.map((part) => part.toString(2).padStart(8, '0')).join('');
        const expected = bits(network).slice(0, length) === bits(address).slice(0, length);
        expect(includes(`${network.join('.')}/${length}`, address.join('.'))).toBe(expected);
      }),
    );
  });
});
