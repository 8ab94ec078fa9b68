import type { DeadLetterSubject, UnreadableDelivery } from '../model/dead-letter.ts';
import { asUtf8, parseBody } from '../sources/parse-body.ts';
import type { Store } from '../store/store.ts';
import { readStored } from './read-stored.ts';

/**
 * What a dead letter is about with its body in it, for people to read: the reference is gone then.
 * @throws BodyGoneError
 */
export async function wholeSubject(
  store: Pick<Store, 'readBody'>,
  subject: DeadLetterSubject,
): Promise<DeadLetterSubject> {
  if (subject.kind === 'unreadable') {
    return { kind: 'unreadable', delivery: await wholeDelivery(store, subject.delivery) };
  }
  const { storedPayload, ...event } = subject.event;
  if (storedPayload === undefined) return subject;
  const { contentType } = storedPayload;
  const body = await readStored(store, storedPayload);
  const payload = parseBody({ body, headers: { 'content-type': contentType } });
  return { kind: 'event', event: { ...event, payload } };
}

/** A delivery that is kept as it came, with its body in it: as `wholeSubject`. @throws BodyGoneError */
export async function wholeDelivery<
  Delivery extends Pick<UnreadableDelivery, 'body' | 'bodyEncoding' | 'storedBody'>,
>(store: Pick<Store, 'readBody'>, whole: Delivery): Promise<Delivery> {
  const { storedBody, ...delivery } = whole;
  if (storedBody === undefined) return whole;
  return { ...delivery, ...asText(await readStored(store, storedBody)) } as Delivery;
}

/** The bytes of a delivery that could not be read. @throws BodyGoneError */
export async function bytesOfDelivery(
  store: Pick<Store, 'readBody'>,
  { body, bodyEncoding, storedBody }: UnreadableDelivery,
): Promise<Buffer> {
  return storedBody === undefined ? Buffer.from(body, bodyEncoding) : readStored(store, storedBody);
}

function asText(body: Buffer): Pick<UnreadableDelivery, 'body' | 'bodyEncoding'> {
  const text = asUtf8(body);
  return text === null
    ? { body: body.toString('base64'), bodyEncoding: 'base64' }
    : { body: text, bodyEncoding: 'utf8' };
}
