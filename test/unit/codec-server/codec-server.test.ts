import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCodecServer } from '../../../src/codec-server/app.ts';
import { anybody, anyOf, bearerOf, jwtOf } from '../../../src/codec-server/authorize.ts';
import { readPayloads, writePayloads } from '../../../src/codec-server/payloads-json.ts';
import { createRemoteCodec } from '../../../src/codec-server/remote-codec.ts';
import { loadConfig } from '../../../src/config/load.ts';
import { PayloadErasedError } from '../../../src/errors.ts';
import { createLogger } from '../../../src/monitoring/logger.ts';
import { createEntityKeys } from '../../../src/privacy/entity-keys.ts';
import { createKeyRing } from '../../../src/privacy/key-ring.ts';
import { type HttpServer, listen } from '../../../src/receiver/server.ts';
import { createPayloadCodec, isEncrypted } from '../../../src/temporal/payload-codec.ts';
import { startHttpVendor } from '../../support/http-vendor.ts';
import { createKeyStore } from '../../support/key-store.ts';
import { payloadKey } from '../../support/payload-keys.ts';

const ui = 'http://localhost:8233';
const codec = createPayloadCodec(
  createKeyRing(payloadKey('a'), () => undefined),
  null,
);
const base64 = (text: string) => Buffer.from(text).toString('base64');
const ada = { metadata: { encoding: base64('json/plain') }, data: base64('{"name":"Ada Berg"}') };
const log: string[] = [];
const logger = createLogger({
  level: 'info',
  format: 'json',
  redact: (text) => text,
  destination: { write: (line) => void log.push(line) },
});
const open: HttpServer[] = [];
afterAll(() => Promise.all(open.map((server) => server.close(0))));

async function start(authorize = anybody): Promise<string> {
  const app = createCodecServer({ codec, authorize, origins: new Set([ui]), logger });
  const server = await listen(app, { host: '127.0.0.1', port: 0, setting: 'LANDFALL_CODEC_PORT' });
  open.push(server);
  return server.url;
}

/** As the Temporal UI asks: see `convertPayloadsWithCodec` in temporalio/ui, src/lib/services/data-encoder.ts. */
function ask(url: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-namespace': 'default', origin: ui, ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
}
const payloadsOf = async (answer: Response) =>
  ((await answer.json()) as { payloads: { metadata: Record<string, string>; data: string }[] }).payloads;

describe('The codec server', () => {
  let url: string;
  beforeAll(async () => {
    url = await start();
  });

  it('encodes and decodes payloads in the JSON of protobuf, wherever it is mounted', async () => {
    const encoded = await ask(`${url}/some/where/encode`, { payloads: [ada, ada] });
    expect(encoded.status).toBe(200);
    expect(encoded.headers.get('content-type')).toContain('application/json');
    const payloads = await payloadsOf(encoded);
    expect(payloads).toHaveLength(2);
    expect(Buffer.from(payloads[0]?.metadata['encoding'] ?? '', 'base64').toString()).toBe(
      'binary/encrypted',
    );
    expect(JSON.stringify(payloads)).not.toContain(ada.data);

    const decoded = await ask(`${url}/decode`, { payloads: [...payloads, ada] });
    expect(await payloadsOf(decoded)).toEqual([ada, ada, ada]);
  });

  it('answers nothing with nothing', async () => {
    expect(await (await ask(`${url}/decode`, {})).json()).toEqual({ payloads: [] });
  });

  it('lets the UI ask from its own origin, with its token, and no other page', async () => {
    const asked = await fetch(`${url}/decode`, {
      method: 'OPTIONS',
      headers: {
        origin: ui,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization,content-type,x-namespace',
      },
    });
    expect(asked.status).toBe(204);
    expect(asked.headers.get('access-control-allow-origin')).toBe(ui);
    expect(asked.headers.get('access-control-allow-credentials')).toBe('true');
    const allowed = (asked.headers.get('access-control-allow-headers') ?? '').toLowerCase();
    for (const name of ['authorization', 'content-type', 'x-namespace']) expect(allowed).toContain(name);

    const answered = await ask(`${url}/decode`, { payloads: [ada] });
    expect(answered.headers.get('access-control-allow-origin')).toBe(ui);
    const other = await ask(`${url}/decode`, { payloads: [ada] }, { origin: 'https://evil.example' });
    expect(other.status).toBe(403);
    expect(other.headers.get('access-control-allow-origin')).toBeNull();
  });

  it.each([
    ['no JSON', '{'],
    ['no payloads', { payloads: 'none' }],
    ['bytes that are no base64', { payloads: [{ metadata: {}, data: '%' }] }],
    [
      'a key that is not there',
      { payloads: [{ metadata: metadataOf('gone'), data: base64('x'.repeat(40)) }] },
    ],
    ['what was changed', { payloads: [{ metadata: metadataOf('a'), data: base64('x'.repeat(40)) }] }],
  ])('refuses %s with 400', async (_what, body) => {
    expect((await ask(`${url}/decode`, body)).status).toBe(400);
  });

  it('takes JSON alone, so that a form of another page does nothing', async () => {
    const answer = await ask(`${url}/decode`, { payloads: [ada] }, { 'content-type': 'text/plain' });
    expect(answer.status).toBe(400);
  });

  it('logs who asked for how many, and nothing of what they hold', async () => {
    log.length = 0;
    await ask(`${url}/decode`, { payloads: [ada] });
    expect(log.map((line) => JSON.parse(line))).toMatchObject([
      { msg: 'payloads were shown', namespace: 'default', reader: 'this machine', payloads: 1 },
    ]);
    expect(log.join('')).not.toContain('Ada');
  });
});

