import type { FaultName, Faults } from './faults.ts';
import type { Random } from './random.ts';

/** What is to become of one event. */
export interface DeliveryPlan {
  /** True: it is never sent. */
  drop: boolean;
  /** How often it is sent, all at once. */
  times: number;
  delayMilliseconds: number;
  /** True: it waits for others, to leave in the reverse order. */
  shuffle: boolean;
  /** True: a forged delivery goes beside it. */
  forge: boolean;
  /** True: a delivery without an event goes beside it. */
  malform: boolean;
  /** True: its id is sent once more with another body. */
  conflict: boolean;
}

/** The honest way: once, at once. */
export const plainPlan: DeliveryPlan = {
  drop: false,
  times: 1,
  delayMilliseconds: 0,
  shuffle: false,
  forge: false,
  malform: false,
  conflict: false,
};

/** Draws what becomes of an event. It always draws as many numbers, so that one fault's rate does not change the others' luck. */
export function planDelivery(faults: Faults, random: Random): DeliveryPlan {
  const hit = (name: FaultName) => random.hits(faults[name]);
  const many = random.between(2, 10);
  const late = random.between(1_000, 5_000);
  return {
    drop: hit('drops'),
    times: hit('duplicates') ? many : 1,
    delayMilliseconds: hit('delays') ? late : 0,
    shuffle: hit('shuffles'),
    forge: hit('forged'),
    malform: hit('malformed'),
    conflict: hit('conflicts'),
  };
}
