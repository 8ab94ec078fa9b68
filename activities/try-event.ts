import { setTimeout as wait } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import { Semaphore, type SemaphoreInterface, withTimeout } from 'async-mutex';
import { type AppliedEvent, landEvent, type LandingSteps } from '../src/model/land-event.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { toApplicationFailure } from './to-application-failure.ts';
import type { Activities } from './types.ts';

/**
 * First attempts of one source under way in this worker at once. A vendor that answers slowly fills this number and goes on
 * with ordinary activities; it never takes the workflow slots of the others (`workflowTaskSlots` in src/temporal/worker.ts).
 */
const perSource = 32;
/** A vendor that answers in time has a place free by then, however long the backlog is. */
const waitForPlaceMilliseconds = 1_000;
/** After that many rounds the others of the record are let through by a workflow that waits without a slot. */
const lastRound = 3;

/** The whole way of an event in one go. */
export function createTryEvent(
  steps: LandingSteps,
  { sources, redact }: Pick<ActivityDependencies, 'sources' | 'redact'>,
): Activities['tryEvent'] {
  const placesOf = new Map<string, SemaphoreInterface>();

  return async (input) => {
    const { source } = input.event;
    const { requestsPerSecond = null, ordering } = sources.get(source) ?? {};
    if (ordering?.kind === 'per-entity' && input.hasTurn !== true) return { kind: 'deferred', ordered: true };
    if (requestsPerSecond !== null && input.event.snapshot === null)
      return { kind: 'deferred', limited: true };
    let places = placesOf.get(source);
    if (places === undefined) {
      places = withTimeout(new Semaphore(perSource), waitForPlaceMilliseconds, new NoPlaceError());
      placesOf.set(source, places);
    }
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
      });
      return { kind: 'landed', landed };
    } catch (error) {
      if (error instanceof RecordContendedError || error instanceof NoPlaceError) return { kind: 'deferred' };
      throw toApplicationFailure(error, redact, { step, ...(applied === undefined ? {} : { applied }) });
    } finally {
      leave();
    }
  };
}

/** All places of the source were taken for long. */
class NoPlaceError extends Error {}

/** Leaves `landEvent`: other events of the record keep writing it. */
class RecordContendedError extends Error {}
