import type { Bed } from '../tool/bed.ts';
import type { Figure, Ratio } from '../tool/ratio.ts';

/** How much is measured. */
export interface Scale {
  /** A look only: nothing is written. */
  quick: boolean;
  /** How often both sides of a ratio are measured in turn. */
  repetitions: number;
  /** Events of one measurement of processing. */
  events: number;
  /** Seconds of one measurement of receiving. */
  seconds: number;
  /** Lengths of the lists that are reconciled. */
  listLengths: readonly number[];
  /** How long a soak lasts, or an outage of the worker. */
  soakMilliseconds: number;
}

/** What a suite works with. */
export interface SuiteContext {
  bed: Bed;
  scale: Scale;
  /** A line for the person who waits. */
  progress: (message: string) => void;
}

/** What it found. */
export interface SuiteResult {
  ratios: Ratio[];
  figures: Figure[];
}

/** One topic of the benchmark. */
export interface Suite {
  name: string;
  /** One sentence for the report: what is measured against what. */
  sense: string;
  /** @throws Error where the work was not done in full: the figures of a run that lost events mean nothing */
  run(context: SuiteContext): Promise<SuiteResult>;
}
