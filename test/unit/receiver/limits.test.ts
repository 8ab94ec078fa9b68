import { connect, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { addressList } from '../../../src/sources/address-list.ts';
import type { Store } from '../../../src/store/store.ts';
import {
  deliver,
  eventually,
  openTestStore,
  post,
  readMetric,
  type ReceiverUnderTest,
  startReceiverUnderTest,
} from '../../support/receiver.ts';

/** Short, so that a test waits for no slow client of its own. */
const limits = { requestMilliseconds: 400 };
const event = (id: string) => ({ id, type: 'ping' });

let store: Store;
const stops: (() => void)[] = [];
beforeAll(async () => {
  store = await openTestStore();
}, 60_000);
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});
afterAll(() => store.close());

interface Client {
  socket: Socket;
  /** All that was answered, once the connection is closed. */
  answered: Promise<string>;
}

/** A client that writes `first`, and then `drip` again and again. */
async function open({ server }: ReceiverUnderTest, first = '', drip = ''): Promise<Client> {
  const socket = connect(server.port, '127.0.0.1').setEncoding('utf8');
  let answer = '';
  socket.on('data', (text: string) => (answer += text));
  socket.on('error', () => undefined);
  // A reset is a way of being cut off, and no failure of the test.
  const answered = new Promise<string>((resolve) => socket.once('close', () => resolve(answer)));
  await Promise.race([new Promise((resolve) => socket.once('connect', resolve)), answered]);
  if (first !== '') socket.write(first);
  const dripping = setInterval(() => drip !== '' && socket.writable && socket.write(drip), 20);
  stops.push(() => {
    clearInterval(dripping);
    socket.destroy();
  });
  return { socket, answered };
}

const cutOff = ({ metrics }: ReceiverUnderTest, reason: string) =>
  readMetric(metrics, 'landfall_cut_off_total', { reason });

const begun = 'POST /webhooks/shop HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n';

describe('A client that is slow', { timeout: 60_000 }, () => {
  it.each([
    ['sends nothing', '', ''],
    ['sends its headers byte by byte', begun, 'X'],
    ['sends header after header', begun, 'X-More: 1\r\n'],
    ['sends its body byte by byte', `${begun}Content-Length: 5000\r\n\r\n{`, ' '],
    ['sends its body in chunks of a byte', `${begun}Transfer-Encoding: chunked\r\n\r\n`, '1\r\n \r\n'],
  ])('is cut off, and told so: it %s', async (_what, first, drip) => {
    await using receiver = await startReceiverUnderTest({ store, limits });
    const { answered } = await open(receiver, first, drip);
    const answer = await answered;
    expect(answer).toMatch(/^HTTP\/1\.1 408 .*LANDFALL_REQUEST_TOO_SLOW/s);
    expect(await cutOff(receiver, 'too_slow')).toBe(1);
    expect(receiver.temporal.asked).toBe(0);
  });

  it('keeps nobody else from being served, however many there are', async () => {
    await using receiver = await startReceiverUnderTest({ store, limits });
    const slow = await Promise.all(Array.from({ length: 200 }, () => open(receiver, begun, 'X')));
    for (const id of ['evt_1', 'evt_2', 'evt_3']) {
      expect((await deliver(receiver.url, 'shop', event(id))).status).toBe(200);
    }
    await Promise.all(slow.map(({ answered }) => answered));
    expect(await cutOff(receiver, 'too_slow')).toBe(200);
  });
});

describe('Too many connections', () => {
  it('are closed, and room is made when others end', async () => {
    await using receiver = await startReceiverUnderTest({ store, limits: { maxConnections: 3 } });
    const kept = await Promise.all(Array.from({ length: 3 }, () => open(receiver)));
    expect(await (await open(receiver, 'GET / HTTP/1.1\r\n')).answered).toBe('');
    await eventually(() => cutOff(receiver, 'too_many_connections')).toBe(1);
    kept[0]?.socket.destroy();
    await eventually(() =>
      deliver(receiver.url, 'shop', event('evt_1')).then(
        ({ status }) => status,
        () => 0,
      ),
    ).toBe(200);
  });

  it('of one address are closed, but not those of a proxy that is trusted', async () => {
    const most = { maxConnectionsPerAddress: 2 };
    await using receiver = await startReceiverUnderTest({ store, limits: most });
    const kept = await Promise.all(Array.from({ length: 2 }, () => open(receiver)));
    expect(await (await open(receiver)).answered).toBe('');
    expect(await cutOff(receiver, 'too_many_of_address')).toBe(1);
    kept[0]?.socket.destroy();
    await eventually(() =>
      deliver(receiver.url, 'shop', event('evt_1')).then(
        ({ status }) => status,
        () => 0,
      ),
    ).toBe(200);

    const trustedProxies = addressList.parse('loopback');
    await using behind = await startReceiverUnderTest({ store, limits: { ...most, trustedProxies } });
    await Promise.all(Array.from({ length: 5 }, () => open(behind)));
    expect((await deliver(behind.url, 'shop', event('evt_2'))).status).toBe(200);
  });
});

describe('Too many deliveries of one source', () => {
  it('are answered with 503 and when to come again, while other sources are served', async () => {
    await using receiver = await startReceiverUnderTest({ store, maxRequestsPerSource: 2 });
    receiver.temporal.state = 'hangs';
    const underWay = ['evt_1', 'evt_2'].map((id) => deliver(receiver.url, 'shop', event(id)));
    await eventually(() => receiver.temporal.asked).toBe(2);
    const refused = await deliver(receiver.url, 'shop', event('evt_3'));
    expect(refused.status).toBe(503);
    expect(refused.body).toMatchObject({ code: 'LANDFALL_BUSY' });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    // Of another source: refused for its signature, so it was read.
    expect((await post(receiver.url, 'plain', '{}')).status).toBe(401);
    receiver.temporal.state = 'up';
    expect((await Promise.all(underWay)).map(({ status }) => status)).toEqual([200, 200]);
    expect((await deliver(receiver.url, 'shop', event('evt_3'))).status).toBe(200);
  });
});

describe('A request that is no delivery of anybody', () => {
  it.each([
    ['is no HTTP', 'NONSENSE\r\n\r\n', 400, 'LANDFALL_REQUEST_BROKEN', 'broken'],
    [
      'has headers of 20 kB',
      `${begun}X-Long: ${'x'.repeat(20_000)}\r\n\r\n`,
      431,
      'LANDFALL_HEADERS_TOO_LARGE',
      'headers_too_large',
    ],
    [
      'says its length in two ways',
      `${begun}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}`,
      400,
      'LANDFALL_REQUEST_BROKEN',
      'broken',
    ],
  ])('is answered with a problem: it %s', async (_what, text, status, code, reason) => {
    await using receiver = await startReceiverUnderTest({ store });
    const { answered } = await open(receiver, text);
    const answer = await answered;
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(answer).toContain('Content-Type: application/problem+json');
    expect(JSON.parse(answer.split('\r\n\r\n')[1] ?? '')).toMatchObject({ code, status });
    expect(await cutOff(receiver, reason)).toBe(1);
  });

  it('is refused with more headers than Node would read, none of which is passed over', async () => {
    await using receiver = await startReceiverUnderTest({ store });
    const many = Array.from({ length: 100 }, (_, index) => `X-${index}: 1\r\n`).join('');
    const { answered } = await open(receiver, `${begun}${many}Connection: close\r\n\r\n`);
    expect(await answered).toMatch(/^HTTP\/1\.1 431 .*LANDFALL_HEADERS_TOO_LARGE/s);
    expect(await cutOff(receiver, 'headers_too_large')).toBe(1);
  });
});
