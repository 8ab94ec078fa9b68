import type { Request, Response } from 'express';
import type { Logger } from 'pino';
import { StoreUnavailableError } from '../errors.ts';
import { nameOf } from '../inbox/start-item.ts';
import type { Metrics } from '../monitoring/metrics.ts';
import { redactBody } from '../privacy/redaction.ts';
import { describeSpan, inSpan } from '../monitoring/tracing.ts';
import type { Source } from '../sources/define-source.ts';
import { readDeliveries, type ReadEvent, type ReadPart, readWhole } from '../sources/read-delivery.ts';
import type { InboxItem, Store } from '../store/store.ts';
import type { Accepted, Acceptor } from './accept-event.ts';
import { noteConflict } from '../inbox/note-conflict.ts';
import { headersOf } from './delivery-request.ts';
import { sendProblem, sendUnavailable } from './problem.ts';
import type { ArrivalNotes } from './arrivals.ts';
import type { Rejections } from './rejections.ts';

/** What the way of a delivery needs. */
export interface WebhookDependencies {
  acceptor: Acceptor;
  rejections: Rejections;
  arrivals: ArrivalNotes;
  store: Store;
  metrics: Metrics;
  logger: Logger;
  /** A larger body is kept in the store, and stands in its event by reference. */
  inlineBodyBytes: number;
  now: () => number;
}

/** The way of one delivery whose body is here: verify, read, make durable, answer. */
export async function receiveDelivery(
  source: Source,
  request: Pick<Request, 'body' | 'headers' | 'originalUrl'>,
  response: Response,
  deps: WebhookDependencies,
): Promise<void> {
  const { metrics, logger, inlineBodyBytes, now } = deps;
  const body = request.body as Buffer;
  const headers = headersOf(request);
  const url = request.originalUrl;
  metrics.deliveryBytes.observe({ source: source.name }, body.length);
  const verified = await inSpan('verify', {}, () =>
    source.verification.verify({ body, headers, now: now(), url }),
  );
  if (!verified.verified) {
    const { reason, detail } = verified;
    describeSpan({ 'landfall.result': 'rejected', 'landfall.reason': reason });
    deps.rejections.note({ source, reason, detail, body, headers });
    sendProblem(response, 'LANDFALL_SIGNATURE_REFUSED', detail, { reason });
    return;
  }

  deps.arrivals.note(source.name);
  metrics.signatures.inc({ source: source.name, secret: String(verified.secret) });
  const receivedAt = new Date(now()).toISOString();
  const read = readDeliveries(source, { body, headers, receivedAt, now: now() }, inlineBodyBytes);
  if (read.kind === 'handshake') {
    metrics.deliveries.inc({ source: source.name, result: 'handshake' });
    response.status(200).json(read.answer);
    return;
  }
  const accepting = read.parts.map((part) => inSpan('accept', {}, () => accept(source, part, deps)));
  const results = await Promise.allSettled(accepting);
  const failed = results.find((result) => result.status === 'rejected');
  if (failed !== undefined) {
    // What was accepted of it is a duplicate when it comes again.
    if (!(failed.reason instanceof StoreUnavailableError)) throw failed.reason;
    metrics.deliveries.inc({ source: source.name, result: 'unavailable' });
    logger.error({ err: failed.reason, source: source.name }, 'not accepted');
    sendUnavailable(response, 'Nothing here can hold the event at the moment. Send it again later.');
    return;
  }
  const accepted = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  const inInbox = accepted.some(({ heldBy }) => heldBy === 'inbox');
  const events = accepted.map(({ eventId, workflowId, duplicate }) => ({ eventId, workflowId, duplicate }));
  response.status(inInbox ? 202 : 200).json(source.split === undefined ? events[0] : { events });
}

/** Makes one event durable. @throws StoreUnavailableError where nothing takes it */
async function accept(
  source: Source,
  { read, raw }: ReadPart,
  deps: WebhookDependencies,
): Promise<Accepted & { eventId: string }> {
  const { metrics, logger } = deps;
  const { claims } = read;
  const item = itemOf(source, read);
  if (read.kind === 'event' && isOtherVersion(source, read.apiVersion)) {
    metrics.versionSkew.inc({ source: source.name });
  }
  const { eventId } = nameOf(item);
  const timer = metrics.acceptSeconds.startTimer({ source: source.name });
  const accepted = await deps.acceptor.accept({
    item,
    claims,
    inline: () => {
      const whole = readWhole(source, raw);
      return whole === null ? null : itemOf(source, whole);
    },
  });
  timer();

  const { workflowId, duplicate, heldBy, firstBodySha256 } = accepted;
  const result = resultOf(item, accepted);
  metrics.deliveries.inc({ source: source.name, result });
  describeSpan({ 'landfall.event.id': eventId, 'landfall.result': result });
  logger.info(
    { source: source.name, eventId, workflowId, ...(item.kind === 'event' ? about(item) : {}), heldBy },
    result,
  );
  if (item.kind === 'event' && duplicate) {
    const { bodySha256, receivedAt, storedPayload } = item.event;
    await noteConflict(
      deps,
      {
        source: source.name,
        eventId,
        firstSha256: firstBodySha256,
        bodySha256,
        // Read as text before, so it is UTF-8.
        ...(storedPayload === undefined
          ? redactBody(source.redaction, { body: raw.body.toString('utf8'), bodyEncoding: 'utf8' })
          : { body: '', bodyEncoding: 'utf8' as const, storedBody: storedPayload }),
        receivedAt,
      },
      claims,
    );
  }
  return { ...accepted, eventId };
}

function itemOf({ name }: Source, read: ReadEvent): InboxItem {
  if (read.kind === 'event') return { kind: 'event', event: read.event };
  return { kind: 'unreadable', source: name, eventId: read.eventId, delivery: read.delivery };
}

/** Only counted: what is fetched is always in the one version that the source asks for. */
function isOtherVersion({ apiVersion }: Source, ofBody: string | null): boolean {
  return apiVersion !== undefined && ofBody !== null && ofBody !== apiVersion;
}

function resultOf(item: InboxItem, { duplicate, heldBy }: Accepted): string {
  if (duplicate) return 'duplicate';
  if (item.kind === 'unreadable') return 'unreadable';
  return heldBy === 'inbox' ? 'inboxed' : 'started';
}

function about({ event }: Extract<InboxItem, { kind: 'event' }>) {
  return { eventType: event.type, entity: event.entity };
}
