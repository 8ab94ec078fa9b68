import type { Payload, PayloadCodec } from '@temporalio/common';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  PayloadErasedError,
  PayloadKeyUnknownError,
  PayloadUnreadableError,
  StoreUnavailableError,
} from '../../../src/errors.ts';
import { createEntityKeys } from '../../../src/privacy/entity-keys.ts';
import { createKeyRing, noKeys } from '../../../src/privacy/key-ring.ts';
import { createPayloadCodec, isEncrypted, keyIdOf } from '../../../src/temporal/payload-codec.ts';
import { createKeyStore } from '../../support/key-store.ts';
import { payloadKey } from '../../support/payload-keys.ts';

const ring = (...keys: string[]) => createKeyRing(keys.join(','), () => undefined);
const [old, fresh] = [payloadKey('old'), payloadKey('new')];
const codec = createPayloadCodec(ring(old), null);

const bytes = fc.uint8Array({ maxLength: 300 });
const payloads = fc.array(
  fc.record({
    metadata: fc.dictionary(fc.constantFrom('encoding', 'messageType', 'other'), bytes),
    data: bytes,
  }),
  { maxLength: 4 },
);

/** A payload's content, whatever kind of bytes it is in. */
const plain = ({ metadata, data }: Payload) => ({
  metadata: Object.fromEntries(
    Object.entries(metadata ?? {}).map(([name, value]) => [name, Buffer.from(value).toString('hex')]),
  ),
  data: Buffer.from(data ?? []).toString('hex'),
});

async function encodeOne(payload: Payload): Promise<Payload> {
  const [encoded] = await codec.encode([payload]);
  if (encoded === undefined) throw new Error('one goes in, one comes out');
  return encoded;
}

const sample: Payload = {
  metadata: { encoding: Buffer.from('json/plain') },
  data: Buffer.from('"Ada Berg"'),
};

describe('The codec of payloads', () => {
  it('gives back what it was given, and hides all of it', async () => {
    await fc.assert(
      fc.asyncProperty(payloads, async (given) => {
        const encoded = await codec.encode(given);
        expect(encoded).toHaveLength(given.length);
        for (const each of encoded) {
          expect(Object.keys(each.metadata ?? {})).toEqual([
            'encoding',
            'encryption-cipher',
            'encryption-key-id',
          ]);
        }
        const decoded = await codec.decode(encoded);
        expect(decoded.map(plain)).toEqual(given.map(plain));
      }),
    );
    const encoded = await encodeOne(sample);
    expect(Buffer.from(encoded.data ?? []).toString('latin1')).not.toContain('Ada');
  });

  it('never encrypts the same to the same', async () => {
    const [a, b] = await codec.encode([sample, sample]);
    expect(Buffer.from(a?.data ?? [])).not.toEqual(Buffer.from(b?.data ?? []));
  });

  it('refuses a payload of which any byte was changed', async () => {
    const encoded = await encodeOne(sample);
    const { metadata = {}, data } = encoded;
    for (let at = 0; at < (data?.length ?? 0); at += 1) {
      const changed = Buffer.from(data ?? []);
      changed[at] = (changed[at] ?? 0) ^ 1;
      await expect(codec.decode([{ metadata, data: changed }])).rejects.toBeInstanceOf(
        PayloadUnreadableError,
      );
    }
    for (const cut of [0, 1, 12, 27, (data?.length ?? 0) - 1]) {
      const short = Buffer.from(data ?? []).subarray(0, cut);
      await expect(codec.decode([{ metadata, data: short }])).rejects.toBeInstanceOf(PayloadUnreadableError);
    }
    for (const [name, value] of Object.entries(metadata ?? {})) {
      for (let at = 0; at < value.length; at += 1) {
        const changed = Buffer.from(value);
        changed[at] = (changed[at] ?? 0) ^ 1;
        const payload = { metadata: { ...metadata, [name]: changed }, data: data ?? new Uint8Array() };
        // Without the mark it is not taken for encrypted: it passes, and is as unreadable as before.
        if (name === 'encoding') expect(await codec.decode([payload])).toEqual([payload]);
        else await expect(codec.decode([payload])).rejects.toMatchObject({ retryable: true });
      }
    }
  });

  it('refuses another key under the same name', async () => {
    const other = createPayloadCodec(ring(payloadKey('old')), null);
    await expect(other.decode([await encodeOne(sample)])).rejects.toBeInstanceOf(PayloadUnreadableError);
  });

  it('refuses a cipher that it does not know', async () => {
    const { metadata, data } = await encodeOne(sample);
    const payload = {
      metadata: { ...metadata, 'encryption-cipher': Buffer.from('ROT13') },
      data: data ?? null,
    };
    await expect(codec.decode([payload])).rejects.toThrow(/ROT13/);
  });

  it('names the key that is missing, as the type of a failure that is tried again', async () => {
    const other = createPayloadCodec(ring(fresh), null);
    const error: unknown = await other.decode([await encodeOne(sample)]).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(PayloadKeyUnknownError);
    expect(error).toMatchObject({ name: 'LANDFALL_PAYLOAD_KEY_UNKNOWN', retryable: true });
    expect(String(error)).toContain('"old"');
  });

  it('reads what an older key has written once a newer one encrypts', async () => {
    const rotated = createPayloadCodec(ring(fresh, old), null);
    const before = await encodeOne(sample);
    const [after] = await rotated.encode([sample]);
    if (after === undefined) throw new Error('one goes in, one comes out');
    expect((await rotated.decode([before, after])).map(plain)).toEqual([plain(sample), plain(sample)]);
    await expect(codec.decode([after])).rejects.toBeInstanceOf(PayloadKeyUnknownError);
  });

  it('lets pass what was never encrypted', async () => {
    expect(await codec.decode([sample])).toEqual([sample]);
  });

  it('encrypts nothing without keys, and says what is missing where something is encrypted', async () => {
    const off = createPayloadCodec(noKeys, null);
    const [same] = await off.encode([sample]);
    expect(same).toEqual(sample);
    expect(isEncrypted(sample)).toBe(false);
    await expect(off.decode([await encodeOne(sample)])).rejects.toBeInstanceOf(PayloadKeyUnknownError);
  });
});

