import { createHash } from 'node:crypto';
import type { DestinationStream } from 'pino';
import { expect } from 'vitest';
import { TemporalRefusedError, TemporalUnavailableError } from '../../src/errors.ts';
import type { UnreadableDelivery } from '../../src/model/dead-letter.ts';
import type { LandfallEvent } from '../../src/model/event.ts';
import { deadLetterWorkflowId, eventWorkflowId } from '../../src/model/ids.ts';
import { createLogger } from '../../src/monitoring/logger.ts';
import { createOverflow, type Overflow } from '../../src/inbox/overflow.ts';
import { createMetrics, type Metrics } from '../../src/monitoring/metrics.ts';
import { createReceiver } from '../../src/receiver/app.ts';
import { type ServerLimits, usualLimits } from '../../src/receiver/limits.ts';
import { listen, type HttpServer } from '../../src/receiver/server.ts';
import type { Source } from '../../src/sources/define-source.ts';
import { readGenericSources } from '../../src/sources/generic.ts';
import { openStore } from '../../src/store/open-store.ts';
import type { Store } from '../../src/store/store.ts';
import type { EventStarter } from '../../src/temporal/event-starter.ts';

/** A stand-in for Temporal that holds what it was given, as long as it is `up`. */
export interface TemporalStandIn extends EventStarter {
  /** `hangs`: takes an event, and answers once it is something else. */
  state: 'up' | 'down' | 'refuses' | 'hangs';
  events: LandfallEvent[];
  unreadable: UnreadableDelivery[];
  /** How often it was asked, whatever it answered. */
  asked: number;
}

/** See `TemporalStandIn`. Temporal's own behaviour is tested against the real server. */
export function createTemporalStandIn(): TemporalStandIn {
  const first = new Map<string, string>();
  const waiting: (() => void)[] = [];
  let state: TemporalStandIn['state'] = 'up';

  async function hold(workflowId: string, bodySha256: string, keep: () => void) {
    standIn.asked += 1;
    while (state === 'hangs') await new Promise<void>((resolve) => waiting.push(resolve));
    if (state === 'down') throw new TemporalUnavailableError('Temporal did not answer.');
    if (state === 'refuses') throw new TemporalRefusedError('Temporal refuses it.');
    const firstBodySha256 = first.get(workflowId) ?? null;
    if (firstBodySha256 === null) {
      first.set(workflowId, bodySha256);
      keep();
    }
    return { workflowId, duplicate: firstBodySha256 !== null, firstBodySha256 };
  }

  const standIn: TemporalStandIn = {
    events: [],
    unreadable: [],
    asked: 0,
    get state() {
      return state;
    },
    set state(next) {
      state = next;
      for (const wake of waiting.splice(0)) wake();
    },
    start: (event) =>
      hold(eventWorkflowId(event.source, event.id), event.bodySha256, () => standIn.events.push(event)),
    startUnreadable: (source, eventId, delivery) =>
      hold(deadLetterWorkflowId(source, eventId), delivery.bodySha256, () =>
        standIn.unreadable.push(delivery),
      ),
  };
  return standIn;
}

/** The signing secret of every source in `testSources`. */
export const secret = 'the-secret-of-the-shop';

/**
 * `shop` signs a time with an HMAC, `other` does the same with another secret, `plain` signs no time, `chat` has a handshake,
 * `mute` has lost its secret. All are made as for a vendor described in JSON.
 */
export const testSources: ReadonlyMap<string, Source> = new Map(
  readGenericSources(
    JSON.stringify([
      describe('shop', 'SHOP_SECRET', { timestamp: { header: 'x-time' } }),
      describe('other', 'OTHER_SECRET', { timestamp: { header: 'x-time' } }),
      describe('plain', 'SHOP_SECRET', {}),
      { ...describe('chat', 'SHOP_SECRET', {}), scheme: 'slack' },
      describe('mute', 'NO_SECRET', {}),
    ]),
    { SHOP_SECRET: secret, OTHER_SECRET: 'the-secret-of-another', NO_SECRET: ',' },
  ).map((source) => [source.name, source]),
);

function describe(name: string, secretEnv: string, scheme: object) {
  return {
    name,
    secretEnv,
    scheme: { type: 'hmac', header: 'x-signature', algorithm: 'sha256', encoding: 'hex', ...scheme },
    id: '/id',
    type: '/type',
    entity: { type: 'customer', id: '/customer' },
    occurredAt: '/time',
    fetch: { urlTemplate: 'http://127.0.0.1:9/customers/{id}' },
  };
}

