import { setTimeout as wait } from 'node:timers/promises';
import { z } from 'zod';
import type { Bed } from '../tool/bed.ts';
import { runLoad } from '../tool/load.ts';
import type { LoadResult } from '../tool/load-job.ts';
import { readMemory } from '../tool/process-memory.ts';
import { figureOf, ratioOf } from '../tool/ratio.ts';
import { type Door, landfallSide } from '../tool/side.ts';
import { createStage, type Stage } from '../tool/stage.ts';
import { trendOf } from '../tool/trend.ts';
import { describe, rate } from './receiving.ts';
import type { Suite } from './suite.ts';

const suite = 'backpressure';
/** More than a receiver starts at once, so that both Temporal and the inbox have a backlog. */
const connections = 64;
const warmUpMilliseconds = 3_000;
/** Of twenty events, one for each light source. */
const heavyOfTwenty = 18;
const tenths = 10;
const samplesPerTenth = 24;
/** While caches fill, memory grows as it should. */
const settlingTenths = 2;
const lookEveryMilliseconds = 1_000;
const patienceMilliseconds = 240_000;
const mebibyte = 1_048_576;
const hour = 3_600_000;
const countsSchema = z.array(z.object({ source: z.string(), count: z.coerce.number() }));

/** A worker that is down while events arrive as fast as they are taken, and then comes back. */
export const backpressureSuite: Suite = {
  name: suite,
  sense: `No worker runs while events arrive at ${connections} connections, nine of ten from one source: acknowledgements in the last tenth of that time against the first, and the receiver's memory. Then a worker starts: how long the other two sources wait, against the heavy one.`,
  async run({ bed, scale, progress }) {
    const stage = await createStage(bed, { sourceCount: 3 });
    const side = landfallSide(bed);
    const door = await side.openDoor(stage);
    const { results, memory } = await load(bed, stage, door, scale.soakMilliseconds, progress);
    const accepted = results.reduce((sum, result) => sum + result.accepted, 0);
    progress(`${await stage.countInbox()} of ${accepted} events are in the inbox`);
    const worker = await side.startWorker(stage);
    const drained = await drain(stage, accepted, progress);
    await stage.untilCompleted(accepted);
    await worker.stop();
    await door.close();
    await stage.close();

    const [first, last] = [results[1], results.at(-1)];
    if (first === undefined || last === undefined) throw new Error('There was no load.');
    const about = { suite, server: bed.server };
    const minutes = scale.soakMilliseconds / 60_000;
    const note = `${accepted} events in ${Number(minutes.toPrecision(3))} minutes`;
    const against = 'the first tenth of the time';
    const { slope, confidence } = trendOf(memory);
    return {
      ratios: [
        ratioOf([{ ours: rate(last), theirs: rate(first) }], {
          ...{
            ...about,
            name: 'acknowledged in the last tenth of the time',
            unit: 'events/s',
            against,
            note,
          },
          goal: { atLeast: 0.9 },
        }),
        ratioOf([{ ours: last.latency.p99, theirs: first.latency.p99 }], {
          ...{ ...about, name: 'p99 in the last tenth of the time', unit: 'ms', against, note },
          goal: { atMost: 1.2 },
        }),
        ratioOf([{ ours: drained.light.seconds, theirs: drained.heavy.seconds }], {
          ...{ ...about, name: 'until the two light sources are drained', unit: 's' },
          ...{ against: 'until the heavy one is', goal: { atMost: 1 / 3 } },
        }),
      ],
      figures: [
        figureOf((100 * drained.heavyThen) / drained.heavy.events, {
          ...{ ...about, name: 'of the heavy source completed when the light ones were', unit: '%' },
          note: `${drained.heavyThen} of ${drained.heavy.events}; of the light ones ${drained.light.events}`,
        }),
        figureOf(slope, {
          ...{ ...about, name: "slope of the receiver's memory", unit: 'MiB/hour' },
          note: `± ${confidence.toFixed(1)} (95 %), ${note}`,
        }),
        figureOf(memory.at(-1)?.[1] ?? Number.NaN, {
          ...{ ...about, name: "the receiver's memory at the end", unit: 'MiB', note },
        }),
      ],
    };
  },
};

/** The warm-up and then the tenths of the time, each with what it came to; samples of the receiver's memory are `[hours, MiB]`. */
async function load(
  bed: Bed,
  stage: Stage,
  door: Door,
  milliseconds: number,
  progress: (message: string) => void,
): Promise<{ results: LoadResult[]; memory: [number, number][] }> {
  if (door.target.kind !== 'deliveries') throw new Error('A receiver takes deliveries.');
  const [heavy = '', ...light] = door.target.urls;
  const target = { ...door.target, urls: [...Array<string>(heavyOfTwenty).fill(heavy), ...light] };
  const run = (name: string, time: number) =>
    runLoad(bed, {
      ...{ target, prefix: `${stage.taskQueue}-${name}`, concurrency: connections },
      milliseconds: time,
    });
  const results = [await run('w', warmUpMilliseconds)];
  const memory: [number, number][] = [];
  const begun = performance.now();
  for (let tenth = 0; tenth < tenths; tenth += 1) {
    const loading = run(`t${tenth}`, milliseconds / tenths);
    for (let sample = 0; sample < samplesPerTenth; sample += 1) {
      await wait(milliseconds / tenths / samplesPerTenth);
      if (tenth < settlingTenths) continue;
      const { resident } = await readMemory(door.pid);
      memory.push([(performance.now() - begun) / hour, resident / mebibyte]);
    }
    const result = await loading;
    results.push(result);
    progress(`tenth ${tenth + 1}: ${describe(result)}`);
  }
  return { results, memory };
}

interface Drained {
  seconds: number;
  events: number;
}

/** Watches how a worker that has just started gets through, until all events are processed. */
async function drain(
  { sources, query }: Stage,
  accepted: number,
  progress: (message: string) => void,
): Promise<{ light: Drained; heavy: Drained; heavyThen: number }> {
  const [heavySource = ''] = sources;
  const counts: { seconds: number; heavy: number; light: number }[] = [];
  const begun = performance.now();
  let movedAt = begun;
  for (let all = 0; all < accepted;) {
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
  const lightDone = counts.find(({ light }) => light === end?.light);
  if (end === undefined || lightDone === undefined) throw new Error('There was nothing to drain.');
  return {
    light: { seconds: lightDone.seconds, events: end.light },
    heavy: { seconds: end.seconds, events: end.heavy },
    heavyThen: lightDone.heavy,
  };
}
