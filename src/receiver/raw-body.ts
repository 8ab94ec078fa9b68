import { setTimeout as sleep } from 'node:timers/promises';
import type { IncomingMessage } from 'node:http';
import type { RequestHandler } from 'express';
import type { BodyFormat } from '../sources/define-source.ts';
import { isForm } from '../sources/read-delivery.ts';
import { sendProblem } from './problem.ts';

/** `application/json` and `application/<anything>+json`, with or without parameters. */
const json = /^application\/(?:[\w.+-]+\+)?json\s*(?:;|$)/i;

const formats: Readonly<Record<BodyFormat, { fits: (type: string) => boolean; name: string }>> = {
  json: { fits: (type) => json.test(type), name: 'application/json' },
  form: { fits: isForm, name: 'application/x-www-form-urlencoded' },
};

/** Refuses what cannot be a webhook before its body is read. A request without any body passes: its signature will not. */
export function requireFormat<Parameters>(
  formatsOf: (parameters: Parameters) => readonly BodyFormat[],
): RequestHandler<Parameters> {
  return (request, response, next) => {
    const { 'content-type': type = '', 'content-encoding': encoding } = request.headers;
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
    const taken = formatsOf(request.params).map((format) => formats[format]);
    if (!empty && !taken.some(({ fits }) => fits(type))) {
      sendProblem(
        response,
        'LANDFALL_CONTENT_TYPE_REFUSED',
        `The Content-Type is ${JSON.stringify(type)}. Send ${taken.map(({ name }) => name).join(' or ')}; many vendors have a setting for it.`,
      );
      return;
    }
    next();
  };
}

/**
 * How long the rest of a body that is too large is read and thrown away before the answer. A client reads its answer
 * only once it has sent all, and a connection that is cut off with bytes unread loses the answer.
 */
const discardMilliseconds = 500;

/**
 * The exact bytes of the body as `request.body`, an empty Buffer where there is none. (`express.raw` answers a body that
 * is too large only once all of it has come: a body without end would never be refused.)
 */
export function rawBody<Parameters>(maxBodyBytes: number): RequestHandler<Parameters> {
  return async (request, response, next) => {
    const body = await readBody(request, maxBodyBytes);
    if (Buffer.isBuffer(body)) {
      request.body = body;
      next();
      return;
    }
    if (body === 'broken') {
      sendProblem(
        response,
        'LANDFALL_REQUEST_BROKEN',
        'The body is shorter than its Content-Length says. Send it again.',
      );
      return;
    }
    await Promise.race([ended(request), sleep(discardMilliseconds)]);
    response.set('Connection', 'close');
    sendProblem(
      response,
      'LANDFALL_BODY_TOO_LARGE',
      `The body is larger than ${maxBodyBytes} bytes, the limit that LANDFALL_MAX_BODY_BYTES sets.`,
    );
  };
}

function readBody(request: IncomingMessage, maxBodyBytes: number): Promise<Buffer | 'too-large' | 'broken'> {
  return new Promise((resolve) => {
    let chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= maxBodyBytes) chunks.push(chunk);
      else {
        chunks = [];
        resolve('too-large');
      }
    });
    request.once('end', () => {
      resolve(Buffer.concat(chunks));
    });
    request.once('error', () => {
      resolve('broken');
    });
    if (Number(request.headers['content-length'] ?? 0) > maxBodyBytes) resolve('too-large');
  });
}

function ended(request: IncomingMessage): Promise<void> {
  return new Promise((resolve) => {
    if (request.readableEnded || request.destroyed) resolve();
    request.once('close', resolve);
    request.once('end', resolve);
  });
}
