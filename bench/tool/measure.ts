import { readProcessorTime } from './processor-time.ts';

/** Wall time and processor time of a piece of work. */
export interface Measured {
  milliseconds: number;
  processorMilliseconds: number;
}

/** Measures `work` by the clock and by the processor time of these processes and all below them. */
export async function measure(processes: readonly number[], work: () => Promise<unknown>): Promise<Measured> {
  const before = await readProcessorTime(processes);
  const begun = performance.now();
  await work();
  const milliseconds = performance.now() - begun;
  return { milliseconds, processorMilliseconds: (await readProcessorTime(processes)) - before };
}

/** The same, with the processor time of each part by itself. */
export async function measureParts(
  parts: Readonly<Record<string, number>>,
  work: () => Promise<unknown>,
): Promise<{ milliseconds: number; parts: Record<string, number> }> {
  const read = () => Promise.all(Object.values(parts).map((pid) => readProcessorTime([pid])));
  const before = await read();
  const begun = performance.now();
  await work();
  const milliseconds = performance.now() - begun;
  const after = await read();
  const spent = Object.keys(parts).map((part, index) => [part, (after[index] ?? 0) - (before[index] ?? 0)]);
  return { milliseconds, parts: Object.fromEntries(spent) as Record<string, number> };
}
