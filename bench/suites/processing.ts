import { median, sum } from 'simple-statistics';
import type { Bed } from '../tool/bed.ts';
import { runLoad } from '../tool/load.ts';
import { measureParts } from '../tool/measure.ts';
import { figureOf, type Pair, ratioOf } from '../tool/ratio.ts';
import { bareSide, landfallSide, type Side } from '../tool/side.ts';
import { createStage, type Stage } from '../tool/stage.ts';
import type { Suite } from './suite.ts';

/** What one measurement of one side came to. */
interface Speed {
  eventsPerSecond: number;
  processorMillisecondsPerEvent: number;
  /** The same, of each part by itself. */
  parts: Record<string, number>;
  historyEvents: number;
}

const suite = 'processing';
const feeding = 32;
const feedingLive = 8;
const sampledHistories = 20;

/** Events from accepted to completed, against the smallest workflow that does the same two calls. */
export const processingSuite: Suite = {
  name: suite,
  sense:
    'Completed events per second and processor time per event, against the smallest workflow that reads the same record and makes the same write in two ordinary activities.',
  async run({ bed, scale, progress }) {
    const sides = { ours: landfallSide(bed), theirs: bareSide(bed) };
    const ways = [
      { way: 'backlog', run: fromBacklog },
      { way: 'live', run: whileArriving },
    ];
    const ratios = [];
    const figures = [];
    for (const { way, run } of ways) {
      const speeds: { ours: Speed; theirs: Speed }[] = [];
      for (let repetition = 1; repetition <= scale.repetitions; repetition += 1) {
        const ours = await run(bed, sides.ours, scale.events);
        const theirs = await run(bed, sides.theirs, scale.events);
        speeds.push({ ours, theirs });
        progress(`${way} ${repetition}: ${describe(ours)} against ${describe(theirs)}`);
      }
      const pairs = (of: (speed: Speed) => number): Pair[] =>
        speeds.map(({ ours, theirs }) => ({ ours: of(ours), theirs: of(theirs) }));
      const about = { suite, server: bed.server, against: sides.theirs.name };
      ratios.push(
        ratioOf(
          pairs((speed) => speed.eventsPerSecond),
          { ...about, name: `${way}: throughput`, unit: 'events/s', goal: { atLeast: 2.5 } },
        ),
        ratioOf(
          pairs((speed) => speed.processorMillisecondsPerEvent),
          { ...about, name: `${way}: processor time`, unit: 'ms/event', goal: { atMost: 1 / 3 } },
        ),
      );
      for (const part of Object.keys(speeds[0]?.ours.parts ?? {})) {
        const unit = 'ms/event';
        const spent = pairs(({ parts }) => parts[part] ?? 0);
        ratios.push(
          ratioOf(spent, { ...about, name: `${way}: processor time of ${part}`, unit, goal: null }),
        );
      }
      if (way === 'backlog') {
        const history = pairs((speed) => speed.historyEvents);
        ratios.push(ratioOf(history, { ...about, name: 'history', unit: 'events/event', goal: null }));
        figures.push(
          figureOf(median(history.map(({ ours }) => ours)), {
            ...{ suite, server: bed.server, name: 'history events of a processed event', unit: 'events' },
            goal: { atMost: 6 },
          }),
        );
      }
    }
    return { ratios, figures };
  },
};

/** Events are accepted while no worker runs; then one is started, and the clock runs from its first events to its last. */
async function fromBacklog(bed: Bed, side: Side, events: number): Promise<Speed> {
  const stage = await createStage(bed);
  const all = warmUpOf(events) + events;
  const door = await side.openDoor(stage);
  await feed(bed, stage, door.target, { events: all, concurrency: feeding });
  await stage.reach('workflows started', () => stage.countWorkflows(), all);
  await door.close();

  const worker = await side.startWorker(stage);
  await stage.reach('events processed', () => stage.countProcessed(), all - events);
  const before = await stage.countProcessed();
  const spent = await measureParts({ ...partsOf(bed), 'the worker': worker.pid }, () =>
    untilCompleted(stage, all),
  );
  const speed = await speedOf(bed, stage, spent, all - before);
  await worker.stop();
  await stage.close();
  return speed;
}

/** Events arrive as fast as they are acknowledged while the worker works; the clock runs from the first to the last completed. */
async function whileArriving(bed: Bed, side: Side, events: number): Promise<Speed> {
  const stage = await createStage(bed);
  const door = await side.openDoor(stage);
  const worker = await side.startWorker(stage);
  const warmUp = warmUpOf(events);
  await feed(bed, stage, door.target, { events: warmUp, concurrency: feedingLive });
  await untilCompleted(stage, warmUp);

  const spent = await measureParts(
    { ...partsOf(bed), 'the worker': worker.pid, 'the receiver': door.pid },
    async () => {
      await feed(bed, stage, door.target, { events, first: warmUp, concurrency: feedingLive });
      await untilCompleted(stage, warmUp + events);
    },
  );
  const speed = await speedOf(bed, stage, spent, events);
  await worker.stop();
  await door.close();
  await stage.close();
  return speed;
}

/** As many events before are not counted: a worker's code is compiled meanwhile, and its connections are made. */
const warmUpOf = (events: number): number => events;

function partsOf({ servers }: Bed): Record<string, number> {
  return { Temporal: servers.temporal, PostgreSQL: servers.postgres };
}

async function feed(
  bed: Bed,
  stage: Stage,
  target: Parameters<typeof runLoad>[1]['target'],
  how: { events: number; first?: number; concurrency: number },
): Promise<void> {
  const { accepted } = await runLoad(bed, { target, prefix: stage.taskQueue, ...how });
  if (accepted !== how.events) throw new Error(`${accepted} of ${how.events} events were accepted.`);
}

/** Every event has its processed mark and a completed workflow, and there is no other workflow. */
async function untilCompleted(stage: Stage, events: number): Promise<void> {
  await stage.untilCompleted(events);
  const counts = [await stage.countProcessed(), await stage.countWorkflows()];
  if (counts.some((count) => count !== events)) {
    throw new Error(`${events} events were sent; processed, and workflows: ${counts.join(', ')}.`);
  }
}

async function speedOf(
  bed: Bed,
  stage: Stage,
  { milliseconds, parts }: Pick<Awaited<ReturnType<typeof measureParts>>, 'milliseconds' | 'parts'>,
  events: number,
): Promise<Speed> {
  const { eventRuns: query } = stage;
  const lengths: number[] = [];
  for await (const { workflowId } of bed.client.workflow.list({ query, pageSize: sampledHistories })) {
    const { events: history } = await bed.client.workflow.getHandle(workflowId).fetchHistory();
    lengths.push(history?.length ?? 0);
    if (lengths.length >= sampledHistories) break;
  }
  return {
    eventsPerSecond: (events * 1_000) / milliseconds,
    processorMillisecondsPerEvent: sum(Object.values(parts)) / events,
    parts: Object.fromEntries(Object.entries(parts).map(([part, spent]) => [part, spent / events])),
    historyEvents: median(lengths),
  };
}

function describe({ eventsPerSecond, processorMillisecondsPerEvent }: Speed): string {
  return `${eventsPerSecond.toFixed(1)} events/s, ${processorMillisecondsPerEvent.toFixed(1)} ms of processor time an event`;
}
