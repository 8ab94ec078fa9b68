import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';

/** A request as the stand-in received it. */
export interface VendorRequest {
  method: string;
  /** The path with its query. */
  url: URL;
  headers: IncomingHttpHeaders;
  body: string;
}

/** What it answers; `hang` never answers, `reset` breaks the connection. */
export type VendorReply =
  | { status?: number; headers?: Record<string, string>; json?: unknown; text?: string; bytes?: Buffer }
  | 'hang'
  | 'reset';

/** A vendor's API on a free port of this machine. */
export interface HttpVendor extends AsyncDisposable {
  /** Without a slash at its end. */
  url: string;
  /** In the order in which they came. */
  requests: VendorRequest[];
}

/** Starts a real HTTP server that stands in for a vendor's API or a destination. */
export async function startHttpVendor(
  answer: (request: VendorRequest) => VendorReply | Promise<VendorReply>,
): Promise<HttpVendor> {
  const requests: VendorRequest[] = [];
  const server = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const request = {
        method: incoming.method ?? '',
        url: new URL(incoming.url ?? '/', 'http://vendor'),
        headers: incoming.headers,
        body: Buffer.concat(chunks).toString(),
      };
      requests.push(request);
      void Promise.resolve(answer(request)).then((reply) => {
        if (reply === 'hang') return;
        if (reply === 'reset') {
          incoming.socket.destroy();
          return;
        }
        const body = reply.bytes ?? reply.text ?? JSON.stringify(reply.json ?? {});
        outgoing.writeHead(reply.status ?? 200, { 'content-type': 'application/json', ...reply.headers });
        outgoing.end(body);
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
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
