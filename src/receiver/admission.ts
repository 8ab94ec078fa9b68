import type { RequestHandler } from 'express';
import type { Metrics } from '../monitoring/metrics.ts';
import type { Source } from '../sources/define-source.ts';
import { headersOf } from './delivery-request.ts';
import { maxHeaders } from './limits.ts';
import { sendProblem } from './problem.ts';
import type { Rejections } from './rejections.ts';

/** Refuses a request with more headers than any delivery has: Node would pass over those beyond its limit, a signature perhaps. */
export function requireFewHeaders(metrics: Metrics): RequestHandler {
  return (request, response, next) => {
    if (request.rawHeaders.length / 2 <= maxHeaders) {
      next();
      return;
    }
    metrics.cutOff.inc({ reason: 'headers_too_large' });
    sendProblem(response, 'LANDFALL_HEADERS_TOO_LARGE', `The request has more than ${maxHeaders} headers.`);
  };
}

/** Refuses, before its body is read, what comes from elsewhere than a source's vendor delivers from. */
export function requireAllowedAddress<Parameters>(
  sourceOf: (parameters: Parameters) => Source | undefined,
  rejections: Rejections,
): RequestHandler<Parameters> {
  return (request, response, next) => {
    const source = sourceOf(request.params);
    const { ip = '' } = request;
    if (source?.allowedAddresses == null || source.allowedAddresses.includes(ip)) {
      next();
      return;
    }
    const headers = headersOf(request);
    // The most likely mistake: it is the address of our own balancer.
    const unheard =
      headers['x-forwarded-for'] !== undefined && ip === request.socket.remoteAddress
        ? ' Its X-Forwarded-For counts only where LANDFALL_TRUSTED_PROXIES names that address.'
        : '';
    const detail = `Deliveries of this source are not taken from ${JSON.stringify(ip)}.${unheard}`;
    rejections.note({ source, reason: 'address_not_allowed', detail, body: Buffer.alloc(0), headers });
    sendProblem(response, 'LANDFALL_ADDRESS_REFUSED', detail, { reason: 'address_not_allowed' });
  };
}

/** Seconds after which a vendor should send again what there was no place for. */
const retryAfterSeconds = 5;

/** Keeps one source from taking the places of all others: no more than so many of its requests are under way at once. */
export function limitUnderWay<Parameters>(
  most: number,
  sourceOf: (parameters: Parameters) => Source | undefined,
  metrics: Metrics,
): RequestHandler<Parameters> {
  const underWay = new Map<string, number>();
  return (request, response, next) => {
    const name = sourceOf(request.params)?.name ?? '';
    const count = underWay.get(name) ?? 0;
    if (count >= most) {
      metrics.deliveries.inc({ source: name, result: 'unavailable' });
      response.set('Retry-After', String(retryAfterSeconds));
      sendProblem(
        response,
        'LANDFALL_BUSY',
        `${most} deliveries of this source are under way. Send it again later.`,
      );
      return;
    }
    underWay.set(name, count + 1);
    response.once('close', () => underWay.set(name, (underWay.get(name) ?? 1) - 1));
    next();
  };
}
