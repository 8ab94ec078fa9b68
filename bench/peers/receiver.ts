import { createHmac, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import express, { type ErrorRequestHandler } from 'express';
import type { TakeEvent } from './peer.ts';
import { recordEventSchema } from './record-event.ts';

const signatureHeader = 'x-bench-signature';

/** `POST /webhooks/bench`: verifies the exact bytes, makes the event durable, answers 200. Else 401, 400 or 503. */
export async function startReceiver(port: number, secret: string, take: TakeEvent): Promise<void> {
  const app = express().disable('x-powered-by').disable('etag');
  app.post('/webhooks/bench', express.raw({ type: () => true, limit: '1mb' }), async (request, response) => {
    const body: unknown = request.body;
    if (!Buffer.isBuffer(body) || !isSigned(body, request.get(signatureHeader), secret)) {
      response.status(401).json({ error: 'the signature does not match' });
      return;
    }
    const event = recordEventSchema.safeParse(JSON.parse(body.toString('utf8')));
    if (!event.success) {
      response.status(400).json({ error: 'no event' });
      return;
    }
    await take(event.data);
    response.json({ accepted: true });
  });
  app.use(unavailable);
  const server = app.listen(port, '127.0.0.1');
  await once(server, 'listening');
}

/** HMAC-SHA256 over the body, as `sha256=<hex>`, compared in constant time. */
function isSigned(body: Buffer, header: string | undefined, secret: string): boolean {
  const expected = Buffer.from(`sha256=${createHmac('sha256', secret).update(body).digest('hex')}`);
  const given = Buffer.from(header ?? '');
  return given.length === expected.length && timingSafeEqual(given, expected);
}

/** What is not held by the queue is not acknowledged: the vendor sends it again. Express wants all four parameters. */
const unavailable: ErrorRequestHandler = (_error, _request, response, _next) => {
  response.status(503).json({ error: 'not taken' });
};
