import { Writable } from 'node:stream';
import { pino } from 'pino';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { Channel } from '../../../src/alerting/channel.ts';
import { openChannels } from '../../../src/alerting/open-channels.ts';
import { AlertNotSentError } from '../../../src/errors.ts';
import { begunMessage, endedMessage, type EndedIncident } from '../../../src/model/incidents.ts';
import { type HttpVendor, startHttpVendor, type VendorReply } from '../../support/http-vendor.ts';
import { type MailServer, startMailServer } from '../../support/mail-server.ts';

const secret = `whsec_${Buffer.from('the secret of the endpoint').toString('base64')}`;
const incident: EndedIncident = {
  id: '3f1c7a52-5c1c-4a56-9a0e-0d5a2f1f2d11',
  kind: 'rejections',
  source: 'stripe',
  title: 'unusually many deliveries are refused',
  text: '40 deliveries were refused, <!channel> & 3 good ones – “probing”.',
  cause: 'probing',
  beganAt: '2026-01-05T12:00:00.000Z',
  clearSince: null,
  told: true,
  endedAt: '2026-01-05T12:45:00.000Z',
};
const begun = begunMessage(incident);
const ended = endedMessage(incident);
const { signal } = new AbortController();

describe('a message of an incident', () => {
  let server: HttpVendor;
  let mails: MailServer;
  let answer: VendorReply = { status: 200, text: 'ok' };
  const lines: Record<string, unknown>[] = [];
  let channels: Map<string, Channel>;
  beforeAll(async () => {
    server = await startHttpVendor(() => answer);
    mails = await startMailServer({ name: 'landfall', password: 'p@ss/word' });
    const destination = new Writable({
      write(line: Buffer, _encoding, done) {
        lines.push(JSON.parse(line.toString()) as Record<string, unknown>);
        done();
      },
    });
    channels = new Map(
      openChannels(
        {
          slackUrl: `${server.url}/services/T0/B0/xyz`,
          webhook: { url: `${server.url}/hook`, secret },
          email: {
            smtpUrl: `smtp://landfall:p%40ss%2Fword@${mails.host}`,
            from: 'Landfall <landfall@example.com>',
            to: ['ada@example.com', 'bob@example.com'],
          },
        },
        { logger: pino(destination), now: Date.now },
      ).map((channel) => [channel.name, channel]),
    );
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    await mails[Symbol.asyncDispose]();
  });

  const channel = (name: Channel['name']): Channel => {
    const found = channels.get(name);
    if (found === undefined) throw new Error(`${name} is set`);
    return found;
  };
  const last = () => {
    const request = server.requests.at(-1);
    if (request === undefined) throw new Error('nothing came');
    return request;
  };

  it('is a line of the log, by its severity, and info when it is over', async () => {
    await channel('log').send(begun, { signal });
    await channel('log').send({ ...begun, severity: 'critical' }, { signal });
    await channel('log').send(ended, { signal });
    expect(lines.map(({ level }) => level)).toEqual([40, 50, 30]);
    expect(lines[0]).toMatchObject({
      alert: 'rejections:stripe',
      phase: 'begun',
      msg: `alert: stripe: unusually many deliveries are refused. ${incident.text}`,
    });
  });

  it('about a silence is no second line: its own workflow has logged it', async () => {
    const before = lines.length;
    await channel('log').send({ ...begun, kind: 'silence' }, { signal });
    expect(lines).toHaveLength(before);
  });

  it('is posted to Slack, with what it says escaped', async () => {
    await channel('slack').send(begun, { signal });
    const { url, headers, body } = last();
    expect(url.pathname).toBe('/services/T0/B0/xyz');
    expect(headers['content-type']).toBe('application/json');
    const { text, blocks } = JSON.parse(body) as { text: string; blocks: unknown[] };
    expect(text).toBe('stripe: unusually many deliveries are refused');
    expect(JSON.stringify(blocks)).toContain('&lt;!channel&gt; &amp; 3 good ones');
    expect(JSON.stringify(blocks)).not.toContain('<!channel>');
    expect(JSON.stringify(blocks)).toContain('docs/alerts.md#rejections');
    await channel('slack').send(ended, { signal });
    expect(last().body).toContain(':large_green_circle: *over: stripe: unusually many');
    expect(last().body).toContain('lasted 45 min');
  });

  it('is posted to an endpoint, which the library of Standard Webhooks verifies', async () => {
    await channel('webhook').send(begun, { signal });
    const first = last();
    const read = (request: typeof first) =>
      new Webhook(secret).verify(request.body, z.record(z.string(), z.string()).parse(request.headers));
    const data: Partial<typeof begun> = { ...begun };
    delete data.id;
    expect(read(first)).toEqual({ type: 'landfall.alert.begun', timestamp: incident.beganAt, data });
    expect(first.headers['webhook-id']).toBe(`${incident.id}-begun`);
    await channel('webhook').send(ended, { signal });
    expect(read(last())).toMatchObject({ type: 'landfall.alert.ended', timestamp: incident.endedAt });
    expect(last().headers['webhook-id']).toBe(`${incident.id}-ended`);
  });

  it('is mailed, and its end is an answer to it', async () => {
    await channel('email').send(begun, { signal });
    await channel('email').send(ended, { signal });
    const [first, second] = mails.arrived;
    expect(first).toMatchObject({
      from: 'landfall@example.com',
      to: ['ada@example.com', 'bob@example.com'],
      headers: {
        subject: '[Landfall] stripe: unusually many deliveries are refused',
        'message-id': `<${incident.id}-begun@landfall>`,
        'auto-submitted': 'auto-generated',
      },
    });
    expect(first?.text).toContain('3 good ones – “probing”.');
    expect(first?.text).toContain('Silence:  landfall alerts silence rejections:stripe --for 4h');
    expect(second?.headers).toMatchObject({
      'message-id': `<${incident.id}-ended@landfall>`,
      'in-reply-to': `<${incident.id}-begun@landfall>`,
    });
    expect(second?.text).toContain('Ended:    2026-01-05T12:45:00.000Z');
    expect(second?.text).not.toContain('Silence:');
  });

  it.each(['slack', 'webhook'] as const)(
    'that %s does not take is an error, without the address',
    async (name) => {
      const send = () => channel(name).send(begun, { signal });
      for (const [reply, message] of [
        [{ status: 404, text: 'no_service' }, /answered 404: no_service/],
        [{ status: 302, headers: { location: 'http://127.0.0.1:9/' } }, /answered 302/],
        ['reset', /could not be reached/],
      ] as const) {
        answer = reply;
        const error: unknown = await send().catch((thrown: unknown) => thrown);
        expect(error).toBeInstanceOf(AlertNotSentError);
        expect(String(error)).toMatch(message);
        expect(String(error)).not.toContain(server.url);
      }
      answer = { status: 200, text: 'ok' };
      await send();
    },
  );

  it('is given up when its time is over, by an endpoint and by a mail server that do not answer', async () => {
    answer = 'hang';
    const silent = await startHttpVendor(() => 'hang');
    const { host } = new URL(silent.url);
    const [, mute] = openChannels(
      {
        slackUrl: null,
        webhook: null,
        email: { smtpUrl: `smtp://${host}`, from: 'a@example.com', to: ['b@example.com'] },
      },
      { logger: pino({ enabled: false }), now: Date.now },
    );
    for (const each of [channel('slack'), channel('webhook'), mute]) {
      await expect(each?.send(begun, { signal: AbortSignal.timeout(200) })).rejects.toThrow(
        AlertNotSentError,
      );
    }
    answer = { status: 200, text: 'ok' };
    await silent[Symbol.asyncDispose]();
  });

  it('that the mail server refuses is an error, and so is a wrong password, which it does not show', async () => {
    mails.refusal = 'The mailbox is full';
    const refused: unknown = await channel('email')
      .send(begun, { signal })
      .catch((thrown: unknown) => thrown);
    mails.refusal = null;
    expect(refused).toBeInstanceOf(AlertNotSentError);
    expect(String((refused as Error).cause)).toContain('The mailbox is full');
    const [, wrong] = openChannels(
      {
        slackUrl: null,
        webhook: null,
        email: {
          smtpUrl: `smtp://landfall:hidden-password@${mails.host}`,
          from: 'a@example.com',
          to: ['b@example.com'],
        },
      },
      { logger: pino({ enabled: false }), now: Date.now },
    );
    const denied: unknown = await wrong?.send(begun, { signal }).catch((thrown: unknown) => thrown);
    expect(denied).toBeInstanceOf(AlertNotSentError);
    expect(String((denied as Error).cause)).toMatch(/Invalid (login|username or password)/);
    expect(JSON.stringify(denied, Object.getOwnPropertyNames(denied))).not.toContain('hidden-password');
  });

  it('never carries a password to another machine without TLS', async () => {
    const [, plain] = openChannels(
      {
        slackUrl: null,
        webhook: null,
        email: {
          // This machine, by a name that nothing knows it by.
          smtpUrl: `smtp://landfall:p%40ss%2Fword@${mails.host.replace('127.0.0.1', '[::ffff:127.0.0.1]')}`,
          from: 'a@example.com',
          to: ['b@example.com'],
        },
      },
      { logger: pino({ enabled: false }), now: Date.now },
    );
    const before = mails.arrived.length;
    const refused: unknown = await plain?.send(begun, { signal }).catch((thrown: unknown) => thrown);
    expect(refused).toBeInstanceOf(AlertNotSentError);
    expect(String((refused as Error).cause)).toContain('STARTTLS');
    expect(mails.arrived).toHaveLength(before);
  });
});
