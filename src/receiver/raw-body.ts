import { setTimeout as sleep } from 'node:timers/promises';
import type { IncomingMessage } from 'node:http';
import type { Request, RequestHandler, Response } from 'express';
import type { Room } from '../bodies/room.ts';
import type { BodyLimit } from '../sources/body-limit.ts';
import type { BodyFormat } from '../sources/define-source.ts';
import { isForm } from '../sources/parse-body.ts';
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

/** Bounds what large bodies take at once. Small ones are never counted: no flood of large ones refuses a small one. */
export interface LargeBodies {
  room: Room;
  /** The size above which a body is large. */
  aboveBytes: number;
}

type Refusal = 'too-large' | 'busy' | 'broken';

/**
 * Hands the exact bytes of the body on as `request.body`, an empty Buffer where there is none. (`express.raw` answers a body that
 * is too large only once all of it has come: a body without end would never be refused.)
 *
 * A large body is not read before there is room for it: until then its bytes stay with the client. It has its room until `take`
 * ends.
 *
 * @param options.limitOf - of the source that is asked for
 * @param options.large - null: large bodies are read like all others
 * @param options.onBusy - hears of a body that there was no room for in time
 */
export function rawBody<Parameters>(
  {
    limitOf,
    large,
    onBusy = () => undefined,
  }: {
    limitOf: (parameters: Parameters) => BodyLimit;
    large: LargeBodies | null;
    onBusy?: (parameters: Parameters) => void;
  },
  take: (request: Request<Parameters>, response: Response) => Promise<void>,
): RequestHandler<Parameters> {
  return async (request, response) => {
    const limit = limitOf(request.params);
    const read = await readBody(request, limit.bytes, large);
    if (typeof read !== 'string') {
      request.body = read.body;
      try {
        await take(request, response);
      } finally {
        read.leave();
      }
      return;
    }
    if (read === 'broken') {
      sendProblem(
        response,
        'LANDFALL_REQUEST_BROKEN',
        'The body is shorter than its Content-Length says. Send it again.',
      );
      return;
    }
    request.resume();
    await Promise.race([ended(request), sleep(discardMilliseconds)]);
    response.set('Connection', 'close');
    if (read === 'busy') {
      onBusy(request.params);
      sendUnavailable(
        response,
        'As many large bodies as fit into memory are under way. Send it again later.',
      );
      return;
    }
    sendProblem(
      response,
      'LANDFALL_BODY_TOO_LARGE',
      `The body is larger than ${limit.bytes} bytes, the limit that ${limit.settings} sets.`,
    );
  };
}

/** @returns the body, and `leave` to be called when it is needed no more */
function readBody(
  request: IncomingMessage,
  maxBytes: number,
  large: LargeBodies | null,
): Promise<{ body: Buffer; leave: () => void } | Refusal> {
  const { 'content-length': length } = request.headers;
  const announced = length === undefined ? null : Number(length);
  const aboveBytes = large?.aboveBytes ?? Infinity;
  return new Promise((resolve) => {
    let chunks: Buffer[] = [];
    let size = 0;
    let settled = false;
    let leave = (): void => undefined;
    const refuse = (why: Refusal): void => {
      if (settled) return;
      settled = true;
      chunks = [];
      leave();
      resolve(why);
    };
    /** How large one becomes that does not announce it is not known: it may become as large as any. */
    const waitForRoom = (goOn: () => void): void => {
      void large?.room.take(announced ?? maxBytes).then((given) => {
        if (given === null) {
          refuse('busy');
          return;
        }
        leave = given;
        if (settled) leave();
        else goOn();
      });
    };
    const add = (chunk: Buffer): void => {
      if (settled) return;
      const isLargeNow = announced === null && size <= aboveBytes && size + chunk.length > aboveBytes;
      size += chunk.length;
      if (size > maxBytes) {
        refuse('too-large');
        return;
      }
      chunks.push(chunk);
      if (!isLargeNow) return;
      request.pause();
      waitForRoom(() => request.resume());
    };
    const listen = (): void => {
      request.on('data', add);
      request.once('end', () => {
        if (settled) return;
        settled = true;
        resolve({ body: Buffer.concat(chunks), leave });
      });
    };
    request.once('error', () => {
      refuse('broken');
    });
    request.once('close', () => {
      refuse('broken');
    });
    if (announced !== null && announced > maxBytes) refuse('too-large');
    else if (announced !== null && announced > aboveBytes) waitForRoom(listen);
    else listen();
  });
}

function ended(request: IncomingMessage): Promise<void> {
  return new Promise((resolve) => {
    if (request.readableEnded || request.destroyed) resolve();
    request.once('close', resolve);
    request.once('end', resolve);
  });
}
