import type { Bed } from '../tool/bed.ts';
import { runLoad } from '../tool/load.ts';
import { type Measured, measure } from '../tool/measure.ts';
import { ratioOf } from '../tool/ratio.ts';
import { type Door, landfallSide } from '../tool/side.ts';
import { createStage } from '../tool/stage.ts';
import type { Suite } from './suite.ts';

const suite = 'duplicates';
const against = 'a fresh event, from its delivery to its completion';
const concurrency = 8;
const goal = { atMost: 0.2 };
/** Where and when an event comes again. */
const cases = [
  'before it is processed, same receiver',
  'before it is processed, another receiver',
  'after it was processed, same receiver',
  'after it was processed, another receiver',
] as const;
type Case = (typeof cases)[number];

/** What an event that came before costs, against one that did not. */
export const duplicatesSuite: Suite = {
  name: suite,
  sense:
    'Time and processor time of an event that came before, against those of a fresh one from its delivery to its completion, both at saturation.',
  async run({ bed, scale, progress }) {
    const rounds: { fresh: Measured; again: Record<Case, Measured> }[] = [];
    for (let repetition = 1; repetition <= scale.repetitions; repetition += 1) {
      const round = await measureRound(bed, scale.events);
      rounds.push(round);
      const perEvent = ({ milliseconds }: Measured) => (milliseconds / scale.events).toFixed(1);
      const again = cases.map((each) => perEvent(round.again[each])).join(', ');
      progress(`${repetition}: ${perEvent(round.fresh)} ms fresh, again ${again} ms`);
    }
    const ratiosOf = (what: string, read: (measured: Measured) => number) =>
      cases.map((each) =>
        ratioOf(
          rounds.map(({ fresh, again }) => ({
            ours: read(again[each]) / scale.events,
            theirs: read(fresh) / scale.events,
          })),
          { suite, server: bed.server, against, goal, unit: 'ms/event', name: `${what}: ${each}` },
        ),
      );
    return {
      ratios: [
        ...ratiosOf('processor time', ({ processorMilliseconds }) => processorMilliseconds),
        ...ratiosOf('time', ({ milliseconds }) => milliseconds),
      ],
      figures: [],
    };
  },
};

async function measureRound(
  bed: Bed,
  events: number,
): Promise<{ fresh: Measured; again: Record<Case, Measured> }> {
  const stage = await createStage(bed);
  const side = landfallSide(bed);
  const [first, second] = [await side.openDoor(stage), await side.openDoor(stage)];
  const servers = Object.values(bed.servers);
  const open = { prefix: `${stage.taskQueue}-open`, events };
  const done = { prefix: `${stage.taskQueue}-done`, events };
  // Each receiver has its code compiled before it is measured.
  for (const [index, door] of [first, second].entries()) {
    await deliver(bed, door, { prefix: `${stage.taskQueue}-warm-${index}`, events: 50 }, 'accepted');
  }

  await deliver(bed, first, open, 'accepted');
  const before = [
    await measure([...servers, first.pid], () => deliver(bed, first, open, 'duplicates')),
    await measure([...servers, second.pid], () => deliver(bed, second, open, 'duplicates')),
  ];
  const worker = await side.startWorker(stage);
  const waiting = events + 100;
  await stage.untilCompleted(waiting);
  const fresh = await measure([...servers, first.pid, worker.pid], async () => {
    await deliver(bed, first, done, 'accepted');
    await stage.untilCompleted(waiting + events);
  });
  const after = [
    await measure([...servers, first.pid, worker.pid], () => deliver(bed, first, done, 'duplicates')),
    await measure([...servers, second.pid, worker.pid], () => deliver(bed, second, done, 'duplicates')),
  ];
  const processed = await stage.countProcessed();
  if (processed !== waiting + events) throw new Error(`A duplicate was processed: ${processed} events are.`);
  for (const each of [worker, { stop: first.close }, { stop: second.close }]) await each.stop();
  await stage.close();
  const measured = [...before, ...after];
  const of = (index: number): Measured => {
    const found = measured[index];
    if (found === undefined) throw new RangeError(`case ${index} was not measured`);
    return found;
  };
  return { fresh, again: { [cases[0]]: of(0), [cases[1]]: of(1), [cases[2]]: of(2), [cases[3]]: of(3) } };
}

/** Delivers events that must all be answered as expected. */
async function deliver(
  bed: Bed,
  { target }: Door,
  events: { prefix: string; events: number },
  expected: 'accepted' | 'duplicates',
): Promise<void> {
  const result = await runLoad(bed, { target, concurrency, ...events });
  if (result[expected] !== events.events) {
    throw new Error(`${result[expected]} of ${events.events} deliveries were answered as ${expected}.`);
  }
}
