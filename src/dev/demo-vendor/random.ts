/** A repeatable stream of random numbers: the same seed gives the same company, the same changes, the same faults. */
export interface Random {
  /** At least 0, below 1. */
  next(): number;
  /** A whole number from `from` to `to`, both included. */
  between(from: number, to: number): number;
  /** True with the given probability: 0 never, 1 always. */
  hits(rate: number): boolean;
  /** @throws RangeError for an empty list */
  pick<T>(list: readonly T[]): T;
  /** Where the stream stands: a stream made with it as its seed goes on from there. */
  state(): number;
}

/**
 * Mulberry32: small, fast and good enough for a demo; nothing secret is made with it.
 *
 * @param seed - a whole number below 2^32
 * @see https://github.com/bryc/code/blob/master/jshash/PRNGs.md#mulberry32
 */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  const between = (from: number, to: number) => from + Math.floor(next() * (to - from + 1));
  return {
    next,
    between,
    hits: (rate) => next() < rate,
    pick: (list) => {
      const item = list[between(0, list.length - 1)];
      if (item === undefined) throw new RangeError('Nothing can be picked from an empty list.');
      return item;
    },
    state: () => state,
  };
}
