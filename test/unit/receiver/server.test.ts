import { once } from 'node:events';
import { Agent, request as httpRequest, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { ConfigurationError } from '../../../src/errors.ts';
import { createMetrics } from '../../../src/monitoring/metrics.ts';
import { createOps, type Check, type Phase } from '../../../src/receiver/ops.ts';
import { listen } from '../../../src/receiver/server.ts';
import { deliver, eventually, sign, startReceiverUnderTest } from '../../support/receiver.ts';

const local = { host: '127.0.0.1', port: 0, setting: 'LANDFALL_PORT' };

// Each opens a store of its own.
describe('A receiver that is told to stop', { timeout: 120_000 }, () => {
  it('answers what is under way, refuses new connections, and tells clients not to keep theirs', async () => {
    await using receiver = await startReceiverUnderTest();
    receiver.temporal.state = 'hangs';
    const answering = deliver(receiver.url, 'shop', { id: 'evt_1', type: 'ping' });
    await eventually(() => receiver.temporal.asked).toBe(1);
    const closing = receiver.server.close(10_000);
    await expect(fetch(receiver.url)).rejects.toThrow();
    receiver.temporal.state = 'up';
    const answer = await answering;
    expect(answer.status).toBe(200);
    expect(answer.headers.get('connection')).toBe('close');
    await closing;
    expect(receiver.temporal.events).toHaveLength(1);
  });

  it('does not wait for clients that keep a connection open without a request on it', async () => {
    await using receiver = await startReceiverUnderTest();
    const agent = new Agent({ keepAlive: true });
    const body = JSON.stringify({ id: 'evt_1', type: 'ping' });
    const sending = httpRequest(`${receiver.url}/webhooks/shop`, {
      agent,
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(await sign('shop', body)) },
    });
    sending.end(body);
    const [response] = (await once(sending, 'response')) as [IncomingMessage];
    expect(response.headers.connection).toBe('keep-alive');
    response.resume();
    await once(response, 'end');
    const begun = performance.now();
    await receiver.server.close(20_000);
    expect(performance.now() - begun).toBeLessThan(10_000);
    agent.destroy();
  });

  it('goes on taking requests while balancers turn away, and lets go of the connections that clients keep', async () => {
    await using receiver = await startReceiverUnderTest();
    const event = (id: string) => deliver(receiver.url, 'shop', { id, type: 'ping' });
    expect((await event('evt_1')).headers.get('connection')).toBe('keep-alive');
    receiver.server.turnAway();
    const answer = await event('evt_2');
    expect(answer.status).toBe(200);
    expect(answer.headers.get('connection')).toBe('close');
  });

  it('cuts off after the grace what does not end', async () => {
    await using receiver = await startReceiverUnderTest();
    const socket = connect(receiver.server.port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write('POST /webhooks/shop HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Len');
    await once(socket, 'connect');
    const cut = once(socket, 'close');
    await receiver.server.close(50);
    await cut;
  });
});

describe('A server that is told to stop', () => {
  it('answers a request that is half sent, and tells its client not to keep the connection', async () => {
    const server = await listen((_request, response) => response.end('answered'), local);
    const socket = connect(server.port, '127.0.0.1').setEncoding('utf8');
    let answer = '';
    socket.on('data', (text: string) => (answer += text));
    await new Promise((resolve) => socket.write('GET / HTTP/1.1\r\nHost: x\r\n', resolve));
    // Sent later on another connection, so that the server has read the half when it answers this.
    await fetch(server.url, { headers: { connection: 'close' } });
    const closed = server.close(20_000);
    socket.write('\r\n');
    await once(socket, 'close');
    expect(answer).toContain('answered');
    expect(answer).toMatch(/^connection: close$/im);
    await closed;
  });
});

describe('A port that cannot be had', () => {
  it('is an error that names the port and the setting', async () => {
    const first = await listen((_request, response) => response.end(), local);
    const error: unknown = await listen(() => undefined, { ...local, port: first.port }).catch(
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(String(error)).toMatch(new RegExp(`${first.port}.*another program.*Set LANDFALL_PORT`));
    await first.close(0);
  });
});

describe('The port for operators', () => {
  const ok: Check = () => Promise.resolve();
  const down: Check = () => Promise.reject(new Error('password=hidden'));
  const hangs: Check = () => new Promise<never>(() => undefined);

  it.each([
    ['all', { temporal: ok, store: ok }, 200],
    ['all', { temporal: ok, store: down }, 503],
    ['all', { temporal: hangs, store: ok }, 503],
    ['any', { temporal: hangs, store: ok }, 200],
    ['any', { temporal: down, store: down }, 503],
  ] as const)('says with %s needed, and which answer: %o', async (readyWith, checks, status) => {
    const { registry } = createMetrics();
    const server = await listen(createOps({ checks, readyWith, registry, phase: () => 'serving' }), local);
    const response = await fetch(`${server.url}/readyz`);
    const text = await response.text();
    expect(response.status).toBe(status);
    const of = (check: Check) => (check === ok ? 'ok' : 'unreachable');
    expect(JSON.parse(text)).toEqual({
      status: status === 200 ? 'ok' : 'unavailable',
      temporal: of(checks.temporal),
      store: of(checks.store),
    });
    expect(text).not.toContain('hidden');
    expect((await fetch(`${server.url}/livez`)).status).toBe(200);
    await server.close(0);
  });

  it('is not ready before the process serves, nor once it stops, whatever answers', async () => {
    let phase: Phase = 'starting';
    const { registry } = createMetrics();
    const ops = createOps({ checks: { store: ok }, readyWith: 'all', registry, phase: () => phase });
    const server = await listen(ops, local);
    const ready = async () => {
      const response = await fetch(`${server.url}/readyz`);
      return [response.status, await response.json()];
    };
    expect(await ready()).toEqual([503, { status: 'starting', store: 'ok' }]);
    phase = 'serving';
    expect(await ready()).toEqual([200, { status: 'ok', store: 'ok' }]);
    phase = 'stopping';
    expect(await ready()).toEqual([503, { status: 'stopping', store: 'ok' }]);
    expect((await fetch(`${server.url}/livez`)).status).toBe(200);
    await server.close(0);
  });

  it('has the metrics in the format of Prometheus, and nothing else', async () => {
    const metrics = createMetrics();
    metrics.deliveries.inc({ source: 'shop', result: 'started' });
    const server = await listen(
      createOps({ checks: {}, readyWith: 'all', registry: metrics.registry, phase: () => 'serving' }),
      local,
    );
    const response = await fetch(`${server.url}/metrics`);
    expect(response.headers.get('content-type')).toMatch(/^text\/plain/);
    const text = await response.text();
    expect(text).toContain('landfall_deliveries_total{source="shop",result="started"} 1');
    expect(text).toContain('process_cpu_seconds_total');
    expect((await fetch(`${server.url}/webhooks/shop`, { method: 'POST' })).status).toBe(404);
    await server.close(0);
  });
});
