import { isUtf8 } from 'node:buffer';
import express, { type ErrorRequestHandler, type Express, type Request, type Response } from 'express';
import { headersOf, keyOf, sourceOf, type SourceParameters } from '../receiver/delivery-request.ts';
import { sendProblem } from '../receiver/problem.ts';
import { rawBody, requireFormat } from '../receiver/raw-body.ts';
import { bodyLimitOf } from '../sources/body-limit.ts';
import type { Source } from '../sources/define-source.ts';
import { hiddenHeaders, readDeliveries, redactHeaders } from '../sources/read-delivery.ts';
import type { SignedRequest, VerificationResult } from '../verification/scheme.ts';
import type { DeliveryFile } from './delivery-file.ts';
import { forwardDelivery } from './forward-delivery.ts';
import { type RecordedDelivery, redactedHeader } from './recorded-delivery.ts';
import type { BodyRedactor } from './redact-body.ts';

/** What became of one delivery, for whoever watches. */
export interface HeardDelivery {
  recorded: RecordedDelivery;
  /** Why its signature was refused; null where it was right. */
  refused: string | null;
  bodyBytes: number;
  status: number;
}

interface ListenerDependencies {
  sources: ReadonlyMap<string, Source>;
  file: Pick<DeliveryFile, 'append'>;
  redactBody: BodyRedactor;
  /** Takes the configured secrets out of a text. */
  redact: (text: string) => string;
  /** Where each delivery goes on to, unchanged; null: nowhere, and it is answered here. */
  forwardTo: URL | null;
  /** Of sources that say nothing of it; null: the usual one. */
  maxBodyBytes: number | null;
  now: () => number;
  heard: (delivery: HeardDelivery) => void;
}

/** Headers that may carry a secret, whatever the source: a capture is handed around. */
const secretName = /signature|token|secret|password|passwd|api-?key|authorization|cookie|credential/;

/**
 * A door for real deliveries in development: each is verified and written down, and then answered as the receiver answers that it
 * is passed on to, else with 200 (a vendor's handshake with its answer). What is no delivery at all is refused as the receiver does.
 */
export function createListener(deps: ListenerDependencies): Express {
  const { sources, maxBodyBytes } = deps;
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.post(
    '/webhooks/:source{/:account}',
    (request: Request<SourceParameters>, response, next) => {
      if (sources.has(keyOf(request.params))) next();
      else {
        const names = [...sources.keys()].join(', ');
        sendProblem(
          response,
          'LANDFALL_SOURCE_UNKNOWN',
          `Nobody listens for this source, but for: ${names}.`,
        );
      }
    },
    requireFormat<SourceParameters>((parameters) => sources.get(keyOf(parameters))?.bodyFormats ?? ['json']),
    rawBody<SourceParameters>(
      {
        limitOf: (parameters) => bodyLimitOf(sourceOf(sources, parameters), maxBodyBytes),
        large: null,
      },
      (request, response) => take(sourceOf(sources, request.params), request, response, deps),
    ),
  );
  app.use((_request, response) => {
    sendProblem(response, 'LANDFALL_PATH_UNKNOWN', 'Deliveries are posted to /webhooks/<source>.');
  });
  app.use(failed);
  return app;
}

/** Nothing is kept then: the vendor sends it again. */
const failed: ErrorRequestHandler = (error: unknown, _request, response, next) => {
  if (response.headersSent) {
    next(error);
    return;
  }
  const why = error instanceof Error ? error.message : String(error);
  sendProblem(response, 'LANDFALL_INTERNAL', `The delivery was not recorded: ${why}`);
};

async function take(
  source: Source,
  request: Pick<Request, 'body' | 'headers' | 'originalUrl'>,
  response: Response,
  deps: ListenerDependencies,
): Promise<void> {
  const body = request.body as Buffer;
  const path = request.originalUrl;
  const headers = headersOf(request);
  const now = deps.now();
  const verified = await verify(source, { body, headers, now, url: path });
  const recorded: RecordedDelivery = {
    at: new Date(now).toISOString(),
    source: source.name,
    path: deps.redact(path),
    headers: withoutSecrets(redactHeaders(headers, hiddenHeaders(source)), deps.redact),
    ...recordBody(deps.redactBody(body, headers['content-type']), deps.redact),
    verified: verified.verified,
  };
  // On disk before it is answered.
  await deps.file.append(recorded);
  if (deps.forwardTo !== null) {
    const answer = await forwardDelivery(new URL(path, deps.forwardTo), { body, headers });
    response.status(answer.status).set(answer.headers).send(answer.body);
  } else {
    response
      .status(200)
      .json(verified.verified ? answerOf(source, { body, headers, now }) : { recorded: true });
  }
  deps.heard({
    recorded,
    refused: verified.verified ? null : verified.reason,
    bodyBytes: body.length,
    status: response.statusCode,
  });
}

/** A scheme that has to ask the vendor may fail at that: then nobody knows whether the signature is right. */
async function verify(
  source: Source,
  request: SignedRequest,
): Promise<Exclude<VerificationResult, { verified: false }> | { verified: false; reason: string }> {
  try {
    return await source.verification.verify(request);
  } catch (error) {
    return { verified: false, reason: error instanceof Error ? error.message : String(error) };
  }
}

function answerOf(
  source: Source,
  { body, headers, now }: { body: Buffer; headers: Headers; now: number },
): unknown {
  const read = readDeliveries(source, { body, headers, now, receivedAt: new Date(now).toISOString() });
  return read.kind === 'handshake' ? read.answer : { recorded: true };
}

function withoutSecrets(
  headers: Record<string, string>,
  redact: (text: string) => string,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      secretName.test(name) ? redactedHeader : redact(value),
    ]),
  );
}

function recordBody(
  body: Buffer | null,
  redact: (text: string) => string,
): Pick<RecordedDelivery, 'body' | 'bodyEncoding'> {
  if (body === null) return { bodyEncoding: 'left-out', body: '' };
  return isUtf8(body)
    ? { bodyEncoding: 'utf8', body: redact(body.toString('utf8')) }
    : { bodyEncoding: 'base64', body: body.toString('base64') };
}

type Headers = Record<string, string | undefined>;
