import type { DeadLetterSubject } from '../model/dead-letter.ts';
import { hideHeaders, redactBody, type Redaction, redactJson } from './redaction.ts';

/**
 * What a dead letter is about, as people may see it: by the rules that hold now, whatever they were when it came in.
 *
 * @param redaction - of its source
 */
export function redactSubject(redaction: Redaction, subject: DeadLetterSubject): DeadLetterSubject {
  if (subject.kind === 'unreadable') {
    const { delivery } = subject;
    const shown = { headers: hideHeaders(redaction, delivery.headers), ...redactBody(redaction, delivery) };
    return { kind: 'unreadable', delivery: { ...delivery, ...shown } };
  }
  const { event } = subject;
  return {
    kind: 'event',
    event: {
      ...event,
      headers: hideHeaders(redaction, event.headers),
      payload: redactJson(redaction, event.payload),
      snapshot: redactJson(redaction, event.snapshot),
    },
  };
}
