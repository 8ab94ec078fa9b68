import { eventRef, type EntityRef, type EventRef, hasSnapshot, type LandfallEvent } from './event.ts';
import type { ApplyResult, Outcome, ProcessEventResult } from './outcome.ts';
import type { FetchResult, IncomingRecord } from './record.ts';
import type { DeliveryPolicy } from './retry.ts';

/** What an event is landed from: all of it, since sources without an API have nothing but its snapshot. */
export interface LandingInput {
  event: Omit<LandfallEvent, 'payload' | 'storedPayload' | 'headers'>;
  entity: EntityRef;
  /** Of the replay that this is; null where it is none. */
  nonce: string | null;
  /** True where it is its turn among the events of its record: see `OrderingSettings`. */
  hasTurn?: boolean;
  /** True where a large record may leave an activity by reference: since version 4 of the workflow. */
  byReference?: true;
}

/** The steps of an event, whoever carries them out: activities for a workflow, or the functions behind them. */
export interface LandingSteps {
  /** @param input.byReference - see `LandingInput` */
  fetchRecord(input: { event: EventRef; entity: EntityRef; byReference?: true }): Promise<FetchResult>;
  /** @param input.nonce - of the replay that this is; absent where it is none */
  applyRecord(input: { event: EventRef; incoming: IncomingRecord; nonce?: string }): Promise<ApplyResult>;
  /** @param policy - of the destination; null where it is tried as the source says */
  deliver(input: DeliverInput, policy: DeliveryPolicy | null): Promise<void>;
}

/** One hand-on of a record to one destination or handler. */
export interface DeliverInput {
  event: EventRef;
  /** Its name; `handler:…` of a handler. */
  destination: string;
  incoming: IncomingRecord;
  outcome: Outcome;
  nonce: string | null;
  /** See `ApplyResult`. */
  handedOnAs: string | null;
  /** Attempts that were made before this activity's own. Absent where there were none. */
  attemptsBefore?: number;
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
  /** Those that the first attempt failed at, by name. */
  failed?: Record<string, FailedDelivery>;
}

/** What a destination's first attempt failed with, as it is kept in a history. */
export interface FailedDelivery {
  /** The error code. */
  type: string;
  message: string;
  /** The causes below it, outermost first. */
  causes: { name: string; message: string }[];
  retryable: boolean;
  /** The wait that the other side asked for. */
  retryAfterMilliseconds?: number;
  /** True where our own store ended it before the destination was asked. */
  notBegun?: true;
}

/** Some destinations could not be handed the record; those that could have it. Thrown by `landEvent`. */
export class DeliveriesFailedError extends Error {
  /** In the order of the destinations; at least one. */
  readonly failures: readonly { destination: string; error: unknown }[];

  constructor(failures: readonly { destination: string; error: unknown }[]) {
    super(failures.map(({ destination }) => deliverStep(destination)).join(', '));
    this.name = 'DeliveriesFailedError';
    this.failures = failures;
  }
}

const deliverPrefix = 'deliver ';

/** `deliver crm`: the step's name in failures and dead letters. */
export function deliverStep(destination: string): string {
  return deliverPrefix + destination;
}

/** `crm` of `deliver crm`; null of every other step. */
export function destinationOf(step: string): string | null {
  return step.startsWith(deliverPrefix) ? step.slice(deliverPrefix.length) : null;
}

/**
 * Fetches the record fresh, applies it, and hands it on to the destinations that have not had it.
 *
 * @param from - where an earlier attempt got to: the same record is handed on under the same idempotency keys, where a
 * fresh one might be newer and would be handed on twice
 * @param hooks.onApplied - hears that the record is written; `delivered` grows after that
 * @param hooks.onStep - hears which step is next: `fetchRecord`, `applyRecord`, `deliver crm`
 * @param hooks.beforeRound - before the record is fetched again because other events wrote it meanwhile; from 2
 * @param hooks.atOnce - whether several destinations are handed it at once, so that none waits for another's retries;
 * otherwise in turn up to the first that fails. Asked only where there are several
 * @param hooks.leaves - destinations that somebody else hands it to
 * @throws DeliveriesFailedError where a destination failed
 */
export async function landEvent(
  { event, entity, nonce }: LandingInput,
  steps: LandingSteps,
  hooks: {
    onStep: (step: string) => void;
    onApplied?: (state: AppliedEvent) => void;
    beforeRound: (round: number) => Promise<void>;
    atOnce: () => boolean;
    leaves?: (destination: string, policy: DeliveryPolicy | null) => boolean;
  },
  from: AppliedEvent | null = null,
): Promise<Landed> {
  const ref = eventRef(event);
  const state = from ?? { ...(await fetchAndApply()), delivered: [] };
  const { incoming, applied } = state;
  const { outcome, pending, policies = {}, handedOnAs = null } = applied;
  hooks.onApplied?.(state);
  const deliver = async (destination: string, record: IncomingRecord): Promise<void> => {
    hooks.onStep(deliverStep(destination));
    const input = { event: ref, destination, incoming: record, outcome, nonce, handedOnAs };
    await steps.deliver(input, policies[destination] ?? null);
    state.delivered.push(destination);
  };
  if (incoming !== null) {
    const left = pending.filter(
      (name) => !state.delivered.includes(name) && hooks.leaves?.(name, policies[name] ?? null) !== true,
    );
    const inTurn = left.length > 1 && !hooks.atOnce();
    await (inTurn ? deliverInTurn : deliverAtOnce)(left, (name) => deliver(name, incoming));
  }
  return {
    result: {
      outcome,
      version: incoming === null ? null : { version: incoming.version, sourceTime: incoming.sourceTime },
      previous: applied.previous,
      delivered: pending.filter((name) => state.delivered.includes(name)),
    },
    deadLetterOpen: applied.deadLetterOpen,
  };

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
      const applied = await steps.applyRecord({
        event: ref,
        incoming,
        ...(nonce === null ? {} : { nonce }),
      });
      if (applied.kind === 'done') return { incoming, applied };
    }
  }

  async function fetchFresh(): Promise<IncomingRecord | null> {
    hooks.onStep('fetchRecord');
    const fetched = await steps.fetchRecord({ event: ref, entity });
    return fetched.kind === 'record' ? fetched.incoming : null;
  }
}

async function deliverAtOnce(
  names: readonly string[],
  deliver: (name: string) => Promise<void>,
): Promise<void> {
  const results = await Promise.allSettled(names.map(deliver));
  const failures = results.flatMap((result, index) =>
    result.status === 'rejected'
      ? [{ destination: names[index] ?? '', error: result.reason as unknown }]
      : [],
  );
  if (failures.length > 0) throw new DeliveriesFailedError(failures);
}

async function deliverInTurn(
  names: readonly string[],
  deliver: (name: string) => Promise<void>,
): Promise<void> {
  for (const name of names) await deliverAtOnce([name], deliver);
}

/** What the payload itself says, for sources without an API to ask. */
function snapshotOf(
  event: Pick<LandfallEvent, 'snapshot' | 'storedSnapshot' | 'announced' | 'occurredAt' | 'deletes'>,
  entity: EntityRef,
): IncomingRecord | null {
  if (!hasSnapshot(event)) return null;
  const { storedSnapshot } = event;
  return {
    entity,
    version: event.announced?.version ?? null,
    sourceTime: event.announced?.sourceTime ?? event.occurredAt,
    data: event.deletes ? null : event.snapshot,
    ...(storedSnapshot === undefined || event.deletes ? {} : { storedData: storedSnapshot }),
    deleted: event.deletes,
    deletionAnnounced: event.deletes,
    fetched: false,
    basis: null,
  };
}
