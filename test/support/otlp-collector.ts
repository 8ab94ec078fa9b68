import { once } from 'node:events';
import { createServer } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { z } from 'zod';

/** A span as it arrived. */
export interface CollectedSpan {
  service: string;
  name: string;
  /** OTLP's number: 1 internal, 2 server, 3 client. */
  kind: number;
  traceId: string;
  spanId: string;
  /** null of a root. */
  parentSpanId: string | null;
  attributes: Record<string, unknown>;
  links: { traceId: string; spanId: string }[];
  /** OTLP's code of its status: 0 unset, 1 ok, 2 error. */
  status: number;
}

/** A collector that takes traces by OTLP over HTTP and keeps them. */
export interface OtlpCollector extends AsyncDisposable {
  url: string;
  /** Requests as they came: their content type, headers and bytes. */
  requests: { path: string; type: string; headers: Record<string, unknown>; body: Buffer }[];
  /** The spans of what came as JSON. */
  spans(): CollectedSpan[];
  /** How the next requests are answered. @default 200 */
  answerWith(status: number): void;
}

const attributeValue = z
  .looseObject({})
  .transform((value): unknown => Object.values(value)[0])
  .optional();
const attributes = z
  .array(z.looseObject({ key: z.string(), value: attributeValue }))
  .default([])
  .transform((pairs) => Object.fromEntries(pairs.map(({ key, value }) => [key, value])));
const traces = z.looseObject({
  resourceSpans: z.array(
    z.looseObject({
      resource: z.looseObject({ attributes }),
      scopeSpans: z.array(
        z.looseObject({
          spans: z.array(
            z.looseObject({
              name: z.string(),
              kind: z.number(),
              traceId: z.string(),
              spanId: z.string(),
              parentSpanId: z.string().optional(),
              attributes,
              links: z.array(z.looseObject({ traceId: z.string(), spanId: z.string() })).default([]),
              status: z.looseObject({ code: z.number().default(0) }),
            }),
          ),
        }),
      ),
    }),
  ),
});

/** Starts one on a free port of this machine. */
export async function startOtlpCollector(): Promise<OtlpCollector> {
  const requests: OtlpCollector['requests'] = [];
  let status = 200;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const bytes = Buffer.concat(chunks);
      const body = request.headers['content-encoding'] === 'gzip' ? gunzipSync(bytes) : bytes;
      const { 'content-type': type = '', ...headers } = request.headers;
      requests.push({ path: request.url ?? '', type, headers, body });
      response.writeHead(status, { 'content-type': type }).end(type.includes('json') ? '{}' : '');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The collector has no port.');
  return {
    url: `http://127.0.0.1:${address.port}`,
    requests,
    spans: () =>
      requests
        .filter(({ type }) => type.startsWith('application/json'))
        .flatMap(({ body }) => readSpans(body.toString('utf8'))),
    answerWith: (next) => {
      status = next;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function readSpans(text: string): CollectedSpan[] {
  return traces.parse(JSON.parse(text)).resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) =>
      spans.map(({ name, kind, traceId, spanId, parentSpanId = '', attributes: of, links, status }) => ({
        service: String(resource.attributes['service.name']),
        name,
        kind,
        traceId,
        spanId,
        parentSpanId: parentSpanId === '' ? null : parentSpanId,
        attributes: of,
        links: links.map((link) => ({ traceId: link.traceId, spanId: link.spanId })),
        status: status.code,
      })),
    ),
  );
}
