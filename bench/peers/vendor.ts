import { once } from 'node:events';
import { createServer } from 'node:http';

// The vendor's API as a process: `GET /records/<id>` answers a record and counts it, `GET /counts` tells how often each was read.
const counts = new Map<string, number>();
const note = 'Lorem ipsum dolor sit amet consectetur adipiscing elit sed do eiusmod tempor. '.repeat(8);

const server = createServer((request, response) => {
  const [, first, id = ''] = (request.url ?? '').split('/');
  response.writeHead(200, { 'content-type': 'application/json' });
  if (first === 'counts') {
    response.end(JSON.stringify(Object.fromEntries(counts)));
    return;
  }
  counts.set(id, (counts.get(id) ?? 0) + 1);
  response.end(JSON.stringify({ id, version: 1, name: 'Ada Berg', email: 'ada.berg@example.com', note }));
});
server.keepAliveTimeout = 60_000;
server.listen(Number(process.argv[2]), '127.0.0.1');
await once(server, 'listening');
console.log('ready');
