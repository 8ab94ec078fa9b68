import { once } from 'node:events';
import { createServer } from 'node:http';
import { Webhook } from 'standardwebhooks';

/** One webhook that arrived. */
export interface ArrivedWebhook {
  id: string;
  body: string;
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
  const server = createServer(async (request, response) => {
    open += 1;
    most = Math.max(most, open);
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks).toString('utf8');
    const { 'webhook-id': id } = request.headers;
    arrived.push({ id: String(id), body, signed: isSigned(secret(), request.headers, body) });
    await gate;
    open -= 1;
    response.writeHead(status).end();
  });
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

function isSigned(secret: string, headers: NodeJS.Dict<string | string[]>, body: string): boolean {
  const texts = Object.entries(headers).map(([name, value]) => [name, String(value)]);
  try {
    new Webhook(secret).verify(body, Object.fromEntries(texts), { jsonParse: false });
    return true;
  } catch {
    return false;
  }
}
