import type { Servers, System } from './system.ts';

/** The parts of a system that a fault can be put on. */
export type Part = 'receiver' | 'worker' | 'Temporal' | 'store' | 'vendor' | 'destination' | 'network';

/** Something that goes wrong, for a while. */
export interface Fault {
  /** Unique, such as `a worker is killed`. */
  name: string;
  part: Part;
  /** `short`: part of `npm test` too. */
  form: 'short' | 'full';
  /** How long it lasts. */
  milliseconds: number;
  /** Lets it happen, and gives back what ends it. */
  inject(system: System): Promise<() => Promise<unknown>>;
  /**
   * Why events may become dead letters by it: only where the vendor or a destination was away for longer than their
   * retries. They are replayed when it is over, as an operator would. @default none may
   */
  deadLetters?: string;
  /** Why it cannot be tried on this machine; null where it can. @default it can */
  unavailable?(servers: Servers): string | null;
}
