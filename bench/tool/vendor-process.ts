import { once } from 'node:events';
import { createServer } from 'node:http';
import { z } from 'zod';
import { answerParent } from './answer-parent.ts';
import { benchRecord } from './bench-event.ts';

const updatedAt = '2026-01-01T00:00:00.000Z';

let listLength = 0;
const messageSchema = z.object({ listLength: z.int() });

// The vendor: `GET /customers/<id>` answers a record for any id, `GET /v1/changes` lists as many as it was told, made while they are read.
const server = createServer((request, response) => {
  const url = new URL(request.url ?? '/', 'http://vendor');
  const [, first, second = ''] = url.pathname.split('/');
  const answer =
    first === 'customers'
      ? benchRecord(decodeURIComponent(second))
      : second === 'changes'
        ? listPage(url.searchParams)
        : null;
  response.writeHead(answer === null ? 404 : 200, { 'content-type': 'application/json' });
  response.end(JSON.stringify(answer));
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const address = server.address();
if (address === null || typeof address === 'string') throw new Error('The vendor has no port.');
answerParent({ url: `http://127.0.0.1:${address.port}` }, (message) => {
  ({ listLength } = messageSchema.parse(message));
  return Promise.resolve(null);
});

/** One page of the list, in the form of the demo vendor's: record number n is `cus_<n>` at version 1. */
function listPage(query: URLSearchParams) {
  const from = Number(query.get('cursor') ?? 0);
  const since = query.get('updated_since');
  const length = since !== null && Date.parse(since) > Date.parse(updatedAt) ? 0 : listLength;
  const to = Math.min(from + Number(query.get('limit') ?? 100), length);
  const data = Array.from({ length: to - from }, (_, index) => ({
    object: 'customer',
    id: `cus_${from + index}`,
    version: 1,
    updated_at: updatedAt,
    deleted: false,
  }));
  return { data, next_cursor: to < length ? String(to) : null };
}
