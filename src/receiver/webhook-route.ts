import type { Request, Response } from 'express';
import type { Logger } from 'pino';
import { StoreUnavailableError } from '../errors.ts';
import { nameOf } from '../inbox/start-item.ts';
import type { Metrics } from '../monitoring/metrics.ts';
import type { Source } from '../sources/define-source.ts';
import { readDelivery } from '../sources/read-delivery.ts';
import type { InboxItem, Store } from '../store/store.ts';
import type { Accepted, Acceptor } from './accept-event.ts';
import { noteConflict } from '../inbox/note-conflict.ts';
import { sendProblem } from './problem.ts';
import type { Rejections } from './rejections.ts';

/** What the way of a delivery needs. */
export interface WebhookDependencies {
  acceptor: Acceptor;
  rejections: Rejections;
  store: Store;
  metrics: Metrics;
  logger: Logger;
  now: () => number;
}

/** Seconds after which a vendor should send again what we could not take. */
const retryAfterSeconds = 30;

/** The way of one delivery whose body is here: verify, read, make durable, answer. */
export async function receiveDelivery(
  source: Source,
  request: Pick<Request, 'body' | 'headers'>,
  response: Response,
  deps: WebhookDependencies,
): Promise<void> {
  const { metrics, logger, now } = deps;
  const body = request.body as Buffer;
  const headers = headersOf(request);
  const verified = await source.verification.verify({ body, headers, now: now() });
  if (!verified.verified) {
    const { reason, detail } = verified;
    deps.rejections.note({ source, reason, detail, body, headers });
    sendProblem(response, 'LANDFALL_SIGNATURE_REFUSED', detail, { reason });
    return;
  }

  const receivedAt = new Date(now()).toISOString();
  const read = readDelivery(source, { body, headers, receivedAt, now: now() });
  if (read.kind === 'handshake') {
    metrics.deliveries.inc({ source: source.name, result: 'handshake' });
    response.status(200).json(read.answer);
    return;
  }
  const item: InboxItem = read.kind === 'event' ? read : { ...read, source: source.name };
  const { eventId } = nameOf(item);

  const timer = metrics.acceptSeconds.startTimer({ source: source.name });
  let accepted: Accepted;
  try {
    accepted = await deps.acceptor.accept(item);
  } catch (error) {
    if (!(error instanceof StoreUnavailableError)) throw error;
    metrics.deliveries.inc({ source: source.name, result: 'unavailable' });
    logger.error({ err: error, source: source.name, eventId }, 'not accepted');
    response.set('Retry-After', String(retryAfterSeconds));
    sendProblem(
      response,
      'LANDFALL_NOT_ACCEPTED',
      'Nothing here can hold the event at the moment. Send it again later.',
    );
    return;
  }
  timer();

  const { workflowId, duplicate, heldBy, firstBodySha256 } = accepted;
  const result = resultOf(item, accepted);
  metrics.deliveries.inc({ source: source.name, result });
  logger.info(
    { source: source.name, eventId, ...(item.kind === 'event' ? about(item) : {}), heldBy },
    result,
  );
  if (item.kind === 'event' && duplicate) {
    await noteConflict(deps, {
      source: source.name,
      eventId,
      firstSha256: firstBodySha256,
      bodySha256: item.event.bodySha256,
      // Read as JSON before, so it is UTF-8.
      body: body.toString('utf8'),
      bodyEncoding: 'utf8',
      receivedAt,
    });
  }
  response.status(heldBy === 'temporal' ? 200 : 202).json({ eventId, workflowId, duplicate });
}

function resultOf(item: InboxItem, { duplicate, heldBy }: Accepted): string {
  if (duplicate) return 'duplicate';
  if (item.kind === 'unreadable') return 'unreadable';
  return heldBy === 'inbox' ? 'inboxed' : 'started';
}

function about({ event }: Extract<InboxItem, { kind: 'event' }>) {
  return { eventType: event.type, entity: event.entity };
}

function headersOf(request: Pick<Request, 'headers'>): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(', ') : value,
    ]),
  );
}
