import type { Bed } from '../tool/bed.ts';
import { median } from 'simple-statistics';
import { runLoad } from '../tool/load.ts';
import type { LoadJob, LoadResult } from '../tool/load-job.ts';
import { measureParts } from '../tool/measure.ts';
import { figureOf, ratioOf } from '../tool/ratio.ts';
import { landfallSide } from '../tool/side.ts';
import { createStage, type Stage } from '../tool/stage.ts';
import type { Suite } from './suite.ts';

const suite = 'receiving';
const connections = 16;
const warmUpMilliseconds = 2_000;

/** What one side came to, with the processor time of each part, in milliseconds. */
interface Received extends LoadResult {
  parts: { Temporal: number; PostgreSQL: number; receiver: number; load: number };
}

/** Acknowledgements in a closed loop, against the bare start of the same workflows. No worker runs. */
export const receivingSuite: Suite = {
  name: suite,
  sense: `Acknowledged events per second and their latency at ${connections} connections, each an event of its own, against a process that only starts the same workflows with the same client.`,
  async run({ bed, scale, progress }) {
    const stage = await createStage(bed);
    const door = await landfallSide(bed).openDoor(stage);
    const bare = bareStarts(bed, stage);
    const pairs: { ours: Received; theirs: Received }[] = [];
    const { temporal: Temporal, postgres: PostgreSQL } = bed.servers;
    const processes = { Temporal, PostgreSQL, receiver: door.pid, load: bed.load.pid };
    let accepted = 0;
    const run = async (target: LoadJob['target'], prefix: string, milliseconds: number) => {
      const job = { target, prefix, concurrency: connections, milliseconds };
      const { result, parts } = await measureParts(processes, () => runLoad(bed, job));
      accepted += result.accepted;
      return { ...result, parts };
    };
    await run(door.target, `${stage.taskQueue}-w`, warmUpMilliseconds);
    await run(bare, `${stage.taskQueue}-v`, warmUpMilliseconds);
    for (let repetition = 1; repetition <= scale.repetitions; repetition += 1) {
      const ours = await run(door.target, `${stage.taskQueue}-a${repetition}`, scale.seconds * 1_000);
      const theirs = await run(bare, `${stage.taskQueue}-b${repetition}`, scale.seconds * 1_000);
      pairs.push({ ours, theirs });
      progress(`${repetition}: ${describe(ours)} against ${describe(theirs)}`);
    }
    await door.close();
    await checkHeld(stage, accepted);
    await stage.close();

    const inboxed = pairs.reduce((sum, { ours }) => sum + ours.inboxed, 0);
    const of = (read: (result: Received) => number) =>
      pairs.map(({ ours, theirs }) => ({ ours: read(ours), theirs: read(theirs) }));
    const about = {
      ...{ suite, server: bed.server, against: 'client.workflow.start' },
      ...(inboxed === 0 ? {} : { note: `${inboxed} events went to the inbox` }),
    };
    return {
      ratios: [
        ratioOf(of(rate), { ...about, name: 'throughput', unit: 'events/s', goal: { atLeast: 0.95 } }),
        ratioOf(
          of(({ latency }) => latency.p50),
          { ...about, name: 'p50', unit: 'ms', goal: null },
        ),
        ratioOf(
          of(({ latency }) => latency.p99),
          { ...about, name: 'p99', unit: 'ms', goal: { atMost: 1.15 } },
        ),
        ...Object.entries(shares).map(([name, read]) =>
          ratioOf(
            of(({ parts, accepted }) => read(parts) / accepted),
            {
              ...{ ...about, name: `processor time of ${name}`, unit: 'ms/event', goal: null },
            },
          ),
        ),
      ],
      figures: [
        figureOf(median(pairs.map(({ ours }) => ours.parts.receiver / ours.accepted)), {
          ...{ suite, server: bed.server, name: 'processor time of the receiver alone', unit: 'ms/event' },
        }),
      ],
    };
  },
};

/** Their client has neither an HTTP request nor a signature between itself and the start: the difference is what those cost. */
const shares: Readonly<Record<string, (parts: Received['parts']) => number>> = {
  Temporal: (parts) => parts.Temporal,
  PostgreSQL: (parts) => parts.PostgreSQL,
  'the receiver and its load, against the client': ({ receiver, load }) => receiver + load,
};

/** Acknowledged events per second. */
export function rate({ accepted, milliseconds }: LoadResult): number {
  return (accepted * 1_000) / milliseconds;
}

/** One result in a line. */
export function describe(result: LoadResult): string {
  const { p50, p99 } = result.latency;
  return `${rate(result).toFixed(0)} events/s, p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms`;
}

/** Each accepted event is in Temporal or in the inbox, now that no receiver runs any more. @throws Error where one is in neither */
export async function checkHeld(stage: Stage, accepted: number): Promise<void> {
  const inbox = await stage.countInbox();
  await stage.reach('accepted events that are held', () => stage.countWorkflows(), accepted - inbox);
}

function bareStarts(bed: Bed, { taskQueue, sources }: Stage): LoadJob['target'] {
  const [source = ''] = sources;
  return {
    kind: 'starts',
    temporalAddress: bed.temporalAddress,
    taskQueue,
    workflow: 'processEvent',
    source,
  };
}
