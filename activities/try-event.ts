import { setTimeout as wait } from 'node:timers/promises';
import { ApplicationFailure, Context } from '@temporalio/activity';
import { Semaphore, type SemaphoreInterface, withTimeout } from 'async-mutex';
import { RecordTooLargeError, StoreUnavailableError } from '../src/errors.ts';
import { hasSnapshot } from '../src/model/event.ts';
import {
  type AppliedEvent,
  DeliveriesFailedError,
  deliverStep,
  type FailedDelivery,
  landEvent,
  type LandingInput,
  type LandingSteps,
} from '../src/model/land-event.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { redactingOf } from './redacting.ts';
import type { ReferToRecord } from './refer-to-record.ts';
import { toApplicationFailure } from './to-application-failure.ts';
import type { Activities, FailureDetail } from './types.ts';

/**
 * First attempts of one source under way in this worker at once. A vendor that answers slowly fills this number and goes on
 * with ordinary activities; it never takes the workflow slots of the others (`workflowTaskSlots` in src/temporal/worker.ts).
 */
const perSource = 32;
/** A vendor that answers in time has a place free by then, however long the backlog is. */
const waitForPlaceMilliseconds = 1_000;
/** After that many rounds the others of the record are let through by a workflow that waits without a slot. */
const lastRound = 3;
/** Of the eight seconds of the whole attempt, what a handler's time has to fit into: begun later, it would be cut off unheard. */
const handlersEndWithinMilliseconds = 7_000;

/** The whole way of an event in one go. */
export function createTryEvent(
  steps: LandingSteps,
  dependencies: Pick<ActivityDependencies, 'sources' | 'redact'> & { referToRecord: ReferToRecord },
): Activities['tryEvent'] {
  const { sources, referToRecord } = dependencies;
  const placesOf = new Map<string, SemaphoreInterface>();

  return async (input) => {
    const { source } = input.event;
    const { requestsPerSecond = null, ordering } = sources.get(source) ?? {};
    if (ordering?.kind === 'per-entity' && input.hasTurn !== true) return { kind: 'deferred', ordered: true };
    if (requestsPerSecond !== null && !hasSnapshot(input.event)) return { kind: 'deferred', limited: true };
    let places = placesOf.get(source);
    if (places === undefined) {
      places = withTimeout(new Semaphore(perSource), waitForPlaceMilliseconds, new NoPlaceError());
      placesOf.set(source, places);
    }
    const begun = performance.now();
    let step = '';
    let applied: AppliedEvent | undefined;
    let leave = (): void => undefined;
    try {
      [, leave] = await places.acquire();
      const landed = await landEvent(input, steps, {
        onStep: (next) => {
          step = next;
        },
        onApplied: (state) => {
          applied = state;
        },
        beforeRound: async (round) => {
          if (round > lastRound) throw new RecordContendedError();
          await wait(Math.random() * 20 * round, undefined, {
            signal: Context.current().cancellationSignal,
          });
        },
        atOnce: () => true,
        leaves: (_destination, policy) => {
          const takes = policy?.timeoutMilliseconds ?? 0;
          return takes > 0 && performance.now() - begun + takes > handlersEndWithinMilliseconds;
        },
      });
      if (applied === undefined || !isLeft(applied)) return { kind: 'landed', landed };
      const told = await tell(applied, input);
      return told === undefined ? { kind: 'deferred' } : { kind: 'applied', applied: told };
    } catch (error) {
      if (error instanceof RecordContendedError || error instanceof NoPlaceError) return { kind: 'deferred' };
      const documents = [input.event.snapshot, applied?.incoming?.data ?? null];
      const redact = redactingOf(dependencies, { source, documents });
      const told = await tell(applied, input);
      if (error instanceof DeliveriesFailedError) throw deliveriesFailed(error, told, redact);
      throw toApplicationFailure(error, redact, { step, ...(told === undefined ? {} : { applied: told }) });
    } finally {
      leave();
    }
  };

  /**
   * How far it came, as it may stand in a history; undefined where the record is too large for that and the store is away. The next
   * attempt then begins at the fetch, and goes on with what the store knows to be done.
   */
  async function tell(
    applied: AppliedEvent | undefined,
    { event, byReference }: LandingInput,
  ): Promise<AppliedEvent | undefined> {
    if (applied === undefined || applied.incoming === null) return applied;
    try {
      const incoming = await referToRecord(event.source, applied.incoming, {
        byReference: byReference === true,
      });
      return { ...applied, incoming };
    } catch (error) {
      if (error instanceof StoreUnavailableError || error instanceof RecordTooLargeError) return undefined;
      throw error;
    }
  }
}

/** Whether somebody has not been handed the record, though nobody failed. */
function isLeft({ incoming, applied, delivered }: AppliedEvent): boolean {
  return incoming !== null && applied.pending.some((name) => !delivered.includes(name));
}

/** The first failure, with all of them in its detail: the workflow goes on with each by itself. */
function deliveriesFailed(
  { failures }: DeliveriesFailedError,
  applied: AppliedEvent | undefined,
  redact: (text: string) => string,
): Error {
  const failed: Record<string, FailedDelivery> = {};
  for (const { destination, error } of failures) {
    const failure = toApplicationFailure(error, redact);
    // Of the whole attempt, such as a worker that stops.
    if (!(failure instanceof ApplicationFailure)) return failure;
    failed[destination] = describe(failure);
  }
  const [first] = failures;
  if (first === undefined) throw new RangeError('a failure without one');
  return toApplicationFailure(first.error, redact, {
    step: deliverStep(first.destination),
    ...(applied === undefined ? {} : { applied: { ...applied, failed } }),
  });
}

function describe(failure: ApplicationFailure): FailedDelivery {
  const detail = failure.details?.[0] as FailureDetail | undefined;
  return {
    type: failure.type ?? 'Error',
    message: failure.message,
    causes: causesOf(failure),
    retryable: failure.nonRetryable !== true,
    ...(detail?.retryAfterMilliseconds === undefined
      ? {}
      : { retryAfterMilliseconds: detail.retryAfterMilliseconds }),
    ...(detail?.notBegun === undefined ? {} : { notBegun: true }),
  };
}

function causesOf(failure: Error): FailedDelivery['causes'] {
  const causes: FailedDelivery['causes'] = [];
  for (let { cause } = failure; cause instanceof Error; { cause } = cause) {
    causes.push({ name: cause.name, message: cause.message });
  }
  return causes;
}

/** All places of the source were taken for long. */
class NoPlaceError extends Error {}

/** Leaves `landEvent`: other events of the record keep writing it. */
class RecordContendedError extends Error {}
