import { eventRef, type EntityRef, type EventRef, type LandfallEvent } from './event.ts';
import type { ApplyResult, Outcome, ProcessEventResult } from './outcome.ts';
import type { FetchResult, IncomingRecord } from './record.ts';

/** What an event is landed from: all of it, since sources without an API have nothing but its snapshot. */
export interface LandingInput {
  event: Omit<LandfallEvent, 'payload' | 'headers'>;
  entity: EntityRef;
  /** Of the replay that this is; null where it is none. */
  nonce: string | null;
  /** True where it is its turn among the events of its record: see `OrderingSettings`. */
  hasTurn?: boolean;
}

/** The steps of an event, whoever carries them out: activities for a workflow, or the functions behind them. */
export interface LandingSteps {
  fetchRecord(input: { event: EventRef; entity: EntityRef }): Promise<FetchResult>;
  applyRecord(input: { event: EventRef; incoming: IncomingRecord }): Promise<ApplyResult>;
  deliver(input: DeliverInput): Promise<void>;
}

/** One hand-on of a record to one destination. */
export interface DeliverInput {
  event: EventRef;
  destination: string;
  incoming: IncomingRecord;
  outcome: Outcome;
  nonce: string | null;
  /** See `ApplyResult`. */
  handedOnAs: string | null;
}

/** How an event ended, and whether a dead letter waits to hear of it. */
export interface Landed {
  result: ProcessEventResult;
  deadLetterOpen: boolean;
}

type Applied = Extract<ApplyResult, { kind: 'done' }>;

/** An event whose record is written; what is left is to hand it on. */
export interface AppliedEvent {
  /** null where it was processed before and nothing was read. */
  incoming: IncomingRecord | null;
  applied: Applied;
  /** The destinations that have had it. */
  delivered: string[];
}

/**
 * Fetches the record fresh, applies it, and hands it on to the destinations that have not had it.
 *
 * @param from - where an earlier attempt got to: the same record is handed on under the same idempotency keys, where a
 * fresh one might be newer and would be handed on twice
 * @param hooks.onApplied - hears that the record is written; `delivered` grows after that
 * @param hooks.onStep - hears which step is next: `fetchRecord`, `applyRecord`, `deliver crm`
 * @param hooks.beforeRound - before the record is fetched again because other events wrote it meanwhile; from 2
 */
export async function landEvent(
  { event, entity, nonce }: LandingInput,
  steps: LandingSteps,
  hooks: {
    onStep: (step: string) => void;
    onApplied?: (state: AppliedEvent) => void;
    beforeRound: (round: number) => Promise<void>;
  },
  from: AppliedEvent | null = null,
): Promise<Landed> {
  const ref = eventRef(event);
  const state = from ?? { ...(await fetchAndApply()), delivered: [] };
  const { incoming, applied } = state;
  const { handedOnAs = null } = applied;
  hooks.onApplied?.(state);
  const result: ProcessEventResult = {
    outcome: applied.outcome,
    version: incoming === null ? null : { version: incoming.version, sourceTime: incoming.sourceTime },
    previous: applied.previous,
    delivered: state.delivered,
  };
  if (incoming !== null) {
    for (const destination of applied.pending) {
      if (state.delivered.includes(destination)) continue;
      hooks.onStep(`deliver ${destination}`);
      await steps.deliver({ event: ref, destination, incoming, outcome: applied.outcome, nonce, handedOnAs });
      state.delivered.push(destination);
    }
  }
  return { result, deadLetterOpen: applied.deadLetterOpen };

  /** Until no other event has written the record between our fetch and our write. */
  async function fetchAndApply(): Promise<{ incoming: IncomingRecord | null; applied: Applied }> {
    for (let round = 1; ; round += 1) {
      if (round > 1) await hooks.beforeRound(round);
      const incoming = snapshotOf(event, entity) ?? (await fetchFresh());
      if (incoming === null) {
        return {
          incoming,
          applied: { kind: 'done', outcome: 'duplicate', previous: null, pending: [], deadLetterOpen: false },
        };
      }
      hooks.onStep('applyRecord');
      const applied = await steps.applyRecord({ event: ref, incoming });
      if (applied.kind === 'done') return { incoming, applied };
    }
  }

  async function fetchFresh(): Promise<IncomingRecord | null> {
    hooks.onStep('fetchRecord');
    const fetched = await steps.fetchRecord({ event: ref, entity });
    return fetched.kind === 'record' ? fetched.incoming : null;
  }
}

/** What the payload itself says, for sources without an API to ask. */
function snapshotOf(
  event: Pick<LandfallEvent, 'snapshot' | 'announced' | 'occurredAt' | 'deletes'>,
  entity: EntityRef,
): IncomingRecord | null {
  if (event.snapshot === null) return null;
  return {
    entity,
    version: event.announced?.version ?? null,
    sourceTime: event.announced?.sourceTime ?? event.occurredAt,
    data: event.deletes ? null : event.snapshot,
    deleted: event.deletes,
    deletionAnnounced: event.deletes,
    fetched: false,
    basis: null,
  };
}