describe('A command that asks a codec server', () => {
  const start = {
    metadata: { encoding: Buffer.from('json/plain') },
    data: Buffer.from(
      JSON.stringify({
        event: { source: 'shop', id: 'evt_1', entity: { type: 'customer', id: 'cus_1' }, name: 'Ada Berg' },
      }),
    ),
  };
  const context = { type: 'workflow' as const, namespace: 'default', workflowId: 'shop:evt_1' };

  /** A server with the keys of records, and what is encrypted under one of them beside what is not. */
  async function serve() {
    const store = createKeyStore();
    const ring = createKeyRing(payloadKey('a'), () => undefined);
    const ofServer = createPayloadCodec(ring, createEntityKeys(ring, store));
    const app = createCodecServer({
      codec: createPayloadCodec(ring, createEntityKeys(ring, store)),
      ...{ authorize: bearerOf(() => 'the-token'), origins: new Set<string>(), logger },
    });
    const server = await listen(app, { host: '127.0.0.1', port: 0, setting: 'LANDFALL_CODEC_PORT' });
    open.push(server);
    const [ofRecord] = await ofServer.encode([start], context);
    const [other] = await ofServer.encode([start]);
    if (ofRecord === undefined || other === undefined) throw new Error('one goes in, one comes out');
    return { store, url: server.url, ofRecord, other };
  }

  it('reads and writes by it, and keeps no key', async () => {
    const { url, ofRecord, other } = await serve();
    const remote = createRemoteCodec(`${url}/`, 'the-token');
    const decoded = await remote.decode([ofRecord, other, start]);
    for (const each of decoded) expect(Buffer.from(each.data ?? [])).toEqual(start.data);
    const [encoded = {}] = await remote.encode([start]);
    expect(isEncrypted(encoded)).toBe(true);
    expect(Buffer.from((await remote.decode([encoded]))[0]?.data ?? [])).toEqual(start.data);
    expect(await remote.decode([])).toEqual([]);
  });

  it('is told what is wrong', async () => {
    const { url, other } = await serve();
    await expect(createRemoteCodec(url, 'another-token').decode([other])).rejects.toThrow(
      /answers 401.*token/,
    );
    await expect(createRemoteCodec('http://127.0.0.1:1', null).decode([other])).rejects.toThrow(
      /cannot be reached.*LANDFALL_CODEC_URL/,
    );
  });

  it('is told of what is erased; a web page sees the rest', async () => {
    const { store, url, ofRecord, other } = await serve();
    for (const id of store.rows.keys()) store.rows.set(id, 'erased');
    const remote = createRemoteCodec(url, 'the-token');
    await expect(remote.decode([ofRecord, other])).rejects.toBeInstanceOf(PayloadErasedError);
    const answer = await fetch(`${url}/decode`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: 'Bearer the-token' },
      body: JSON.stringify(writePayloads([ofRecord, other])),
    });
    const [erased = {}, read = {}] = readPayloads(await answer.json());
    expect([isEncrypted(erased), Buffer.from(read.data ?? [])]).toEqual([true, start.data]);
  });
});

