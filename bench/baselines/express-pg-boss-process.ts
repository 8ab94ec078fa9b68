import { createHash } from 'node:crypto';
import { once } from 'node:events';
import express from 'express';
import PgBoss from 'pg-boss';
import { z } from 'zod';
import { hmacScheme } from '../../src/verification/hmac.ts';
import { answerParent } from '../tool/answer-parent.ts';
import { benchScheme, benchSecret } from '../tool/bench-event.ts';

const env = z.object({ DATABASE_URL: z.url() }).parse(process.env);
const queue = 'events';
const eventSchema = z.looseObject({
  id: z.string(),
  type: z.string(),
  data: z.looseObject({ id: z.string() }),
});

// The receiver that many write first: Express, the same verification, and a job in pg-boss for each event. A job's id is made of the
// event's, so that the same event twice is one job. No worker runs: only the way to the acknowledgement is measured.
const boss = new PgBoss(env.DATABASE_URL);
boss.on('error', (error) => console.error(error));
await boss.start();
await boss.createQueue(queue);

const scheme = hmacScheme({ ...benchScheme, secrets: [benchSecret] });
const app = express();
app.disable('x-powered-by');
app.disable('etag');
app.post('/webhooks/:source', express.raw({ type: '*/*', limit: '1mb' }), async (request, response) => {
  const body = z.instanceof(Buffer).parse(request.body);
  const headers = z.record(z.string(), z.string()).parse(request.headers);
  const verified = await scheme.verify({ body, headers, now: Date.now() });
  if (!verified.verified) {
    response.status(401).json({ reason: verified.reason });
    return;
  }
  const event = eventSchema.parse(JSON.parse(body.toString('utf8')));
  const added = await boss.send(queue, event, { id: jobId(event.id) });
  response.json({ eventId: event.id, duplicate: added === null });
});
const server = app.listen(0, '127.0.0.1');
await once(server, 'listening');
const address = server.address();
if (address === null || typeof address === 'string') throw new Error('The server has no port.');
answerParent({ url: `http://127.0.0.1:${address.port}` }, () => Promise.resolve(null));

function jobId(eventId: string): string {
  const hex = createHash('sha256').update(eventId).digest('hex');
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `8${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join('-');
}
