import { setTimeout as wait } from 'node:timers/promises';
import { z } from 'zod';
import type { Bed } from '../tool/bed.ts';
import { runLoad } from '../tool/load.ts';
import type { LoadResult } from '../tool/load-job.ts';
import { createMemoryTrend, type MemoryTrend } from '../tool/memory-trend.ts';
import { ratioOf } from '../tool/ratio.ts';
import { type Door, landfallSide } from '../tool/side.ts';
import { createStage, type Stage } from '../tool/stage.ts';
import { checkHeld, describe, rate } from './receiving.ts';
import type { Suite } from './suite.ts';

const suite = 'backpressure';
/** More than a receiver starts at once, so that both Temporal and the inbox have a backlog. */
const connections = 64;
const warmUpMilliseconds = 3_000;
/** Of twenty events, one for each light source. */
const heavyOfTwenty = 18;
const lightSources = 2;
const tenths = 10;
const samplesPerTenth = 24;
/** While caches fill, memory grows as it should. */
const settlingTenths = 2;
const lookEveryMilliseconds = 1_000;
/** An hour's events take longer to process than anyone would measure; whether sources take turns shows at once. */
const longestDrainMilliseconds = 600_000;
/** Of the light sources' events: the last ones of any backlog are stragglers. */
const nearlyAll = 0.95;
const patienceMilliseconds = 240_000;
const countsSchema = z.array(z.object({ source: z.string(), count: z.coerce.number() }));

/** A worker that is down while events arrive as fast as they are taken, and then comes back. */
export const backpressureSuite: Suite = {
  name: suite,
  sense: `No worker runs while events arrive at ${connections} connections, nine of ten from one source: acknowledgements in the last tenth of that time against the first, and the receiver's memory. Then a worker starts: how many events of each of the other two sources it completes while all three have a backlog, against the heavy one's. It is watched until all is processed, but for ten minutes at most.`,
  async run({ bed, scale, progress }) {
    const stage = await createStage(bed, { sourceCount: 3 });
    const side = landfallSide(bed);
    const door = await side.openDoor(stage);
    const memory = createMemoryTrend('receiver', door.pid);
    const results = await load(bed, stage, door, { milliseconds: scale.soakMilliseconds, memory, progress });
    const accepted = results.reduce((sum, result) => sum + result.accepted, 0);
    progress(`${await stage.countInbox()} of ${accepted} events are in the inbox`);
    const worker = await side.startWorker(stage);
    const drained = await drain(stage, accepted, progress);
    if (drained.all) await stage.untilCompleted(accepted);
    await worker.stop();
    await door.close();
    await checkHeld(stage, accepted);
    await stage.close();

    const [first, last] = [results[1], results.at(-1)];
    if (first === undefined || last === undefined) throw new Error('There was no load.');
    const minutes = scale.soakMilliseconds / 60_000;
    const note = `${accepted} events in ${Number(minutes.toPrecision(3))} minutes`;
    const about = { suite, server: bed.server };
    const overTime = { ...about, against: 'the first tenth of the time', note };
    return {
      ratios: [
        ratioOf([{ ours: rate(last), theirs: rate(first) }], {
          ...{ ...overTime, name: 'acknowledged in the last tenth of the time', unit: 'events/s' },
          goal: { atLeast: 0.9 },
        }),
        ratioOf([{ ours: last.latency.p99, theirs: first.latency.p99 }], {
          ...{ ...overTime, name: 'p99 in the last tenth of the time', unit: 'ms' },
          goal: { atMost: 1.2 },
        }),
        ratioOf([{ ours: drained.light / lightSources, theirs: drained.heavy }], {
          ...{ ...about, name: 'completed of a light source while all have a backlog', unit: 'events' },
          ...{ against: 'of the heavy one', goal: { atLeast: 0.8 } },
          note: `in ${drained.seconds.toFixed(0)} seconds`,
        }),
      ],
      figures: memory.figures({ ...about, note }),
    };
  },
};

/** The warm-up and then the tenths of the time, each with what it came to. */
async function load(
  bed: Bed,
  stage: Stage,
  door: Door,
  {
    milliseconds,
    memory,
    progress,
  }: { milliseconds: number; memory: MemoryTrend; progress: (message: string) => void },
): Promise<LoadResult[]> {
  if (door.target.kind !== 'deliveries') throw new Error('A receiver takes deliveries.');
  const [heavy = '', ...light] = door.target.urls;
  const target = { ...door.target, urls: [...Array<string>(heavyOfTwenty).fill(heavy), ...light] };
  const run = (name: string, time: number) =>
    runLoad(bed, {
      ...{ target, prefix: `${stage.taskQueue}-${name}`, concurrency: connections },
      milliseconds: time,
    });
  const results = [await run('w', warmUpMilliseconds)];
  for (let tenth = 0; tenth < tenths; tenth += 1) {
    const loading = run(`t${tenth}`, milliseconds / tenths);
    let resident = Number.NaN;
    for (let sample = 0; sample < samplesPerTenth; sample += 1) {
      await wait(milliseconds / tenths / samplesPerTenth);
      if (tenth >= settlingTenths) resident = await memory.sample();
    }
    const result = await loading;
    results.push(result);
    const memoryNote = Number.isNaN(resident) ? '' : `, ${resident.toFixed(0)} MiB`;
    progress(`tenth ${tenth + 1}: ${describe(result)}${memoryNote}`);
  }
  return results;
}

interface Drained {
  /** Until the light sources were nearly through, or the watch ended. */
  seconds: number;
  /** Processed by then, of all light sources together and of the heavy one. */
  light: number;
  heavy: number;
  /** Whether every event was processed at last. */
  all: boolean;
}

/** Watches how a worker that has just started gets through. @throws Error where it does not get on */
async function drain(
  { sources, query }: Stage,
  accepted: number,
  progress: (message: string) => void,
): Promise<Drained> {
  const [heavySource = ''] = sources;
  const counts: Omit<Drained, 'all'>[] = [];
  const begun = performance.now();
  let movedAt = begun;
  let all = 0;
  while (all < accepted && performance.now() - begun < longestDrainMilliseconds) {
    await wait(lookEveryMilliseconds);
    const rows = countsSchema.parse(
      await query('select source, count(*) as count from landfall.processed group by source'),
    );
    const total = rows.reduce((sum, { count }) => sum + count, 0);
    const heavy = rows.find(({ source }) => source === heavySource)?.count ?? 0;
    if (total > all) movedAt = performance.now();
    if (performance.now() - movedAt > patienceMilliseconds) {
      throw new Error(`${total} of ${accepted} events are processed, and no more come.`);
    }
    all = total;
    counts.push({ seconds: (performance.now() - begun) / 1_000, heavy, light: total - heavy });
    if (counts.length % 20 === 0) progress(`processed: ${heavy} heavy, ${total - heavy} light`);
  }
  const end = counts.at(-1);
  const lightDone = counts.find(({ light }) => light >= nearlyAll * (end?.light ?? 0));
  if (lightDone === undefined) throw new Error('There was nothing to drain.');
  return { ...lightDone, all: all >= accepted };
}
