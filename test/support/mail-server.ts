import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';

/** One mail that arrived. */
export interface ArrivedMail {
  from: string;
  to: string[];
  /** By lower-case name, unfolded. */
  headers: Record<string, string>;
  text: string;
}

/** A mail server that writes down what it gets. */
export interface MailServer extends AsyncDisposable {
  /** `127.0.0.1:<port>`. */
  host: string;
  arrived: ArrivedMail[];
  /** What it refuses the next mails with; null: it takes them. */
  refusal: string | null;
}

/** Starts one on a free port; it takes mails of the one user alone. */
export async function startMailServer(user: { name: string; password: string }): Promise<MailServer> {
  const server = new SMTPServer({
    disabledCommands: ['STARTTLS'],
    onAuth({ username, password }, _session, done) {
      const known = username === user.name && password === user.password;
      if (known) done(null, { user: username });
      else done(new Error('Invalid username or password'));
    },
    onData(stream, { envelope }, done) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        if (mails.refusal !== null) {
          done(new Error(mails.refusal));
          return;
        }
        const raw = Buffer.concat(chunks).toString('utf8');
        const from = envelope.mailFrom === false ? '' : envelope.mailFrom.address;
        mails.arrived.push({ from, to: envelope.rcptTo.map(({ address }) => address), ...readMail(raw) });
        done();
      });
    },
  });
  server.on('error', () => undefined);
  server.listen(0, '127.0.0.1');
  await once(server.server, 'listening');
  const mails: MailServer = {
    host: `127.0.0.1:${(server.server.address() as AddressInfo).port}`,
    arrived: [],
    refusal: null,
    [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())),
  };
  return mails;
}

function readMail(raw: string): Pick<ArrivedMail, 'headers' | 'text'> {
  const end = raw.indexOf('\r\n\r\n');
  const headers = raw
    .slice(0, end)
    .replaceAll(/\r\n[ \t]+/g, ' ')
    .split('\r\n')
    .map((line): [string, string] => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    });
  const body = raw.slice(end + 4);
  const fields = Object.fromEntries(headers);
  const quoted = fields['content-transfer-encoding'] === 'quoted-printable';
  return { headers: fields, text: quoted ? unquote(body) : body };
}

function unquote(text: string): string {
  const bytes = text
    .replaceAll('=\r\n', '')
    .replaceAll(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1').toString('utf8');
}
