import { readMemory } from './process-memory.ts';
import { type Figure, figureOf } from './ratio.ts';
import { trendOf } from './trend.ts';

const mebibyte = 1_048_576;
const hour = 3_600_000;

/** The resident memory of a process over time. */
export interface MemoryTrend {
  /** Takes a sample; it in MiB. */
  sample(): Promise<number>;
  /** The slope of the samples, and the last of them. */
  figures(about: Pick<Figure, 'suite' | 'server'> & { note: string }): Figure[];
}

/** @param part - what the figures call the process */
export function createMemoryTrend(part: string, pid: number): MemoryTrend {
  const samples: [hours: number, mebibytes: number][] = [];
  return {
    async sample() {
      const mebibytes = (await readMemory(pid)).resident / mebibyte;
      samples.push([performance.now() / hour, mebibytes]);
      return mebibytes;
    },
    figures({ note, ...about }) {
      const { slope, confidence } = trendOf(samples);
      return [
        figureOf(slope, {
          ...{ ...about, unit: 'MiB/hour', name: `slope of the ${part}'s memory` },
          note: `± ${confidence.toFixed(1)} (95 %), ${note}`,
        }),
        figureOf(samples.at(-1)?.[1] ?? Number.NaN, {
          ...{ ...about, unit: 'MiB', name: `memory of the ${part} at the end`, note },
        }),
      ];
    },
  };
}
