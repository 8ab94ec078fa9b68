import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';

/** A request as the stand-in received it. */
export interface StandInRequest {
  method: string;
  /** The path with its query. */
  url: URL;
  headers: IncomingHttpHeaders;
  body: string;
  /** Fulfilled when the connection is over, answered or not. */
  closed: Promise<void>;
}

/** What it answers; `hang` never answers, `reset` breaks the connection. */
export type StandInReply =
  | {
      status?: number;
      headers?: Readonly<Record<string, string>>;
      json?: unknown;
      text?: string;
      bytes?: Buffer;
    }
  | 'hang'
  | 'reset';

/** A vendor's API on a free port of this machine. */
export interface StandIn extends AsyncDisposable {
  /** Without a slash at its end. */
  url: string;
  /** In the order in which they came. */
  requests: StandInRequest[];
  /** Fulfilled by the next request that comes in. */
  nextRequest(): Promise<StandInRequest>;
}

/** Starts a real HTTP server that answers as a vendor's API would. */
export async function startStandIn(
  answer: (request: StandInRequest) => StandInReply | Promise<StandInReply>,
): Promise<StandIn> {
  const requests: StandInRequest[] = [];
  const waiting: ((request: StandInRequest) => void)[] = [];
  const server = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = [];
    const closed = new Promise<void>((resolve) => outgoing.once('close', resolve));
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const request = {
        method: incoming.method ?? '',
        url: new URL(incoming.url ?? '/', 'http://vendor'),
        headers: incoming.headers,
        body: Buffer.concat(chunks).toString(),
        closed,
      };
      requests.push(request);
      const answered = Promise.resolve(answer(request));
      for (const resolve of waiting.splice(0)) resolve(request);
      void answered.then((reply) => {
        if (reply === 'hang') return;
        if (reply === 'reset') {
          incoming.socket.destroy();
          return;
        }
        outgoing.writeHead(reply.status ?? 200, { 'content-type': 'application/json', ...reply.headers });
        outgoing.end(reply.bytes ?? reply.text ?? JSON.stringify(reply.json ?? {}));
      });
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The stand-in has no port.');
  return {
    url: `http://127.0.0.1:${address.port}`,
    requests,
    nextRequest: () => new Promise((resolve) => waiting.push(resolve)),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
