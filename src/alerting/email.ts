import { createTransport } from 'nodemailer';
import { AlertNotSentError } from '../errors.ts';
import type { AlertMessage } from '../model/incidents.ts';
import type { Channel, ChannelSettings } from './channel.ts';

const loopback = new Set(['localhost', '127.0.0.1', '::1']);

/**
 * Messages by e-mail, over SMTP. A repetition has the same Message-ID, by which most mailboxes know it; the end of an incident is
 * an answer to its beginning. A password is sent over TLS alone, but on this machine.
 */
export function emailChannel({ smtpUrl, from, to }: NonNullable<ChannelSettings['email']>): Channel {
  const { hostname, port, protocol, username, password } = new URL(smtpUrl);
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  const secure = protocol === 'smtps:';
  const transport = createTransport({
    host,
    port: port === '' ? (secure ? 465 : 587) : Number(port),
    secure,
    ...(username === ''
      ? {}
      : {
          auth: { user: decodeURIComponent(username), pass: decodeURIComponent(password) },
          requireTLS: !secure && !loopback.has(host),
        }),
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return {
    name: 'email',
    async send(message, { signal }) {
      const begun = idOf(message.id.replace(/-ended$/, '-begun'));
      try {
        await transport.sendMail({
          from,
          to: [...to],
          subject: `[Landfall] ${message.title}`,
          text: toText(message),
          messageId: idOf(message.id),
          ...(message.phase === 'ended' ? { inReplyTo: begun, references: begun } : {}),
          headers: { 'Auto-Submitted': 'auto-generated' },
          signal,
        });
      } catch (cause) {
        throw new AlertNotSentError('The mail server did not take the message.', { cause });
      }
    },
  };
}

function idOf(id: string): string {
  return `<${id}@landfall>`;
}

function toText({ title, text, alert, severity, beganAt, endedAt, runbook }: AlertMessage): string {
  return [
    `${title}.`,
    text,
    [
      `Alert:    ${alert} (${severity})`,
      `Began:    ${beganAt}`,
      ...(endedAt === null ? [] : [`Ended:    ${endedAt}`]),
      `Runbook:  ${runbook}`,
      ...(endedAt === null
        ? [`Silence:  landfall alerts silence ${alert} --for 4h --by you@example.com --reason "…"`]
        : []),
    ].join('\n'),
  ].join('\n\n');
}
