import type { EntityRef } from './event.ts';
import { compareVersions, type RecordVersion } from './version.ts';

/** How the events of one record are processed. */
export interface OrderingSettings {
  /**
   * `latest-wins`: all at once, and the newest record wins. `per-entity`: one at a time, those that wait in the source's order, so that
   * what is handed on never goes backwards and no two events of a record are under way together.
   */
  kind: 'latest-wins' | 'per-entity';
  /** True where the vendor numbers a record's changes without leaving one out: a missing number is an event that is yet to come. */
  consecutiveVersions: boolean;
  /** How long an event waits for those before it that have not come; then it is processed with what the record is by then. */
  gapMilliseconds: number;
}

/** An event that waits for its turn. */
export interface Ticket {
  eventId: string;
  /** Of the run that waits. */
  runId: string;
  /** The version of the record that the event announces. */
  announced: RecordVersion;
  /** When it came to wait, in milliseconds since the epoch. */
  at: number;
}

/** The input of the workflow `entityTurns`. */
export interface EntityTurnsInput {
  source: string;
  entity: EntityRef;
  ordering: Pick<OrderingSettings, 'consecutiveVersions' | 'gapMilliseconds'>;
  /** The version of our copy when the first event came: what is before it is not waited for. null: there is none. */
  known: RecordVersion | null;
  /** Set where it continues as a new run. */
  resume?: { waiting: Ticket[]; last: RecordVersion | null; granted: number };
}

/** Whose turn it is; or until when a missing event is waited for. */
export type NextTurn =
  { kind: 'turn'; ticket: Ticket } | { kind: 'wait'; milliseconds: number } | { kind: 'none' };

/**
 * Whose turn it is: the oldest version of those that wait, the first that came where versions do not tell. Where versions are
 * consecutive and one is missing before it, the turn waits for that, until something has waited for as long as a gap may be open.
 *
 * @param last - the newest version whose event has had its turn, or that our copy had before; null: none
 * @param now - in milliseconds since the epoch
 */
export function nextTurn(
  waiting: readonly Ticket[],
  last: RecordVersion | null,
  { consecutiveVersions, gapMilliseconds }: Pick<OrderingSettings, 'consecutiveVersions' | 'gapMilliseconds'>,
  now: number,
): NextTurn {
  const ticket = oldest(waiting);
  if (ticket === undefined) return { kind: 'none' };
  const { version } = ticket.announced;
  if (!consecutiveVersions || version === null || BigInt(version) <= BigInt(last?.version ?? 0) + 1n) {
    return { kind: 'turn', ticket };
  }
  const milliseconds = Math.min(...waiting.map(({ at }) => at)) + gapMilliseconds - now;
  return milliseconds <= 0 ? { kind: 'turn', ticket } : { kind: 'wait', milliseconds };
}

/** The first that came of those that no other is older than. */
function oldest(waiting: readonly Ticket[]): Ticket | undefined {
  return waiting.find(
    (each) => !waiting.some((other) => compareVersions(other.announced, each.announced) === 'older'),
  );
}
