import { describeEntity, type LandfallEvent } from './event.ts';
import { isJsonObject } from './json.ts';
import type { RetrySettings } from './retry.ts';
import { keyword, searchAttributes } from './search-attributes.ts';
import { takeTurns } from './take-turns.ts';

/** Temporal's summaries hold 400 bytes: characters of three bytes each fit as well. */
export const summaryLength = 133;

/** A new try of an event: from its dead letter, or of one that was processed (`replayEvents`). */
export interface Replay {
  /** Unique to this replay: part of its idempotency keys. One for all events of a `replayEvents`; null: the keys of before. */
  nonce: string | null;
  by: string;
  reason: string;
}

/**
 * Which commands a new run of `processEvent` makes. 1: ordinary activities. 2: `tryEvent` as a local activity first.
 * 3: an event that fails in an outage is held; one that succeeds makes the same commands as in 2.
 * 4: a large record stands in the history by reference, and goes to activities that know what that is.
 * It is part of the input, so that a run keeps to the version that it was started with, wherever it is replayed or reset,
 * and costs no event of the history: `patched` would cost two for every event there is. Workers learn a version before
 * anybody starts it: upgrade them before the receivers.
 */
export const workflowVersion = 4;

/** The input of the workflow `processEvent`. */
export interface ProcessEventInput {
  /** See `workflowVersion`. @default 1 */
  workflowVersion?: 1 | 2 | 3 | typeof workflowVersion;
  event: LandfallEvent;
  retry: RetrySettings;
  /** Set where a dead letter or `replayEvents` started it. */
  replay: Replay | null;
}

/** The event that a run was begun with, as its history has it; null where it is none. Our own client wrote it, in this version or an earlier one. */
export function eventOfInput(input: unknown): LandfallEvent | null {
  return isProcessEventInput(input) ? input.event : null;
}

function isProcessEventInput(value: unknown): value is Pick<ProcessEventInput, 'event'> {
  const event = isJsonObject(value) ? value['event'] : undefined;
  return isJsonObject(event) && typeof event['id'] === 'string' && typeof event['source'] === 'string';
}

/**
 * How an event's workflow is started, equal for whoever starts it (the receiver, the relay, a replay, a reconciliation): whose turn
 * it takes, and what the Temporal UI shows of it. Child workflows inherit none of the latter, so every start passes all of it.
 */
export function eventStartOptions({ event, replay }: ProcessEventInput) {
  const entity = describeEntity(event.entity);
  const how = replay === null ? '' : ` · replayed by ${replay.by}`;
  const found = event.foundBy === 'reconciliation' ? ' · found by reconciliation' : '';
  return {
    ...takeTurns(event.source),
    staticSummary: clip(
      `${event.source}: ${event.type}${entity === '' ? '' : ` of ${entity}`}${found}${how}`,
      summaryLength,
    ),
    staticDetails: [
      `**${event.type}** from **${event.source}**, event \`${event.id}\``,
      entity === ''
        ? 'About nothing that this source keeps: it completes as `ignored`.'
        : `Entity: \`${entity}\``,
      event.occurredAt === null ? '' : `Happened at ${event.occurredAt}`,
      `Received at ${event.receivedAt}, found by ${event.foundBy}`,
      replay === null ? '' : `Replayed by ${replay.by}: ${replay.reason}`,
    ]
      .filter((line) => line !== '')
      .join('\n\n'),
    typedSearchAttributes: [
      { key: searchAttributes.source, value: event.source },
      { key: searchAttributes.eventType, value: keyword(event.type) },
      ...(entity === '' ? [] : [{ key: searchAttributes.entity, value: keyword(entity) }]),
      ...(event.entity === null ? [{ key: searchAttributes.outcome, value: 'ignored' }] : []),
    ],
    memo: { bodySha256: event.bodySha256 },
  };
}

/** The first `length` characters. */
export function clip(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}
