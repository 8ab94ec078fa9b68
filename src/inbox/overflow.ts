/**
 * Whether more events arrive than Temporal starts: they go to the inbox then, and the relay starts them at its pace. While
 * they pour in, it lets them: a vendor waits seconds for its answer, an event that is durable can wait longer.
 */
export interface Overflow {
  begin(): void;
  end(): void;
  lasts(): boolean;
  /** An event goes to the inbox because of it. */
  arrive(): void;
  /**
   * - `calm`: nothing has come for a moment
   * - `rush`: events pour in, and the relay waits; for seconds at most
   * - `flood`: they have done so for longer: the relay starts one after the other
   */
  pressure(): 'calm' | 'rush' | 'flood';
}

const calmAfterMilliseconds = 250;
const floodAfterMilliseconds = 5_000;

/**
 * One for a receiver and the relay beside it.
 *
 * @param now - milliseconds of a clock that nobody sets. @default that of the process
 */
export function createOverflow(now: () => number = () => performance.now()): Overflow {
  let lasts = false;
  let beganAt = 0;
  let arrivedAt = -Infinity;
  return {
    begin: () => {
      if (!lasts) beganAt = now();
      lasts = true;
    },
    end: () => {
      lasts = false;
    },
    lasts: () => lasts,
    arrive: () => {
      arrivedAt = now();
    },
    pressure: () => {
      if (!lasts || now() - arrivedAt > calmAfterMilliseconds) return 'calm';
      return now() - beganAt > floodAfterMilliseconds ? 'flood' : 'rush';
    },
  };
}
