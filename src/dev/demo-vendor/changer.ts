import type { VendorEvent } from './company.ts';
import type { Pauses } from './pauses.ts';
import type { Random } from './random.ts';

/** What a changer needs. */
export interface ChangerDependencies {
  /** Lets something happen in the company, and returns its events in their order. */
  change: () => VendorEvent[];
  publish: (event: VendorEvent) => void;
  /** 0: it never starts. */
  perSecond: number;
  random: Random;
  pauses: Pauses;
  signal: AbortSignal;
}

/** The hustle of every day: lets the company change by itself. */
export interface Changer {
  start(): void;
  stop(): void;
}

export function createChanger(dependencies: ChangerDependencies): Changer {
  const { change, publish, perSecond, random, pauses, signal } = dependencies;
  let run = 0;
  const keepOn = async () => {
    const mine = (run += 1);
    while (run === mine && !signal.aborted) {
      const events = change();
      for (const event of events) publish(event);
      await pauses.pause((events.length * 1000 * (0.5 + random.next())) / perSecond);
    }
  };
  return {
    start: () => {
      if (perSecond > 0) void keepOn();
    },
    stop: () => {
      run += 1;
    },
  };
}
