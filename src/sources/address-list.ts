import { BlockList, isIP } from 'node:net';
import { z } from 'zod';
import { splitList } from '../model/split-list.ts';

/** Addresses and networks, such as those that a vendor delivers from. */
export interface AddressList {
  /** Whether an IP address is among them; false for what is none. IPv4 inside of IPv6 (`::ffff:192.0.2.1`) is IPv4. */
  includes(address: string): boolean;
}

/** The names that Express has for networks of one's own. */
const named: ReadonlyMap<string, readonly string[]> = new Map([
  ['loopback', ['127.0.0.0/8', '::1/128']],
  ['linklocal', ['169.254.0.0/16', 'fe80::/10']],
  ['uniquelocal', ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7']],
]);

/**
 * A setting that lists addresses and networks, separated by commas: `192.0.2.1, 198.51.100.0/24, 2001:db8::/32`, or `loopback`,
 * `linklocal` and `uniquelocal`.
 * @see https://expressjs.com/en/guide/behind-proxies.html
 */
export const addressList = z.string().transform((text, context): AddressList => {
  const networks = splitList(text).flatMap((each) => named.get(each.toLowerCase()) ?? [each]);
  const list = new BlockList();
  const wrong = networks.filter((network) => !add(list, network));
  if (wrong.length > 0 || networks.length === 0) {
    context.addIssue(
      `must be addresses and networks, such as 192.0.2.1, 198.51.100.0/24${wrong.length === 0 ? '' : `; these are none: ${wrong.join(', ')}`}`,
    );
    return z.NEVER;
  }
  return {
    includes(address) {
      const family = isIP(address);
      return family !== 0 && list.check(address, family === 4 ? 'ipv4' : 'ipv6');
    },
  };
});

/** False where it is no address and no network. */
function add(list: BlockList, network: string): boolean {
  const [address = '', prefix, ...rest] = network.split('/');
  const family = isIP(address);
  const bits = family === 4 ? 32 : 128;
  const length = prefix === undefined ? bits : /^\d{1,3}$/.test(prefix) ? Number(prefix) : bits + 1;
  // A zone is one of this machine's interfaces, and no part of where others are.
  if (family === 0 || rest.length > 0 || length > bits || address.includes('%')) return false;
  list.addSubnet(address, length, family === 4 ? 'ipv4' : 'ipv6');
  return true;
}
