import { setTimeout as sleep } from 'node:timers/promises';
import type { IncomingMessage } from 'node:http';
import type { RequestHandler } from 'express';
import type { BodyFormat } from '../sources/define-source.ts';
import type { BodyLimit } from '../sources/body-limit.ts';
import { isForm } from '../sources/parse-body.ts';
import type { LargeBodies } from './large-bodies.ts';
import { sendProblem, sendUnavailable } from './problem.ts';

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
 * How long the rest of a body that is refused is read and thrown away before the answer. A client reads its answer
 * only once it has sent all, and a connection that is cut off with bytes unread loses the answer.
 */
const discardMilliseconds = 500;

type Refusal = 'too-large' | 'busy' | 'broken';

/**
 * The exact bytes of the body as `request.body`, an empty Buffer where there is none. (`express.raw` answers a body that
 * is too large only once all of it has come: a body without end would never be refused.) Whoever comes after it releases the
 * body's size from `large`.
 *
 * @param options.limitOf - of the source that is asked for
 * @param options.onBusy - hears of a body that `large` has no room for
 */
export function rawBody<Parameters>({
  limitOf,
  large,
  onBusy = () => undefined,
}: {
  limitOf: (parameters: Parameters) => BodyLimit;
  large: LargeBodies;
  onBusy?: (parameters: Parameters) => void;
}): RequestHandler<Parameters> {
  return async (request, response, next) => {
    const limit = limitOf(request.params);
    const body = await readBody(request, limit.bytes, large);
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
    if (body === 'busy') {
      onBusy(request.params);
      sendUnavailable(response, 'As many large bodies as fit into memory are under way. Send it again later.');
      return;
    }
    sendProblem(
      response,
      'LANDFALL_BODY_TOO_LARGE',
      `The body is larger than ${limit.bytes} bytes, the limit that ${limit.settings} sets.`,
    );
  };
}

function readBody(
  request: IncomingMessage,
  maxBodyBytes: number,
  large: LargeBodies,
): Promise<Buffer | Refusal> {
  return new Promise((resolve) => {
    let chunks: Buffer[] = [];
    let size = 0;
    let settled = false;
    const refuse = (why: Refusal): void => {
      if (settled) return;
      settled = true;
      chunks = [];
      large.release(size);
      resolve(why);
    };
    request.on('data', (chunk: Buffer) => {
      if (settled) return;
      const grown = size + chunk.length;
      if (grown > maxBodyBytes) refuse('too-large');
      else if (!large.grow(size, grown)) refuse('busy');
      else {
        size = grown;
        chunks.push(chunk);
      }
    });
    request.once('end', () => {
      if (settled) return;
      settled = true;
      resolve(Buffer.concat(chunks));
    });
    request.once('error', () => refuse('broken'));
    request.once('close', () => refuse('broken'));
    const announced = Number(request.headers['content-length'] ?? 0);
    if (announced > maxBodyBytes) refuse('too-large');
    else if (!large.hasRoomFor(announced)) refuse('busy');
  });
}

function ended(request: IncomingMessage): Promise<void> {
  return new Promise((resolve) => {
    if (request.readableEnded || request.destroyed) resolve();
    request.once('close', resolve);
    request.once('end', resolve);
  });
}
