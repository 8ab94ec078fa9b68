import { setTimeout as wait } from 'node:timers/promises';
import { runLoad } from '../tool/load.ts';
import { readMemory } from '../tool/process-memory.ts';
import { figureOf } from '../tool/ratio.ts';
import { landfallSide } from '../tool/side.ts';
import { createStage } from '../tool/stage.ts';
import { trendOf } from '../tool/trend.ts';
import type { Suite } from './suite.ts';

const suite = 'soak';
const eventsPerSecond = 10;
const sampleCount = 240;
/** While caches fill, memory grows as it should. */
const settlingShare = 0.25;
const mebibyte = 1_048_576;
const hour = 3_600_000;

/** Memory of receiver and worker under a steady load. */
export const soakSuite: Suite = {
  name: suite,
  sense: `The slope of the resident memory of receiver and worker at ${eventsPerSecond} events per second, by least squares, with its 95 % confidence.`,
  async run({ bed, scale, progress }) {
    const stage = await createStage(bed);
    const side = landfallSide(bed);
    const door = await side.openDoor(stage);
    const worker = await side.startWorker(stage);
    const { soakMilliseconds: milliseconds } = scale;
    const begun = performance.now();
    const load = runLoad(bed, {
      ...{ target: door.target, prefix: stage.taskQueue, concurrency: 16, eventsPerSecond },
      milliseconds,
    });
    const parts = { receiver: door.pid, worker: worker.pid };
    const samples: Record<keyof typeof parts, [number, number][]> = { receiver: [], worker: [] };
    for (let sample = 0; sample < sampleCount; sample += 1) {
      await wait(Math.max(0, begun + ((sample + 1) * milliseconds) / sampleCount - performance.now()));
      const passed = performance.now() - begun;
      const memory = { receiver: await readMemory(parts.receiver), worker: await readMemory(parts.worker) };
      if (passed < milliseconds * settlingShare) continue;
      samples.receiver.push([passed / hour, memory.receiver.resident / mebibyte]);
      samples.worker.push([passed / hour, memory.worker.resident / mebibyte]);
      if (sample % 20 === 0) {
        progress(
          `${(passed / 60_000).toFixed(0)} min: ${(memory.worker.resident / mebibyte).toFixed(0)} MiB`,
        );
      }
    }
    const { accepted } = await load;
    await stage.untilCompleted(accepted);
    await worker.stop();
    await door.close();
    await stage.close();
    const note = `${accepted} events in ${(milliseconds / 60_000).toFixed(0)} minutes`;
    const figures = (['receiver', 'worker'] as const).flatMap((part) => {
      const { slope, confidence } = trendOf(samples[part]);
      const about = { suite, server: bed.server };
      return [
        figureOf(slope, {
          ...{ ...about, unit: 'MiB/hour', name: `slope of the ${part}'s memory` },
          note: `± ${confidence.toFixed(1)} (95 %), ${note}`,
        }),
        figureOf(samples[part].at(-1)?.[1] ?? Number.NaN, {
          ...{ ...about, unit: 'MiB', name: `memory of the ${part} at the end`, note },
        }),
      ];
    });
    return { ratios: [], figures };
  },
};
