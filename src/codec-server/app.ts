import express, { type ErrorRequestHandler, type Express, type Request, type RequestHandler } from 'express';
import type { Payload, PayloadCodec } from '@temporalio/common';
import type { Logger } from 'pino';
import { z } from 'zod';
import { LandfallError, PayloadErasedError } from '../errors.ts';
import type { Authorize } from './authorize.ts';
import { readPayloads, writePayloads } from './payloads-json.ts';

/** What the UI shows at once: pages of a history, the largest payloads included. */
const maxBody = '64mb';
/** How long a browser remembers what it may send. */
const preflightSeconds = 600;

/** What a codec server is made of. */
export interface CodecServerDependencies {
  codec: PayloadCodec;
  authorize: Authorize;
  /** The origins of web UIs that may ask, such as `http://localhost:8233`. */
  origins: ReadonlySet<string>;
  logger: Logger;
}

/**
 * Reads payloads for people: Temporal's web UI and command line post what they have to `/decode`, and what they send to `/encode`.
 * Only the end of the path counts, so that it can be mounted anywhere. Who asked for how many is logged, never what they hold.
 *
 * @see https://github.com/temporalio/samples-go/blob/main/codec-server/protocol.md
 * @see https://docs.temporal.io/production-deployment/data-encryption
 */
export function createCodecServer(deps: CodecServerDependencies): Express {
  const { codec, origins, logger } = deps;
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.get('/livez', (_request, response) => {
    response.json({ status: 'ok' });
  });
  app.use(allowOrigins(origins));
  app.use(requireReader(deps));
  app.use(express.json({ limit: maxBody }));
  app.post(
    /\/encode$/,
    answerWith((payloads) => codec.encode(payloads)),
  );
  app.post(
    /\/decode$/,
    answerWith((payloads) => Promise.all(payloads.map(decodeReadable))),
  );
  app.use((_request, response) => {
    response.status(404).json({ message: 'There are POST /encode and POST /decode.' });
  });
  app.use(failed);
  return app;

  /** What is erased comes back as it is, so that the rest of what was asked for is seen. */
  async function decodeReadable(payload: Payload): Promise<Payload> {
    try {
      const [decoded = payload] = await codec.decode([payload]);
      return decoded;
    } catch (error) {
      if (error instanceof PayloadErasedError) return payload;
      throw error;
    }
  }

  function answerWith(work: (payloads: Payload[]) => Promise<Payload[]>): RequestHandler {
    return async (request, response) => {
      const payloads = readPayloads(request.body);
      response.json(writePayloads(await work(payloads)));
      const namespace = request.get('x-namespace');
      const reader = readers.get(request);
      logger.info(
        { path: request.path, namespace, reader, payloads: payloads.length },
        'payloads were shown',
      );
    };
  }
}

/** Who was let in, by request. */
const readers = new WeakMap<Request, string>();

/**
 * Other web pages are refused, also those that had the browser take this server for their own (DNS rebinding). What comes from no
 * browser says no origin.
 */
function allowOrigins(origins: ReadonlySet<string>): RequestHandler {
  return (request, response, next) => {
    const origin = request.get('origin');
    response.vary('Origin').set('Cache-Control', 'no-store');
    if (origin === undefined) {
      next();
      return;
    }
    if (!origins.has(origin)) {
      response
        .status(403)
        .json({ message: `The origin ${origin} may not ask here: set LANDFALL_CODEC_ORIGINS.` });
      return;
    }
    response.set({
      'Access-Control-Allow-Origin': origin,
      'Access-Control-Allow-Credentials': 'true',
      'Access-Control-Allow-Methods': 'POST, OPTIONS',
      'Access-Control-Allow-Headers': 'Content-Type, X-Namespace, Authorization, Authorization-Extras',
      'Access-Control-Max-Age': String(preflightSeconds),
    });
    // Asked by a UI on the internet of a codec server on somebody's own machine.
    if (request.get('access-control-request-private-network') === 'true') {
      response.set('Access-Control-Allow-Private-Network', 'true');
    }
    // A browser asks beforehand without credentials.
    if (request.method === 'OPTIONS') response.status(204).end();
    else next();
  };
}

/** Before the body is read. */
function requireReader({ authorize, logger }: CodecServerDependencies): RequestHandler {
  return async (request, response, next) => {
    const who = await authorize(request.get('authorization'));
    if (who !== null) {
      readers.set(request, who);
      next();
      return;
    }
    logger.warn({ path: request.path, namespace: request.get('x-namespace') }, 'payloads were refused');
    response
      .set('WWW-Authenticate', 'Bearer')
      .status(401)
      .json({ message: 'This token may not read payloads.' });
  };
}

const failed: ErrorRequestHandler = (error: unknown, _request, response, next) => {
  if (response.headersSent) {
    next(error);
    return;
  }
  const known = error instanceof LandfallError ? error.message : null;
  const broken = error instanceof z.ZodError ? `These are no payloads: ${z.prettifyError(error)}` : null;
  const status = error instanceof Error && 'status' in error ? Number(error.status) : null;
  const message = known ?? broken ?? 'The request cannot be read.';
  response.status(known === null && broken === null ? (status ?? 500) : 400).json({ message });
};
