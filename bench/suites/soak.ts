import { setTimeout as wait } from 'node:timers/promises';
import { runLoad } from '../tool/load.ts';
import { createMemoryTrend } from '../tool/memory-trend.ts';
import { landfallSide } from '../tool/side.ts';
import { createStage } from '../tool/stage.ts';
import type { Suite } from './suite.ts';

const suite = 'soak';
const eventsPerSecond = 10;
const sampleCount = 240;
/** While caches fill, memory grows as it should. */
const settlingShare = 0.25;

/** Memory of receiver and worker under a steady load. */
export const soakSuite: Suite = {
  name: suite,
  sense: `The slope of the resident memory of receiver and worker at ${eventsPerSecond} events per second, by least squares, with its 95 % confidence.`,
  async run({ bed, scale, progress }) {
    const { soakMilliseconds: milliseconds } = scale;
    const stage = await createStage(bed);
    const side = landfallSide(bed);
    const door = await side.openDoor(stage);
    const worker = await side.startWorker(stage);
    const trends = [createMemoryTrend('receiver', door.pid), createMemoryTrend('worker', worker.pid)];
    const begun = performance.now();
    const load = runLoad(bed, {
      ...{ target: door.target, prefix: stage.taskQueue, concurrency: 16, eventsPerSecond },
      milliseconds,
    });
    for (let sample = 0; sample < sampleCount; sample += 1) {
      await wait(Math.max(0, begun + ((sample + 1) * milliseconds) / sampleCount - performance.now()));
      const passed = performance.now() - begun;
      if (passed < milliseconds * settlingShare) continue;
      const memory = await Promise.all(trends.map((trend) => trend.sample()));
      if (sample % 20 !== 0) continue;
      progress(
        `${(passed / 60_000).toFixed(0)} min: ${memory.map((each) => each.toFixed(0)).join(', ')} MiB`,
      );
    }
    const { accepted } = await load;
    await stage.untilCompleted(accepted);
    await worker.stop();
    await door.close();
    await stage.close();
    const note = `${accepted} events in ${(milliseconds / 60_000).toFixed(0)} minutes`;
    const about = { suite, server: bed.server, note };
    return { ratios: [], figures: trends.flatMap((trend) => trend.figures(about)) };
  },
};