function metadataOf(keyId: string): Record<string, string> {
  return {
    encoding: base64('binary/encrypted'),
    'encryption-cipher': base64('AES-256-GCM'),
    'encryption-key-id': base64(keyId),
  };
}

describe('A codec server that others reach', () => {
  it('lets in whoever has the token', async () => {
    const url = await start(bearerOf(() => 'the-token'));
    const read = (authorization?: string) =>
      ask(`${url}/decode`, { payloads: [ada] }, authorization === undefined ? {} : { authorization });
    expect((await read('Bearer the-token')).status).toBe(200);
    expect((await read('Bearer another-token')).status).toBe(401);
    expect((await read()).status).toBe(401);
    expect((await read('Basic YTpi')).status).toBe(401);
  });

  it('lets in who has logged in, where the token is for it and of the issuer', async () => {
    const { publicKey, privateKey } = await generateKeyPair('RS256');
    const keySet = { keys: [{ ...(await exportJWK(publicKey)), kid: 'k', alg: 'RS256', use: 'sig' }] };
    await using issuer = await startHttpVendor(() => ({ json: keySet }));
    const jwt = (claims: Record<string, string>, key = privateKey, audience = 'codec') =>
      new SignJWT(claims)
        .setProtectedHeader({ alg: 'RS256', kid: 'k' })
        .setIssuer(issuer.url)
        .setAudience(audience)
        .setExpirationTime('5 minutes')
        .sign(key);
    const rules = {
      keySetUrl: issuer.url,
      audience: 'codec',
      issuer: issuer.url,
      readers: ['ada@example.com'],
    };
    const url = await start(anyOf([bearerOf(() => 'another way'), jwtOf(rules)]));
    const read = async (token: string) =>
      (await ask(`${url}/decode`, { payloads: [ada] }, { authorization: `Bearer ${token}` })).status;

    expect(await read(await jwt({ sub: 'u1', email: 'ada@example.com' }))).toBe(200);
    expect(await read(await jwt({ sub: 'u2', email: 'bob@example.com' }))).toBe(401);
    expect(await read(await jwt({ email: 'ada@example.com' }, privateKey, 'another application'))).toBe(401);
    const forged = await generateKeyPair('RS256');
    expect(await read(await jwt({ email: 'ada@example.com' }, forged.privateKey))).toBe(401);
    const secretSigned = await new SignJWT({ email: 'ada@example.com' })
      .setProtectedHeader({ alg: 'HS256', kid: 'k' })
      .setAudience('codec')
      .setExpirationTime('5 minutes')
      .sign(new Uint8Array(32));
    expect(await read(secretSigned)).toBe(401);
  });

  it('is not started without either', () => {
    const load = (env: Record<string, string>) =>
      loadConfig(env, { mode: 'command', definitions: [] }).codecServer;
    expect(load({}).host).toBe('127.0.0.1');
    expect(load({ LANDFALL_CODEC_TOKEN: 'a-token-of-sixteen-characters' }).host).toBe('0.0.0.0');
    expect(() => load({ LANDFALL_CODEC_HOST: '0.0.0.0' })).toThrow(/could read everything/);
    expect(() => load({ LANDFALL_CODEC_JWKS_URL: 'https://login.example.com/keys' })).toThrow(
      /LANDFALL_CODEC_AUDIENCE/,
    );
  });
});
