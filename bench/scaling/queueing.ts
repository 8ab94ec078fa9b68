/** One part of the way of an event: so many equal units (cores, connections), each serving one event at a time. */
export interface Part {
  name: string;
  /** What one event costs one unit, in the mean, in milliseconds. */
  millisecondsPerEvent: number;
  /** What is waited for beside, without using a unit: round trips, the disk. */
  waitMilliseconds: number;
  /** The vendor's answer waits for the parts up to the last of these. */
  beforeAnswer: boolean;
}

/** What came of a rate on so many units of each part. */
export interface Simulation {
  /** By part: the share of its units' time that is used; 1 or more: its queue grows without end. */
  utilisation: number[];
  /** Of the answer to the vendor, and of the event's end, in milliseconds. */
  answerP99: number;
  completionP99: number;
}

/** What was measured on so many cores for all parts together. */
export interface MeasuredRun {
  cores: number;
  perSecond: number;
  /** CPU time. */
  millisecondsPerEvent: number;
}

/** The share of its cores' time (0 to 1) that a run used: the rest they waited, for the disk or for each other. */
export function usableShare({ cores, perSecond, millisecondsPerEvent }: MeasuredRun): number {
  return (perSecond * millisecondsPerEvent) / (cores * 1000);
}

/** Events per second on a run's cores, at its cost, where a share `usable` (0 to 1) of their time can be used. */
export function perSecondOn(
  { cores, millisecondsPerEvent }: Pick<MeasuredRun, 'cores' | 'millisecondsPerEvent'>,
  usable: number,
): number {
  return (cores * 1000 * usable) / millisecondsPerEvent;
}

/** Units that hold the utilisation of a part at or below `target` (0 to 1). */
export function unitsFor(part: Part, perSecond: number, target: number): number {
  return Math.max(1, Math.ceil((perSecond * part.millisecondsPerEvent) / 1000 / target));
}

/**
 * Sends `events` events, at random times at a rate, through the parts in their order: first come, first served, with
 * service times of the exponential distribution. The same seed gives the same result.
 */
export function simulate(
  parts: readonly Part[],
  units: readonly number[],
  { perSecond, events, seed }: { perSecond: number; events: number; seed: number },
): Simulation {
  const random = generator(seed);
  const exponential = (mean: number) => -Math.log(1 - random()) * mean;
  const arrivals: number[] = [];
  for (let now = 0; arrivals.length < events;) arrivals.push((now += exponential(1000 / perSecond)));
  let times = arrivals.map((start) => ({ start, at: start }));
  let answerP99 = 0;
  for (const [index, part] of parts.entries()) {
    times.sort((a, b) => a.at - b.at);
    const free = new Array<number>(units[index] ?? 1).fill(0);
    times = times.map(({ start, at }) => {
      const end = Math.max(at, free[0] ?? 0) + exponential(part.millisecondsPerEvent);
      replaceFirst(free, end);
      return { start, at: end + part.waitMilliseconds };
    });
    if (part.beforeAnswer) answerP99 = p99(times);
  }
  return {
    utilisation: parts.map(
      (part, index) => (perSecond * part.millisecondsPerEvent) / 1000 / (units[index] ?? 1),
    ),
    answerP99,
    completionP99: p99(times),
  };
}

/** Puts `value` in the place of the least of a binary heap, and the then least first: there are thousands of units. */
function replaceFirst(heap: number[], value: number): void {
  let place = 0;
  for (;;) {
    let child = 2 * place + 1;
    if ((heap[child + 1] ?? Infinity) < (heap[child] ?? Infinity)) child += 1;
    const least = heap[child] ?? Infinity;
    if (least >= value) break;
    heap[place] = least;
    place = child;
  }
  heap[place] = value;
}

function p99(times: readonly { start: number; at: number }[]): number {
  const took = times.map(({ start, at }) => at - start).sort((a, b) => a - b);
  return took[Math.floor(took.length * 0.99)] ?? Number.NaN;
}

/** Numbers from 0 to 1 by the linear congruential generator of Numerical Recipes. */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
