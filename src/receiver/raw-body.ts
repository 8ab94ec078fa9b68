import express, { type ErrorRequestHandler, type RequestHandler } from 'express';
import { sendProblem } from './problem.ts';

/** `application/json` and `application/<anything>+json`, with or without parameters. */
const json = /^application\/(?:[\w.+-]+\+)?json\s*(?:;|$)/i;

/** Refuses what cannot be a webhook before its body is read. A request without any body passes: its signature will not. */
export const requireJson: RequestHandler = (request, response, next) => {
  const { 'content-type': type, 'content-encoding': encoding } = request.headers;
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
    sendProblem(
      response,
      'LANDFALL_CONTENT_TYPE_REFUSED',
      `The body is encoded as ${JSON.stringify(encoding)}. Send it as it was signed, without Content-Encoding.`,
    );
    return;
  }
  const empty =
    request.headers['transfer-encoding'] === undefined &&
    Number(request.headers['content-length'] ?? 0) === 0;
  if (!empty && !json.test(type ?? '')) {
    sendProblem(
      response,
      'LANDFALL_CONTENT_TYPE_REFUSED',
      `The Content-Type is ${JSON.stringify(type ?? '')}. Send application/json; many vendors have a setting for it.`,
    );
    return;
  }
  next();
};

/** The exact bytes of the body as `request.body`, an empty Buffer where there is none. */
export function rawBody(maxBodyBytes: number): RequestHandler[] {
  return [
    express.raw({ type: () => true, limit: maxBodyBytes, inflate: false }),
    (request, _response, next) => {
      if (!Buffer.isBuffer(request.body)) request.body = Buffer.alloc(0);
      next();
    },
  ];
}

/** Answers the errors of reading a body. */
export function rawBodyErrors(maxBodyBytes: number): ErrorRequestHandler {
  return (error: unknown, _request, response, next) => {
    const type = error instanceof Error && 'type' in error ? error.type : null;
    switch (type) {
      case 'entity.too.large':
        // The rest of the body is not read: the connection cannot be used again.
        response.set('Connection', 'close');
        sendProblem(
          response,
          'LANDFALL_BODY_TOO_LARGE',
          `The body is larger than ${maxBodyBytes} bytes, the limit that LANDFALL_MAX_BODY_BYTES sets.`,
        );
        return;
      case 'request.aborted':
      case 'request.size.invalid':
        sendProblem(
          response,
          'LANDFALL_REQUEST_BROKEN',
          'The body is shorter than its Content-Length says. Send it again.',
        );
        return;
      default:
        next(error);
    }
  };
}
