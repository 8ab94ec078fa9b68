import express, {
  type ErrorRequestHandler,
  type Express,
  type NextFunction,
  type Request,
  type Response,
} from 'express';
import type { Logger } from 'pino';
import { createRoom } from '../bodies/room.ts';
import type { Overflow } from '../inbox/overflow.ts';
import type { Metrics } from '../monitoring/metrics.ts';
import type { AddressList } from '../sources/address-list.ts';
import { bodyLimitOf } from '../sources/body-limit.ts';
import type { Source } from '../sources/define-source.ts';
import type { Store } from '../store/store.ts';
import type { EventStarter } from '../temporal/event-starter.ts';
import { createAcceptor } from './accept-event.ts';
import { limitUnderWay, requireAllowedAddress, requireFewHeaders } from './admission.ts';
import { createArrivalNotes } from './arrivals.ts';
import { sendProblem } from './problem.ts';
import { rawBody, requireFormat } from './raw-body.ts';
import { createRejections } from './rejections.ts';
import { traceDelivery } from './trace-delivery.ts';
import { receiveDelivery } from './webhook-route.ts';
import { keyOf, sourceOf, type SourceParameters } from './delivery-request.ts';

/** The receiver: `app` for a server, `close` once the server is closed. */
export interface Receiver {
  app: Express;
  /** Writes the last rejections and arrivals. */
  close(): Promise<void>;
}

/**
 * The receiver's Express application: `POST /webhooks/:source`, or `/webhooks/:source/:account`, and nothing else.
 *
 * @param deps.maxBodyBytes - the largest body of sources that say nothing of it; null: the usual one
 * @param deps.inlineBodyBytes - larger bodies are kept in the store
 * @param deps.heldBodyBytes - of the larger bodies, what is in memory at once
 * @param deps.now - milliseconds since the epoch, for timestamp tolerances
 * @param deps.trustedProxies - whose X-Forwarded-For says where a request comes from; null: nobody's
 */
export function createReceiver(deps: {
  sources: ReadonlyMap<string, Source>;
  starter: EventStarter;
  store: Store;
  metrics: Metrics;
  logger: Logger;
  overflow: Overflow;
  maxBodyBytes: number | null;
  inlineBodyBytes: number;
  heldBodyBytes: number;
  maxRequestsPerSource: number;
  trustedProxies: AddressList | null;
  now: () => number;
}): Receiver {
  const { sources, metrics, logger, maxBodyBytes, trustedProxies } = deps;
  const room = createRoom({
    maxBytes: deps.heldBodyBytes,
    onChange: (bytes) => metrics.heldBodyBytes.set(bytes),
  });
  const find = (parameters: SourceParameters) => sources.get(keyOf(parameters));
  const rejections = createRejections(deps);
  const missed = new Set<string>();
  const arrivals = createArrivalNotes(deps);
  const webhook = { ...deps, rejections, arrivals, acceptor: createAcceptor(deps) };

  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('trust proxy', (address: string) => trustedProxies?.includes(address) ?? false);
  app.use((_request, response, next) => {
    response.set('Cache-Control', 'no-store');
    next();
  });
  app.use(requireFewHeaders(metrics));
  app.all(
    '/webhooks/:source{/:account}',
    (request: Request<SourceParameters>, response: Response, next: NextFunction) => {
      const source = keyOf(request.params);
      if (!sources.has(source)) {
        metrics.deliveries.inc({ source: 'unknown', result: 'refused' });
        noteMissedAccount(request.params);
        // The same for all, since accounts may be customers: what there is stands in the log.
        sendProblem(
          response,
          'LANDFALL_SOURCE_UNKNOWN',
          `No source, or no account of it, is configured under this name. The path is /webhooks/<source>, or /webhooks/<source>/<account>; "landfall sources" lists them.`,
        );
        return;
      }
      // Whatever is answered below is counted there, except a refusal of the request itself.
      const answered = metrics.answerSeconds.startTimer({ source });
      response.once('finish', () => {
        answered({ status: response.statusCode });
        const refused = [400, 405, 413, 415, 500].includes(response.statusCode);
        if (refused) metrics.deliveries.inc({ source, result: 'refused' });
      });
      if (request.method !== 'POST') {
        response.set('Allow', 'POST');
        sendProblem(
          response,
          'LANDFALL_METHOD_NOT_ALLOWED',
          `${request.method} is not taken here: POST the delivery.`,
        );
        return;
      }
      traceDelivery(request, response, source, next);
    },
    requireAllowedAddress(find, rejections),
    limitUnderWay(deps.maxRequestsPerSource, find, metrics),
    requireFormat<SourceParameters>((parameters) => find(parameters)?.bodyFormats ?? ['json']),
    rawBody<SourceParameters>(
      {
        large: { room, aboveBytes: deps.inlineBodyBytes },
        limitOf: (parameters) => bodyLimitOf(sourceOf(sources, parameters), maxBodyBytes),
        onBusy: (parameters) => {
          const source = keyOf(parameters);
          metrics.deliveries.inc({ source, result: 'unavailable' });
          logger.warn({ source }, 'not accepted: as many large bodies as may be are under way');
        },
      },
      (request, response) => receiveDelivery(sourceOf(sources, request.params), request, response, webhook),
    ),
  );
  app.use((_request, response) => {
    sendProblem(response, 'LANDFALL_PATH_UNKNOWN', 'Deliveries are posted to /webhooks/<source>.');
  });
  app.use(internalErrors(logger));
  return {
    app,
    async close() {
      await Promise.all([rejections.close(), arrivals.close()]);
    },
  };

  /** Somebody's endpoint may have been entered without its account: said once for each source, however many strangers knock. */
  function noteMissedAccount({ source, account }: SourceParameters): void {
    const paths = [...sources.keys()].filter((key) => key.startsWith(`${source}/`));
    if (paths.length === 0 || missed.has(source)) return;
    missed.add(source);
    logger.warn(
      { source, account, paths: paths.map((key) => `/webhooks/${key}`) },
      'a delivery came to a path of no account',
    );
  }
}

function internalErrors(logger: Logger): ErrorRequestHandler {
  return (error: unknown, _request, response, next) => {
    const status = error instanceof Error && 'status' in error ? error.status : null;
    if (response.headersSent) {
      next(error);
      return;
    }
    // Such as a path that is no valid URL encoding.
    if (status === 400) {
      sendProblem(response, 'LANDFALL_REQUEST_BROKEN', error instanceof Error ? error.message : '');
      return;
    }
    logger.error({ err: error }, 'a request failed in a way that nobody foresaw');
    sendProblem(
      response,
      'LANDFALL_INTERNAL',
      'The event was not accepted. Send it again; the log of the receiver says what broke.',
    );
  };
}
