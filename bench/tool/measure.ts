import { sum } from 'simple-statistics';
import { readProcessorTime } from './processor-time.ts';

/** Wall time and processor time of a piece of work. */
export interface Measured {
  milliseconds: number;
  processorMilliseconds: number;
}

/** Measures `work` by the clock and by the processor time of these processes and all below them. */
export async function measure(processes: readonly number[], work: () => Promise<unknown>): Promise<Measured> {
  const each = Object.fromEntries(processes.map((pid) => [pid, pid]));
  const { milliseconds, parts } = await measureParts(each, work);
  return { milliseconds, processorMilliseconds: sum(Object.values(parts)) };
}

/** The same, with the processor time of each part by itself, and what the work came to. */
export async function measureParts<Part extends string, Result>(
  parts: Readonly<Record<Part, number>>,
  work: () => Promise<Result>,
): Promise<{ milliseconds: number; parts: Record<Part, number>; result: Result }> {
  const names = Object.keys(parts) as Part[];
  const read = () => Promise.all(names.map((part) => readProcessorTime([parts[part]])));
  const before = await read();
  const begun = performance.now();
  const result = await work();
  const milliseconds = performance.now() - begun;
  const after = await read();
  const spent = names.map((part, index) => [part, (after[index] ?? 0) - (before[index] ?? 0)]);
  return { milliseconds, parts: Object.fromEntries(spent) as Record<Part, number>, result };
}