/** A receiver on a free port, with an embedded store. */
export interface ReceiverUnderTest extends AsyncDisposable {
  /** Ended by the relay, which runs beside no receiver of these tests. */
  overflow: Overflow;
  url: string;
  server: HttpServer;
  store: Store;
  temporal: TemporalStandIn;
  metrics: Metrics;
  /** The log, a JSON object a line. */
  log: string[];
  /** Writes the rejections that are still summed up. */
  flush(): Promise<void>;
}

/** An embedded store in memory. Opening one takes seconds on a busy machine: a file of tests shares it where it can. */
export async function openTestStore(): Promise<Store> {
  const store = await openStore({ databaseUrl: null, dataDirectory: null });
  await store.migrate();
  return store;
}

/** Takes all that waits out of the inbox. */
export async function emptyInbox(store: Store): Promise<void> {
  const items = await store.claimInbox(10_000, 1);
  await store.removeFromInbox(items.map(({ id }) => id));
}

/**
 * Starts a receiver.
 *
 * @param options.store - stays open. @default one of its own
 * @param options.sources - @default `testSources`
 */
export async function startReceiverUnderTest(
  options: {
    maxBodyBytes?: number;
    inlineBodyBytes?: number;
    heldBodyBytes?: number;
    now?: () => number;
    store?: Store;
    sources?: ReadonlyMap<string, Source>;
    limits?: Partial<ServerLimits>;
    maxRequestsPerSource?: number;
  } = {},
): Promise<ReceiverUnderTest> {
  const store = options.store ?? (await openTestStore());
  const temporal = createTemporalStandIn();
  const metrics = createMetrics();
  const log: string[] = [];
  const destination: DestinationStream = { write: (line) => void log.push(line) };
  const overflow = createOverflow();
  const limits = { ...usualLimits, ...options.limits };
  const receiver = createReceiver({
    sources: options.sources ?? testSources,
    starter: temporal,
    store,
    metrics,
    logger: createLogger({ level: 'debug', format: 'json', redact: (text) => text, destination }),
    overflow,
    maxBodyBytes: options.maxBodyBytes ?? 1_000_000,
    inlineBodyBytes: options.inlineBodyBytes ?? 131_072,
    heldBodyBytes: options.heldBodyBytes ?? 104_857_600,
    maxRequestsPerSource: options.maxRequestsPerSource ?? 1_000,
    trustedProxies: limits.trustedProxies,
    now: options.now ?? Date.now,
  });
  const server = await listen(receiver.app, {
    host: '127.0.0.1',
    port: 0,
    setting: 'LANDFALL_PORT',
    limits,
    onCutOff: (reason) => metrics.cutOff.inc({ reason }),
  });
  return {
    url: server.url,
    server,
    overflow,
    store,
    temporal,
    metrics,
    log,
    flush: () => receiver.close(),
    async [Symbol.asyncDispose]() {
      temporal.state = 'up';
      await server.close(0);
      await receiver.close();
      if (options.store === undefined) await store.close().catch(() => undefined);
    },
  };
}

/** The answer to a delivery. */
export interface Answer {
  status: number;
  headers: Headers;
  body: Record<string, unknown>;
}

/** Posts a body as it is, with these headers. */
export async function post(
  url: string,
  source: string,
  body: string | Buffer,
  headers: Record<string, string> = {},
  method = 'POST',
): Promise<Answer> {
  const response = await fetch(`${url}/webhooks/${source}`, {
    method,
    headers: { 'content-type': 'application/json', ...headers },
    ...(method === 'POST' ? { body: new Uint8Array(Buffer.from(body)) } : {}),
  });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    body: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>),
  };
}

/** The headers that make a body a valid delivery of the source. */
export async function sign(source: string, body: string | Buffer, now = Date.now()) {
  const scheme = testSources.get(source)?.verification;
  if (scheme === undefined) throw new Error(`There is no source ${source}.`);
  return scheme.sign(Buffer.from(body), { id: 'msg_1', now });
}

/** Posts a body that the source has signed; what is no text or bytes is sent as JSON. */
export async function deliver(url: string, source: string, body: unknown): Promise<Answer> {
  const bytes = typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
  return post(url, source, bytes, await sign(source, bytes));
}

/** What one series of a counter or gauge stands at; 0 where it has not been touched. */
export async function readMetric(
  { registry }: Metrics,
  name: string,
  labels: Record<string, string> = {},
): Promise<number> {
  const metric = await registry.getSingleMetric(name)?.get();
  const series = metric?.values.find((value) =>
    Object.entries(labels).every(([label, wanted]) => value.labels[label] === wanted),
  );
  return series?.value ?? 0;
}

/** SHA-256 in hex. */
export function sha256(body: string | Buffer): string {
  return createHash('sha256').update(body).digest('hex');
}

/** Waits until what is read is as expected; on a busy machine that may take a while. */
export function eventually<Value>(read: () => Value | Promise<Value>) {
  return expect.poll(read, { timeout: 20_000 });
}
