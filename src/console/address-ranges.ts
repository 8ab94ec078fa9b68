import { BlockList, isIP, isIPv4 } from 'node:net';

/** Whether a text is an IP address, or a range of them: `10.0.0.7`, `10.1.0.0/16`, `fd00::/8`. */
export function isAddressRange(text: string): boolean {
  return readRange(text) !== null;
}

/**
 * Which addresses are in the ranges. An IPv4 address inside of an IPv6 one, as a socket for both has them, counts as itself.
 *
 * @param ranges - each an `isAddressRange`
 */
export function addressRanges(ranges: readonly string[]): (address: string) => boolean {
  const known = new BlockList();
  for (const text of ranges) {
    const range = readRange(text);
    if (range !== null) known.addSubnet(range.address, range.prefix, familyOf(range.address));
  }
  return (address) => {
    const plain = address.replace(/^::ffff:(?=\d+\.)/i, '');
    return isIP(plain) !== 0 && known.check(plain, familyOf(plain));
  };
}

/** The addresses of this machine alone. */
export const isLoopback = addressRanges(['127.0.0.0/8', '::1']);

function readRange(text: string): { address: string; prefix: number } | null {
  const [address = '', prefix, ...more] = text.split('/');
  const bits = isIPv4(address) ? 32 : 128;
  if (isIP(address) === 0 || more.length > 0) return null;
  if (prefix === undefined) return { address, prefix: bits };
  return /^\d{1,3}$/.test(prefix) && Number(prefix) <= bits ? { address, prefix: Number(prefix) } : null;
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIPv4(address) ? 'ipv4' : 'ipv6';
}
