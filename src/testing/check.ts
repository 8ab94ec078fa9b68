import { inspect } from 'node:util';
import { LandfallError } from '../errors.ts';

/** One thing that Landfall relies on, to be run as a test of any runner. */
export interface ConformanceCheck {
  /** Such as `fetch/refused`: what `except` takes. */
  id: string;
  /** A sentence: the name of the test. */
  name: string;
  /** @throws ConformanceError where the adapter does otherwise */
  run(): Promise<void>;
}

/** An error, or whatever else was thrown, in a few words. */
export function describeThrown(thrown: unknown): string {
  if (thrown instanceof LandfallError) return `${thrown.name}: ${thrown.message}`;
  if (thrown instanceof Error) return `${thrown.name} (no error of Landfall): ${thrown.message}`;
  return inspect(thrown, { depth: 1, breakLength: Infinity });
}

/** A value in a few words. */
export function describeValue(value: unknown): string {
  const text = inspect(value, { depth: 4, breakLength: Infinity });
  return text.length > 300 ? `${text.slice(0, 300)}…` : text;
}
