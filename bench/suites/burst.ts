import { z } from 'zod';
import type { Bed } from '../tool/bed.ts';
import { createDatabase, query } from '../../test/support/create-database.ts';
import { forkProcess } from '../tool/fork-process.ts';
import { runLoad } from '../tool/load.ts';
import type { LoadResult } from '../tool/load-job.ts';
import { ratioOf } from '../tool/ratio.ts';
import { landfallSide } from '../tool/side.ts';
import { createStage } from '../tool/stage.ts';
import { checkHeld, describe, rate } from './receiving.ts';
import type { Suite } from './suite.ts';

const suite = 'burst';
const against = 'Express and pg-boss';
const levels = [64, 200] as const;
const warmUpMilliseconds = 1_500;

/** A burst, against the receiver that many write first. Both start anew for each measurement, so that no backlog of one slows the other. */
export const burstSuite: Suite = {
  name: suite,
  sense: `Acknowledged events per second and p99 at ${levels.join(' and ')} connections, against Express and pg-boss on the same PostgreSQL, which waits for the disk.`,
  async run({ bed, scale, progress }) {
    const ratios = [];
    for (const connections of levels) {
      const pairs: { ours: LoadResult; theirs: LoadResult }[] = [];
      for (let repetition = 1; repetition <= scale.repetitions; repetition += 1) {
        const ours = await burstOnLandfall(bed, connections, scale.seconds);
        const theirs = await burstOnPgBoss(bed, connections, scale.seconds);
        pairs.push({ ours, theirs });
        progress(`${connections} connections ${repetition}: ${describe(ours)} against ${describe(theirs)}`);
      }
      const of = (read: (result: LoadResult) => number) =>
        pairs.map(({ ours, theirs }) => ({ ours: read(ours), theirs: read(theirs) }));
      const inboxed = pairs.reduce((sum, { ours }) => sum + ours.inboxed / ours.accepted, 0) / pairs.length;
      const about = {
        ...{ suite, server: bed.server, against },
        note: `${Math.round(inboxed * 100)} % by way of the inbox`,
      };
      ratios.push(
        ratioOf(of(rate), {
          ...{ ...about, name: `throughput, ${connections} connections`, unit: 'events/s' },
          goal: { atLeast: 1 },
        }),
        ratioOf(
          of(({ latency }) => latency.p99),
          { ...about, name: `p99, ${connections} connections`, unit: 'ms', goal: { atMost: 1 } },
        ),
      );
    }
    return { ratios, figures: [] };
  },
};

async function burstOnLandfall(bed: Bed, concurrency: number, seconds: number): Promise<LoadResult> {
  const stage = await createStage(bed);
  const door = await landfallSide(bed).openDoor(stage);
  const run = (name: string, milliseconds: number) =>
    runLoad(bed, { target: door.target, prefix: `${stage.taskQueue}-${name}`, concurrency, milliseconds });
  const warmUp = await run('w', warmUpMilliseconds);
  const result = await run('a', seconds * 1_000);
  await door.close();
  await checkHeld(stage, warmUp.accepted + result.accepted);
  await stage.close();
  return result;
}

async function burstOnPgBoss(bed: Bed, concurrency: number, seconds: number): Promise<LoadResult> {
  const databaseUrl = await createDatabase(bed.postgres.url);
  const receiver = await forkProcess('baselines/express-pg-boss-process.ts', {
    ready: z.object({ url: z.url() }),
    directory: bed.directory,
    env: { DATABASE_URL: databaseUrl },
  });
  const urls = [`${receiver.ready.url}/webhooks/bench`];
  const run = (prefix: string, milliseconds: number) =>
    runLoad(bed, { target: { kind: 'deliveries', urls }, prefix, concurrency, milliseconds });
  const warmUp = await run('w', warmUpMilliseconds);
  const result = await run('a', seconds * 1_000);
  await receiver.stop();
  const [held] = await query(databaseUrl, 'select count(*) as count from pgboss.job');
  const { count } = z.object({ count: z.coerce.number() }).parse(held);
  if (count < warmUp.accepted + result.accepted) {
    throw new Error(`${warmUp.accepted + result.accepted} events were accepted, ${count} are held.`);
  }
  return result;
}
