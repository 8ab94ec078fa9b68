import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Webhook } from 'standardwebhooks';
import { startHttpVendor, type VendorReply, type VendorRequest } from './http-vendor.ts';

/** A request that waits for its answer. */
export interface Held {
  /** Resolves when the request is here. */
  arrived: Promise<void>;
  answer(): void;
}

/** A vendor with one version of each customer, and the CRM that its customers are handed on to; either can let a caller wait. */
export interface HoldingVendor extends AsyncDisposable {
  /** Of its source; no other test uses it. */
  source: string;
  /** What makes a process know the source. */
  settings: Readonly<Record<string, string>>;
  /** A new customer, and the event that announces it. */
  newEvent(): { id: string; customer: string };
  /** Posts an event's delivery to a receiver, signed. */
  send(receiver: string, event: { id: string; customer: string }): Promise<number>;
  /** The signed request, for who sends it in another way. */
  request(event: { id: string; customer: string }): { body: string; headers: Record<string, string> };
  /** Lets the first fetch of this customer wait. */
  holdFetch(customer: string): Held;
  /** Lets the first write of this customer to the CRM wait for its answer; the write itself is made. */
  holdWrite(customer: string): Held;
  fetches(customer: string): number;
  /** The idempotency keys of the writes of this customer, one for each request. */
  writes(customer: string): string[];
}

/** Starts one. */
export async function startHoldingVendor(): Promise<HoldingVendor> {
  const source = `acme-${randomBytes(5).toString('hex')}`;
  const secret = `whsec_${randomBytes(24).toString('base64')}`;
  const held = new Map<string, { arrived: () => void; answered: Promise<void> }>();
  const server = await startHttpVendor(async (request) => {
    const waiting = held.get(nameOf(request));
    held.delete(nameOf(request));
    waiting?.arrived();
    await waiting?.answered;
    return reply(request);
  });
  const hold = (name: string): Held => {
    const [arrived, answered] = [gate(), gate()];
    held.set(name, { arrived: arrived.open, answered: answered.opened });
    return { arrived: arrived.opened, answer: answered.open };
  };
  const named = (name: string) => server.requests.filter((request) => nameOf(request) === name);

  const folder = await mkdtemp(join(tmpdir(), 'landfall-sources-'));
  const file = join(folder, 'sources.json');
  await writeFile(file, JSON.stringify([describeSource(source, server.url)]));

  const request: HoldingVendor['request'] = ({ id, customer }) => {
    const body = JSON.stringify({ id, type: 'customer.created', data: customerOf(customer) });
    const now = new Date();
    const headers = {
      'content-type': 'application/json',
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(now.getTime() / 1_000)),
      'webhook-signature': new Webhook(secret).sign(id, now, body),
    };
    return { body, headers };
  };
  return {
    source,
    settings: { LANDFALL_SOURCES_FILE: file, ACME_SECRET: secret },
    newEvent: () => ({ id: `evt_${randomUUID()}`, customer: `cus_${randomUUID()}` }),
    request,
    async send(receiver, event) {
      const response = await fetch(`${receiver}/webhooks/${source}`, { method: 'POST', ...request(event) });
      await response.body?.cancel();
      return response.status;
    },
    holdFetch: (customer) => hold(`GET ${customer}`),
    holdWrite: (customer) => hold(`POST ${customer}`),
    fetches: (customer) => named(`GET ${customer}`).length,
    writes: (customer) =>
      named(`POST ${customer}`).map(({ headers }) => String(headers['idempotency-key'] ?? '')),
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function gate(): { opened: Promise<void>; open: () => void } {
  let open = () => {};
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open: () => open() };
}

const updatedAt = '2026-01-01T00:00:00Z';
const customerOf = (id: string) => ({ id, version: 1, updated_at: updatedAt });

/** `GET cus_1`, `POST cus_1`. */
function nameOf({ method, url, body }: VendorRequest): string {
  const customer = method === 'GET' ? url.pathname.split('/').at(-1) : /"id":"(cus_[^"]+)"/.exec(body)?.[1];
  return `${method} ${customer ?? ''}`;
}

function reply({ method, url }: VendorRequest): VendorReply {
  return { json: method === 'GET' ? customerOf(url.pathname.split('/').at(-1) ?? '') : {} };
}

function describeSource(name: string, url: string) {
  return {
    name,
    scheme: 'standard-webhooks',
    secretEnv: 'ACME_SECRET',
    id: '/id',
    type: '/type',
    entity: { type: 'customer', id: '/data/id' },
    version: '/data/version',
    sourceTime: '/data/updated_at',
    fetch: {
      urlTemplate: `${url}/customers/{id}`,
      versionPointer: '/version',
      sourceTimePointer: '/updated_at',
    },
    destination: { name: 'crm', url: `${url}/crm` },
  };
}
