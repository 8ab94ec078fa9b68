import type { UnreadableDelivery } from '../model/dead-letter.ts';
import type { LandfallEvent } from '../model/event.ts';

/** What became of handing an event to Temporal. */
export interface StartedEvent {
  workflowId: string;
  /** True where a workflow of this id runs already or has completed: the event is processed once. */
  duplicate: boolean;
  /** On a duplicate, the SHA-256 of the first delivery's body; null where it is not known. */
  firstBodySha256: string | null;
}

/**
 * Hands events to Temporal: the one border between the receiver and the relay on one side and the Temporal client on the other.
 * Made by `createEventStarter`. When a promise resolves, Temporal holds the event durably.
 */
export interface EventStarter {
  /**
   * Starts the workflow `processEvent`.
   * @throws TemporalUnavailableError where Temporal cannot be reached, is overloaded, or does not answer in time
   * @throws TemporalRefusedError where it refuses the start for good
   */
  start(event: LandfallEvent): Promise<StartedEvent>;
  /**
   * Opens (or counts on) the dead letter of a delivery that no event could be read from.
   * @throws TemporalUnavailableError and TemporalRefusedError as `start`
   */
  startUnreadable(source: string, eventId: string, delivery: UnreadableDelivery): Promise<StartedEvent>;
}
