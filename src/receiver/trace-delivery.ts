import { context, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { Request, Response } from 'express';
import { beginSpan, linkTo } from '../monitoring/tracing.ts';

/**
 * Goes on with a delivery as the root of a trace that lasts until the answer is out. A `traceparent` of the sender's is linked, and
 * not believed: as a parent, strangers would choose our trace ids, and what we keep of our traces.
 *
 * @see https://opentelemetry.io/docs/specs/semconv/http/http-spans/#http-server
 */
export function traceDelivery(
  { headers }: Pick<Request, 'headers'>,
  response: Response,
  source: string,
  goOn: () => void,
): void {
  const { traceparent } = headers;
  const route = '/webhooks/:source';
  const span = beginSpan(`POST ${route}`, {
    root: true,
    kind: SpanKind.SERVER,
    links: linkTo(typeof traceparent === 'string' ? traceparent : undefined),
    attributes: { 'http.request.method': 'POST', 'http.route': route, 'landfall.source': source },
  });
  // Also where the sender hangs up and hears no answer.
  response.once('close', () => {
    const { statusCode } = response;
    span.setAttribute('http.response.status_code', statusCode);
    if (statusCode >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
    span.end();
  });
  context.with(trace.setSpan(ROOT_CONTEXT, span), goOn);
}
