import type { DeadLetterSubject, UnreadableDelivery } from '../model/dead-letter.ts';
import type { LandfallEvent } from '../model/event.ts';
import type { StoredRecord } from '../store/store.ts';
import type { SentBody, Visible } from './dependencies.ts';

/** An event as people may see it. */
export function visibleEvent(visible: Visible, event: LandfallEvent): LandfallEvent {
  const { source, headers, payload, snapshot } = event;
  return {
    ...event,
    headers: visible.headers(source, headers),
    payload: visible.json(source, payload),
    snapshot: snapshot === null ? null : visible.json(source, snapshot),
  };
}

/** A body as it was sent, as people may see it; none where it is not at hand. */
export function visibleBody(
  visible: Visible,
  source: string,
  { body, bodyEncoding, storedBody }: Pick<UnreadableDelivery, 'body' | 'bodyEncoding' | 'storedBody'>,
): SentBody {
  return storedBody === undefined ? visible.body(source, { body, bodyEncoding }) : { body, bodyEncoding };
}

/** Our copy of a record as people may see it. */
export function visibleRecord(visible: Visible, record: StoredRecord | null): StoredRecord | null {
  return record === null ? null : { ...record, data: visible.json(record.source, record.data) };
}

/** What a dead letter is about, as people may see it. */
export function visibleSubject(
  visible: Visible,
  source: string,
  subject: DeadLetterSubject,
): DeadLetterSubject {
  if (subject.kind === 'event') return { kind: 'event', event: visibleEvent(visible, subject.event) };
  const { delivery } = subject;
  const headers = visible.headers(source, delivery.headers);
  return {
    kind: 'unreadable',
    delivery: { ...delivery, headers, ...visibleBody(visible, source, delivery) },
  };
}
