import { ConfigurationError } from '../errors.ts';
import type { EventDraft, LandfallEvent } from '../model/event.ts';
import { parseBody } from '../sources/parse-body.ts';
import { readDeliveries } from '../sources/read-delivery.ts';
import type { Source } from '../sources/define-source.ts';
import { ConformanceError } from './conformance-error.ts';
import type { SampleDelivery, SourceUnderTest } from './source-under-test.ts';

/** A delivery as it goes over the wire. */
export interface SignedDelivery {
  body: Buffer;
  /** All of them, by lower-case name. */
  headers: Readonly<Record<string, string>>;
  url: string;
  now: number;
  /** The names of those that the signature consists of. */
  signedBy: readonly string[];
}

/** What the checks are made with: the adapter and what is known of it, each default in its place. */
export interface Subject {
  given: SourceUnderTest;
  secrets: readonly [string, string];
  /** All deliveries that are known, the one with the record first. */
  deliveries: readonly SampleDelivery[];
  first: SampleDelivery;
  /** Makes the adapter. @default with the first secret, and the API nowhere */
  make(given?: { secrets?: readonly string[]; apiUrl?: string }): Source;
  /** Signs a delivery as the vendor would, under the id of its event. @default with the first secret, now, over its own body */
  sign(
    delivery: SampleDelivery,
    how?: { secret?: string; now?: number; body?: Buffer; headers?: Readonly<Record<string, string>> },
  ): Promise<SignedDelivery>;
}

/** Where nobody answers. */
const nowhere = 'http://127.0.0.1:1';
const defaultSecrets = [
  'whsec_TGFuZGZhbGwncyBmaXJzdCBzZWNyZXQgb2YgdGVzdHM=',
  'whsec_TGFuZGZhbGwncyBvdGhlciBzZWNyZXQgb2YgdGVzdHM=',
] as const;

/** @throws ConfigurationError where there is no delivery to test with */
export function createSubject(given: SourceUnderTest): Subject {
  const secrets = given.secrets ?? defaultSecrets;
  const make: Subject['make'] = (how = {}) =>
    given.create({ secrets: how.secrets ?? [secrets[0]], apiUrl: how.apiUrl ?? nowhere });
  const source = make();
  const samples = given.deliveries ?? [source.sample?.()].filter((each) => each !== undefined);
  const [first] = samples;
  if (first === undefined) {
    throw new ConfigurationError(
      `The source "${source.name}" has no sample: give the kit one in "deliveries".`,
    );
  }
  const deliveries = [...samples, given.later, given.deletion].filter((each) => each !== null);
  return {
    given,
    secrets,
    deliveries,
    first,
    make,
    async sign(delivery, how = {}) {
      const { secret = secrets[0], now = Date.now(), body = bytesOf(delivery) } = how;
      const url = delivery.url ?? `/webhooks/${source.name}`;
      const headers = { 'content-type': 'application/json', ...delivery.headers, ...how.headers };
      const id = `msg_${deliveries.indexOf(delivery) + 1}`;
      const signature = await (given.sign?.({ secret, body, id, now, headers, url }) ??
        make({ secrets: [secret] }).verification.sign(body, { id, now, headers, url }));
      return { body, headers: { ...headers, ...signature }, url, now, signedBy: Object.keys(signature) };
    },
  };
}

/** The body as bytes. */
export function bytesOf({ body }: Pick<SampleDelivery, 'body'>): Buffer {
  return Buffer.from(body instanceof Uint8Array ? body : JSON.stringify(body));
}

/**
 * The events in a delivery, as Landfall reads it.
 * @throws ConformanceError where there are none
 */
export function readEvents(source: Source, delivery: SignedDelivery): LandfallEvent[] {
  const receivedAt = new Date(delivery.now).toISOString();
  const read = readDeliveries(source, { ...delivery, receivedAt });
  if (read.kind === 'handshake') {
    throw new ConformanceError({
      expected: 'an event in the sample',
      actual: 'the adapter took it for a handshake of the vendor',
      remedy: 'give an event in "deliveries", or let "handshake" return null for it',
    });
  }
  const events = read.parts.map((part) => {
    if (part.read.kind === 'event') return part.read.event;
    throw new ConformanceError({
      expected: 'an event in the sample',
      actual: `it cannot be read: ${part.read.delivery.reason}`,
      remedy: 'compare the sample with what readEvent takes',
    });
  });
  if (events.length > 0) return events;
  throw new ConformanceError({
    expected: 'an event in the sample',
    actual: 'split finds no part in it',
    remedy: 'compare the sample with what split takes',
  });
}

/** What the adapter itself reads in a delivery, before Landfall judges it. */
export function readDrafts(source: Source, { body, headers }: SignedDelivery): EventDraft[] {
  const parsed = parseBody({ body, headers });
  const parts = source.split?.({ body: parsed, headers }) ?? [parsed];
  return parts.map((part) => source.readEvent({ body: part, headers }));
}

/** The first event in a delivery. */
export function readFirst(source: Source, delivery: SignedDelivery): LandfallEvent {
  const [event] = readEvents(source, delivery);
  if (event === undefined) throw new RangeError('readEvents returns at least one');
  return event;
}
