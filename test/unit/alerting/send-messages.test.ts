import { Writable } from 'node:stream';
import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Channel } from '../../../src/alerting/channel.ts';
import { sendAlertMessages } from '../../../src/alerting/send-messages.ts';
import { AlertNotSentError } from '../../../src/errors.ts';
import { createMetrics } from '../../../src/monitoring/metrics.ts';
import { openStore } from '../../../src/store/open-store.ts';
import type { Store } from '../../../src/store/store.ts';

const day = 86_400_000;
const finding = { title: 'wrong', text: 'it is wrong', cause: null };

describe('the messages of incidents', () => {
  let store: Store;
  beforeAll(async () => {
    store = await openStore({ databaseUrl: null, dataDirectory: null });
    await store.migrate();
  });
  afterAll(() => store.close());

  let sent: string[];
  let failure: Error | null = null;
  let logged: string;
  let now: number;
  const metrics = createMetrics();
  beforeEach(() => {
    sent = [];
    failure = null;
    logged = '';
    now = Date.now();
  });
  const channelOf = (name: Channel['name']): Channel => ({
    name,
    send: ({ alert, phase }) => {
      if (failure !== null && name === 'slack') return Promise.reject(failure);
      sent.push(`${name} ${alert} ${phase}`);
      return Promise.resolve();
    },
  });
  const deps = () => ({
    store,
    channels: [channelOf('log'), channelOf('slack')],
    metrics,
    logger: pino(
      new Writable({
        write(line: Buffer, _encoding, done) {
          logged += line.toString();
          done();
        },
      }),
    ),
    redact: (text: string) => text.replaceAll('hidden-path', '[redacted]'),
    now: () => now,
  });
  const send = (signal = new AbortController().signal) => sendAlertMessages(deps(), signal);
  const settle = (sources: readonly string[], channels = ['log', 'slack']) =>
    store.settleIncidents({
      judgements: sources.map((source) => ({ kind: 'lag', source, finding })),
      channels,
      now: Date.now(),
      settleMilliseconds: 0,
    });
  const counted = async (result: string) => {
    const { values } = await metrics.alertMessages.get();
    return values.filter(({ labels }) => labels.result === result).reduce((sum, { value }) => sum + value, 0);
  };

  it('are each sent once, though two send at the same time', async () => {
    await settle(['one', 'two']);
    await Promise.all([send(), send()]);
    expect(sent.sort()).toEqual([
      'log lag:one begun',
      'log lag:two begun',
      'slack lag:one begun',
      'slack lag:two begun',
    ]);
    await settle([]);
    await send();
    expect(sent).toHaveLength(8);
    expect(await counted('sent')).toBe(8);
    await send();
    expect(sent).toHaveLength(8);
  });

  it('that one channel does not take are sent by the others, and tried again later; no secret is logged', async () => {
    failure = new AlertNotSentError('Slack answered 404: no \u0000 hidden-path.', {
      cause: new TypeError('fetch failed', { cause: new Error('connect ECONNREFUSED') }),
    });
    await settle(['three']);
    await send();
    expect(sent).toEqual(['log lag:three begun']);
    expect(await store.countAlertMessages()).toBe(1);
    expect(logged).toContain(
      'Slack answered 404: no \\u0000 [redacted]. (fetch failed (connect ECONNREFUSED))',
    );
    expect(logged).toContain('tried again');
    expect(logged).not.toContain('hidden-path');
    // Its pause is not over.
    await send();
    expect(await counted('failed')).toBe(1);
    await settle([]);
    await send();
    expect(sent).toEqual(['log lag:three begun', 'log lag:three ended']);
  });

  it('are given up after a day, and where their channel is not set any more', async () => {
    failure = new AlertNotSentError('Slack answered 500.');
    await settle(['four'], ['slack']);
    now += day + 1_000;
    await send();
    expect(logged).toContain('given up');
    expect(await counted('given-up')).toBe(1);
    failure = null;
    await settle(['four', 'five'], ['email']);
    await send();
    expect(logged).toContain('This channel is not set any more.');
    expect(sent).toEqual([]);
  });

  it('stay for the next process where this one is stopped, and a mistake of ours is none of theirs', async () => {
    await settle(['four', 'five', 'six'], ['log']);
    await send(AbortSignal.abort());
    expect(sent).toEqual([]);
    await send();
    expect(sent).toEqual(['log lag:six begun']);
    failure = new TypeError('a mistake');
    await settle(['seven'], ['slack']);
    await expect(send()).rejects.toThrow('a mistake');
  });
});
