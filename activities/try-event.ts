import { setTimeout as wait } from 'node:timers/promises';
import { type AppliedEvent, landEvent, type LandingSteps } from '../src/model/land-event.ts';
import { callSignal } from './call-signal.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { toApplicationFailure } from './to-application-failure.ts';
import type { Activities } from './types.ts';

/**
 * First attempts of one source under way in this worker at once. A vendor that answers slowly fills this number and goes on
 * with ordinary activities; it never takes the workflow slots of the others (`workflowTaskSlots` in src/temporal/worker.ts).
 */
const perSource = 32;
/** After that many rounds the others of the record are let through by a workflow that waits without a slot. */
const lastRound = 3;

/** The whole way of an event in one go. */
export function createTryEvent(
  steps: LandingSteps,
  { redact }: Pick<ActivityDependencies, 'redact'>,
): Activities['tryEvent'] {
  const underWay = new Map<string, number>();

  return async (input) => {
    const { source } = input.event;
    const others = underWay.get(source) ?? 0;
    if (others >= perSource) return { kind: 'deferred' };
    underWay.set(source, others + 1);
    let step = '';
    let applied: AppliedEvent | undefined;
    try {
      const landed = await landEvent(input, steps, {
        onStep: (next) => {
          step = next;
        },
        onApplied: (state) => {
          applied = state;
        },
        beforeRound: async (round) => {
          if (round > lastRound) throw new RecordContendedError();
          await wait(Math.random() * 20 * round, undefined, { signal: callSignal() });
        },
      });
      return { kind: 'landed', landed };
    } catch (error) {
      if (error instanceof RecordContendedError) return { kind: 'deferred' };
      throw toApplicationFailure(error, redact, { step, ...(applied === undefined ? {} : { applied }) });
    } finally {
      underWay.set(source, (underWay.get(source) ?? 1) - 1);
    }
  };
}

/** Leaves `landEvent`: other events of the record keep writing it. */
class RecordContendedError extends Error {}
