import type { DeadLetterState, DeadLetterSubject } from '../model/dead-letter.ts';
import { describeEntity } from '../model/event.ts';
import { deadLetterWorkflowId } from '../model/ids.ts';
import { describeAge } from './describe-age.ts';

/** A dead letter for people: what failed and why, the record of the case, the headers and the body. */
export function describeCase(state: DeadLetterState, subject: DeadLetterSubject): string {
  const { headers, payload, stored } =
    subject.kind === 'event'
      ? {
          headers: subject.event.headers,
          payload: JSON.stringify(subject.event.payload, null, 2),
          stored: subject.event.storedPayload,
        }
      : {
          headers: subject.delivery.headers,
          payload: subject.delivery.body,
          stored: subject.delivery.storedBody,
        };
  const what =
    subject.kind === 'event'
      ? `${subject.event.type} ${describeEntity(subject.event.entity)}`
      : `a delivery that could not be read: ${subject.delivery.reason}`;
  return [
    `${deadLetterWorkflowId(state.source, state.eventId)}: ${state.status}${state.escalated ? ', escalated' : ''}`,
    what,
    `open for ${describeAge(new Date(state.openedAt))}, ${state.replays} replays${state.owner === null ? '' : `, owner ${state.owner}`}`,
    '',
    ...state.errors.flatMap((error) => [
      `${error.at} ${error.step} failed with ${error.type}${error.attempts === null ? '' : ` after ${error.attempts} attempts`}`,
      `  ${error.message}`,
      ...error.causes.map((cause) => `  caused by ${cause}`),
      ...(error.beside ?? []).map((other) => `  failed as well: ${other}`),
    ]),
    '',
    'Record of the case',
    ...state.audit.map((entry) => `  ${entry.at} ${entry.what}: ${entry.text}`),
    '',
    'Headers',
    ...Object.entries(headers).map(([name, value]) => `  ${name}: ${value}`),
    '',
    'Body',
    stored === undefined
      ? payload
      : `${stored.bytes} bytes of ${stored.contentType}, kept in the store as ${stored.sha256}`,
  ].join('\n');
}
