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
