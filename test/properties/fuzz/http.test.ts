import { connect } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { fuzz } from '../../support/fuzz.ts';
import {
  deliver,
  type ReceiverUnderTest,
  startReceiverUnderTest,
  testSources,
} from '../../support/receiver.ts';

const now = Date.UTC(2026, 0, 15, 12);
const body = '{"id":"evt_1","type":"customer.updated","customer":"cus_1"}';
const signed =
  (await testSources.get('shop')?.verification.sign(Buffer.from(body), { id: 'evt_1', now })) ?? {};

let receiver: ReceiverUnderTest;
beforeAll(async () => {
  receiver = await startReceiverUnderTest({ now: () => now, limits: { requestMilliseconds: 2_000 } });
}, 60_000);
afterAll(() => receiver[Symbol.asyncDispose]());

/** A request as it goes over the wire. */
function request(
  headers: Record<string, string>,
  content: string,
  line = 'POST /webhooks/shop HTTP/1.1',
): string {
  const lines = Object.entries({ host: 'x', 'content-type': 'application/json', ...headers });
  return `${[line, ...lines.map((each) => each.join(': '))].join('\r\n')}\r\n\r\n${content}`;
}

/** All that is answered to these bytes, until the connection is closed. */
function answerTo(text: string): Promise<string> {
  const socket = connect(receiver.server.port, '127.0.0.1').setEncoding('latin1');
  let answer = '';
  socket.on('data', (part: string) => (answer += part));
  // Cut off is an answer too.
  socket.on('error', () => undefined);
  socket.end(Buffer.from(text, 'latin1'));
  return new Promise((resolve) => socket.once('close', () => resolve(answer)));
}

fuzz({
  name: 'http',
  sound: [
    { text: request({ ...signed, 'content-length': String(body.length) }, body) },
    {
      text: request(
        { ...signed, 'transfer-encoding': 'chunked' },
        `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`,
      ),
    },
    { text: request({ 'content-length': '0' }, '', 'GET /webhooks/shop/eu?a=1 HTTP/1.0') },
  ],
  words: [
    ...[
      '\r\n',
      '\n',
      ': ',
      ' ',
      'HTTP/1.1',
      'HTTP/2.0',
      'POST',
      'CONNECT',
      'OPTIONS',
      '/',
      '%2f',
      '..',
      '?',
      '#',
      '*',
    ],
    ...[
      'content-length: 1\r\n',
      'transfer-encoding: chunked\r\n',
      'expect: 100-continue\r\n',
      'upgrade: h2c\r\n',
    ],
    ...[
      'x-signature: a\r\n',
      'content-encoding: gzip\r\n',
      'x-forwarded-for: 192.0.2.1\r\n',
      'connection: close\r\n',
    ],
  ],
  async check({ text = '' }) {
    const answers = [...(await answerTo(text)).matchAll(/^HTTP\/1\.1 (\d{3})/gm)].map(
      ([, status = '']) => status,
    );
    for (const status of answers) expect(Number(status)).toBeLessThan(500);
    // The same words for inputs that are treated alike: digits are left out of those.
    return answers.map((status) => names[status] ?? `status ${status}`).join(', ') || 'closed';
  },
  reaches: /^taken/,
});

const names: Readonly<Record<string, string>> = {
  200: 'taken',
  400: 'broken',
  401: 'signature',
  404: 'unknown',
  405: 'method',
  408: 'slow',
  413: 'too large',
  415: 'content type',
  431: 'headers',
};

it('takes deliveries as before, whatever came', async () => {
  expect((await deliver(receiver.url, 'plain', { id: 'evt_after', type: 'ping' })).status).toBe(200);
});
