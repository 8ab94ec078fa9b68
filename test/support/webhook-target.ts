import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Webhook } from 'standardwebhooks';

/** One webhook that arrived. */
export interface ArrivedWebhook {
  id: string;
  body: string;
  /** By lower-case name. */
  headers: Record<string, string>;
  /** Whether the target's secret signed it. */
  signed: boolean;
}

/** An endpoint that writes down the webhooks it gets. */
export interface WebhookTarget {
  url: string;
  arrived: ArrivedWebhook[];
  /** The most requests that were open at once. */
  mostAtOnce(): number;
  /** How the next ones are answered. @default 200 */
  answerWith(status: number): void;
  /** Keeps requests waiting for their answer until the returned function is called. */
  hold(): () => void;
  close(): Promise<void>;
}

/** Starts one on a free port. Those with a valid signature of `secret` count as signed. */
export async function startWebhookTarget(secret: () => string): Promise<WebhookTarget> {
  const arrived: ArrivedWebhook[] = [];
  let status = 200;
  let open = 0;
  let most = 0;
  let gate = Promise.resolve();
  const server = createServer((request, response) => {
    take(request, response).catch(() => response.destroy());
  });
  const take = async (request: IncomingMessage, response: ServerResponse) => {
    open += 1;
    most = Math.max(most, open);
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks).toString('utf8');
    const headers = Object.fromEntries(
      Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
    );
    arrived.push({
      id: headers['webhook-id'] ?? '',
      body,
      headers,
      signed: isSigned(secret(), headers, body),
    });
    await gate;
    open -= 1;
    response.writeHead(status).end();
  };
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The target has no port.');
  return {
    url: `http://127.0.0.1:${address.port}/webhooks/demo`,
    arrived,
    mostAtOnce: () => most,
    answerWith: (next) => {
      status = next;
    },
    hold: () => {
      let release = () => {};
      gate = new Promise((resolve) => {
        release = resolve;
      });
      return () => release();
    },
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function isSigned(secret: string, headers: Record<string, string>, body: string): boolean {
  try {
    new Webhook(secret).verify(body, headers, { jsonParse: false });
    return true;
  } catch {
    return false;
  }
}
