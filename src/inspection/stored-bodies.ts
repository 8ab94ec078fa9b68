import { wholeDelivery, wholeSubject } from '../bodies/whole-subject.ts';
import { BodyGoneError } from '../errors.ts';
import type { DeadLetterSubject } from '../model/dead-letter.ts';
import type { StoredBody } from '../model/stored-body.ts';
import type { ConflictingDelivery, Store } from '../store/store.ts';

/** Of all bodies of one page, in bytes: whoever reads more than that reads it with the command line. */
const shownBytes = 1_048_576;

type Bodies = Pick<Store, 'readBody'>;

/**
 * What a dead letter or an event is about with its body in it, where that is kept in the store; `missing` says why it is not.
 * @throws StoreUnavailableError
 */
export async function withStoredBody<Subject extends DeadLetterSubject>(
  store: Bodies,
  subject: Subject,
): Promise<{ subject: Subject; missing: string | null }> {
  const stored = subject.kind === 'event' ? subject.event.storedPayload : subject.delivery.storedBody;
  if (stored === undefined) return { subject, missing: null };
  if (stored.bytes > shownBytes) return { subject, missing: tooLarge(stored) };
  return unlessGone(subject, async () => (await wholeSubject(store, subject)) as Subject);
}

/** Deliveries with their bodies in them, as far as these fit onto a page and are kept. @throws StoreUnavailableError */
export async function withStoredBodies(
  store: Bodies,
  deliveries: readonly ConflictingDelivery[],
): Promise<ConflictingDelivery[]> {
  const whole: ConflictingDelivery[] = [];
  let left = shownBytes;
  for (const each of deliveries) {
    const bytes = each.storedBody?.bytes ?? 0;
    const fits = bytes <= left;
    if (fits) left -= bytes;
    whole.push(fits ? (await unlessGone(each, () => wholeDelivery(store, each))).subject : each);
  }
  return whole;
}

async function unlessGone<Subject>(
  subject: Subject,
  read: () => Promise<Subject>,
): Promise<{ subject: Subject; missing: string | null }> {
  try {
    return { subject: await read(), missing: null };
  } catch (error) {
    if (!(error instanceof BodyGoneError)) throw error;
    return { subject, missing: error.message };
  }
}

function tooLarge({ bytes, sha256 }: StoredBody): string {
  return `It has ${bytes} bytes, more than a page shows. It is kept in the store as ${sha256}.`;
}
