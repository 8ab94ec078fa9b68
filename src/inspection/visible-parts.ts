import type { DeadLetterSubject } from '../model/dead-letter.ts';
import type { LandfallEvent } from '../model/event.ts';
import type { StoredRecord } from '../store/store.ts';
import type { Visible } from './dependencies.ts';

/** An event as people may see it. */
export function visibleEvent(visible: Visible, event: LandfallEvent): LandfallEvent {
  const { source, payload, snapshot } = event;
  return {
    ...event,
    payload: visible.json(source, payload),
    snapshot: snapshot === null ? null : visible.json(source, snapshot),
  };
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
  return { kind: 'unreadable', delivery: { ...delivery, ...visible.body(source, delivery) } };
}