describe('What belongs to the events of a record', () => {
  const keys = ring(old);
  const entity = { type: 'customer', id: 'cus_1' };
  const subject = { source: 'shop', entity };
  const json = (value: unknown): Payload => ({
    metadata: { encoding: Buffer.from('json/plain') },
    data: Buffer.from(JSON.stringify(value)),
  });
  const start = json({ workflowVersion: 3, event: { source: 'shop', id: 'evt_1', entity, payload: {} } });
  const of = (workflowId: string) => ({ type: 'workflow' as const, namespace: 'default', workflowId });
  const ofActivity = (workflowId: string) => ({
    ...{ type: 'activity' as const, namespace: 'default', workflowId },
    ...{ activityId: '1', isLocal: true },
  });
  const run = of('shop:evt_1');

  function processes() {
    const store = createKeyStore();
    const open = () => createPayloadCodec(keys, createEntityKeys(keys, store));
    const keyOf = async (
      opened: PayloadCodec,
      payload: Payload,
      context?: Parameters<PayloadCodec['encode']>[1],
    ) => keyIdOf((await opened.encode([payload], context))[0] ?? {});
    return { store, open, keyOf };
  }

  it('is encrypted under its key: what a run begins with, gives its activities, and all that follows', async () => {
    const { open, keyOf } = processes();
    const receiver = open();
    const key = await keyOf(receiver, start, run);
    expect(key).toMatch(/^entity:/);
    expect(await keyOf(receiver, sample, run)).toBe(key);
    expect(await keyOf(receiver, sample, ofActivity('shop:evt_1'))).toBe(key);
    expect(await keyOf(receiver, sample, of('dead-letter:shop:evt_1'))).toBe(key);
    const input = json({ event: { source: 'shop', id: 'evt_9', entity }, attempt: 1 });
    expect(await keyOf(open(), input, ofActivity('shop:evt_9'))).toBe(key);
    const subjectOfLetter = json({
      source: 'shop',
      eventId: 'evt_1',
      subject: { event: { source: 'shop', id: 'evt_1', entity } },
    });
    expect(await keyOf(open(), subjectOfLetter, of('dead-letter:shop:evt_1'))).toBe(key);
    expect(await keyOf(open(), json(subject), of('entity:shop:customer/cus_1'))).toBe(key);
  });

  it('is known by another process once it has read what the run began with', async () => {
    const { open, keyOf } = processes();
    const [receiver, worker] = [open(), open()];
    const encoded = await receiver.encode([start], run);
    expect(await keyOf(worker, sample, run)).toBe('old');
    expect((await worker.decode(encoded, run)).map(plain)).toEqual([plain(start)]);
    expect(await keyOf(worker, sample, run)).toBe(keyIdOf(encoded[0] ?? {}));
  });

  it('is nothing of other workflows: reconciliations, holds and events that only mention it', async () => {
    const { open, keyOf } = processes();
    for (const workflowId of ['reconcile:shop', 'hold:shop:fetchRecord', 'shop:evt_2', 'other:evt_1']) {
      expect(await keyOf(open(), start, of(workflowId))).toBe('old');
    }
    expect(await keyOf(open(), start)).toBe('old');
    expect(await keyOf(open(), json({ event: { source: 'shop', id: 'evt_1', entity: null } }), run)).toBe(
      'old',
    );
  });

  it('is unreadable once its key is erased, and says so', async () => {
    const { store, open } = processes();
    const encoded = await open().encode([start], run);
    for (const id of store.rows.keys()) store.rows.set(id, 'erased');
    const error: unknown = await open()
      .decode(encoded, run)
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(PayloadErasedError);
    expect(error).toMatchObject({ name: 'LANDFALL_PAYLOAD_ERASED' });
  });

  it('is refused, with what to do, where the store is not at hand or is another one', async () => {
    const { open } = processes();
    const encoded = await open().encode([start], run);
    await expect(createPayloadCodec(keys, null).decode(encoded, run)).rejects.toThrow(/DATABASE_URL/);
    const elsewhere = createPayloadCodec(keys, createEntityKeys(keys, createKeyStore()));
    await expect(elsewhere.decode(encoded, run)).rejects.toBeInstanceOf(PayloadKeyUnknownError);
  });

  it('is under the key of the deployment while the store is away', async () => {
    const { store, open, keyOf } = processes();
    store.error = new StoreUnavailableError('away');
    expect(await keyOf(open(), start, run)).toBe('old');
  });
});
