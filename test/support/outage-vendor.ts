import { randomUUID } from 'node:crypto';
import type { HoldSettings } from '../../src/model/hold.ts';
import type { Source } from '../../src/sources/define-source.ts';
import { readGenericSources } from '../../src/sources/generic.ts';
import { fastRetry, uniqueName } from './harness.ts';
import { startHttpVendor, type VendorRequest } from './http-vendor.ts';

/** An announced change of a customer. */
export interface CustomerEvent {
  id: string;
  type: string;
  data: { id: string; version: number };
}

/** A vendor's API and our CRM over HTTP, each of which can be away. */
export interface OutageVendor extends AsyncDisposable {
  url: string;
  /** The status of each answer of the API, by customer; 200 where it says nothing. */
  api: (customer: string) => number;
  /** The same for the CRM. */
  crm: (customer: string) => number;
  /** The same for the mailing list, of sources that have one. */
  mail: (customer: string) => number;
  /**
   * A source of it, held after three records, with pauses that a test can wait for.
   *
   * @param parts - of its description that are other than usual
   */
  source(settings?: Partial<HoldSettings>, parts?: object): Source;
  /** What stands in a sources file for it. */
  describe(name: string): object;
  /** Changes a customer, or makes a new one, and returns the event. */
  change(customer?: string): CustomerEvent;
  /** How often the API was asked for the customer. */
  fetches(customer: string): number;
  /** How often the CRM was handed the customer, whether it took it or not. */
  hands(customer: string): number;
  /** The idempotency keys under which the CRM was handed the customer, each once. */
  keys(customer: string): string[];
  /** The versions that the CRM was given of the customer and has taken, in their order. */
  writes(customer: string): number[];
}

/** What a hold of a test waits for. */
export const quickHold: HoldSettings = {
  entities: 3,
  withinMilliseconds: 600_000,
  firstProbeMilliseconds: 300,
  longestProbeMilliseconds: 1_000,
  releasesPerSecond: 50,
  askAfterMilliseconds: 60_000,
  othersPassMilliseconds: 86_400_000,
};

export const outageSecret = 'the-secret-of-the-shop';

/** Starts one. */
export async function startOutageVendor(): Promise<OutageVendor> {
  const versions = new Map<string, number>();
  const written: { customer: string; version: number }[] = [];
  const server = await startHttpVendor((request) => {
    const id = customerOf(request);
    if (request.method === 'GET') {
      const status = vendor.api(id);
      return status === 200 ? { json: { id, version: versions.get(id) ?? 0 } } : { status };
    }
    const isCrm = request.url.pathname === '/crm';
    const status = isCrm ? vendor.crm(id) : vendor.mail(id);
    if (status === 200 && isCrm) {
      const { record } = JSON.parse(request.body) as { record: { version: number } };
      written.push({ customer: id, version: record.version });
    }
    return { status };
  });
  const handedToCrm = (customer: string): VendorRequest[] =>
    server.requests.filter((each) => each.url.pathname === '/crm' && customerOf(each) === customer);
  const vendor: OutageVendor = {
    url: server.url,
    api: () => 200,
    crm: () => 200,
    mail: () => 200,
    source(settings = {}, parts = {}) {
      const described = { ...vendor.describe(uniqueName('shop')), ...parts };
      const [source] = readGenericSources(JSON.stringify([described]), { SHOP_SECRET: outageSecret });
      if (source === undefined) throw new Error('one is described');
      return { ...source, hold: { ...quickHold, ...settings } };
    },
    describe: (name) => ({
      name,
      scheme: { type: 'hmac', header: 'x-signature', algorithm: 'sha256', encoding: 'hex' },
      secretEnv: 'SHOP_SECRET',
      id: '/id',
      type: '/type',
      entity: { type: 'customer', id: '/data/id' },
      version: '/data/version',
      fetch: { urlTemplate: `${server.url}/customers/{id}`, versionPointer: '/version' },
      destination: { name: 'crm', url: `${server.url}/crm` },
      retry: fastRetry,
      hold: { entities: quickHold.entities },
    }),
    change(customer = `cus_${randomUUID()}`) {
      const version = (versions.get(customer) ?? 0) + 1;
      versions.set(customer, version);
      return { id: `evt_${randomUUID()}`, type: 'customer.updated', data: { id: customer, version } };
    },
    fetches: (customer) =>
      server.requests.filter((each) => each.method === 'GET' && customerOf(each) === customer).length,
    hands: (customer) => handedToCrm(customer).length,
    keys: (customer) => [
      ...new Set(handedToCrm(customer).map(({ headers }) => headers['idempotency-key']?.toString() ?? '')),
    ],
    writes: (customer) => written.filter((each) => each.customer === customer).map(({ version }) => version),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
  return vendor;
}

function customerOf({ method, url, body }: VendorRequest): string {
  return (method === 'GET' ? url.pathname.split('/').at(-1) : /"id":"(cus_[^"]+)"/.exec(body)?.[1]) ?? '';
}
