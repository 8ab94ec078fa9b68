import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { runCommand } from '../../src/temporal/dev-server/run-command.ts';
import { figureOf, ratioOf } from '../tool/ratio.ts';
import type { Suite } from './suite.ts';

const suite = 'peers';
const folder = fileURLToPath(new URL('../peers', import.meta.url));
/** As bench/peers/main.ts writes it. */
const resultSchema = z.object({
  title: z.string(),
  rounds: z.array(
    z.object({
      acknowledgedPerSecond: z.number(),
      p99Milliseconds: z.number(),
      completedPerSecond: z.number(),
      processorMillisecondsPerEvent: z.number(),
    }),
  ),
  kills: z.array(
    z.object({
      killed: z.string(),
      withoutEffectAfterRecovery: z.number(),
      withoutEffect: z.number(),
      writtenTwice: z.number(),
      secondsUntilLastEffect: z.number(),
    }),
  ),
  failed: z.string().optional(),
});
type PeerResult = z.infer<typeof resultSchema>;

/** The same work on other queues, each with servers of its own, one after the other; what each loses when it is killed. */
export const peersSuite: Suite = {
  name: suite,
  sense:
    'Events per second from the first request to the last effect, p99 of the acknowledgement and processor time per event, against BullMQ, pg-boss, graphile-worker, DBOS and Restate; and what a SIGKILL leaves undone.',
  async run({ bed, scale, progress }) {
    if (bed.server !== 'full') return { ratios: [], figures: [] };
    const environment = { ...process.env };
    const run = (file: string, args: string[]): Promise<string> =>
      runCommand(file, args, { environment, cwd: folder, onLine: progress });
    if (!existsSync(`${folder}/node_modules`)) {
      progress('installing the peers, once');
      await run('npm', ['ci', '--ignore-scripts']);
    }
    const amount = ['--events', String(scale.events), '--rounds', String(scale.repetitions)];
    await run(process.execPath, ['--import', import.meta.resolve('tsx'), 'main.ts', ...amount]);
    const results = await readResults();
    const ours = results.get('landfall');
    if (ours === undefined || ours.rounds.length === 0)
      throw new Error(ours?.failed ?? 'Landfall was not measured.');
    for (const { title, failed } of results.values()) {
      if (failed !== undefined) progress(`${title} was not measured: ${failed}`);
    }
    const measured = [...results].filter(([name, { rounds }]) => name !== 'landfall' && rounds.length > 0);
    const about = { suite, server: bed.server, goal: null };
    return {
      ratios: measured.flatMap(([, theirs]) =>
        (
          [
            ['completed, end to end', 'events/s', 'completedPerSecond'],
            ['acknowledged', 'events/s', 'acknowledgedPerSecond'],
            ['p99 of the acknowledgement', 'ms', 'p99Milliseconds'],
            ['processor time', 'ms/event', 'processorMillisecondsPerEvent'],
          ] as const
        ).map(([name, unit, figure]) => {
          const pairs = theirs.rounds.flatMap((round, index) => {
            const our = ours.rounds[index];
            return our === undefined ? [] : [{ ours: our[figure], theirs: round[figure] }];
          });
          return ratioOf(pairs, { ...about, name, unit, against: theirs.title });
        }),
      ),
      figures: [...results.values()].flatMap((result) => killFigures(result)),
    };
  },
};

function killFigures({ title, kills }: PeerResult) {
  return kills.flatMap((kill) => {
    const about = { suite, server: 'full', unit: 'events' } as const;
    const name = `${title}, ${kill.killed} killed`;
    const note = `last effect ${kill.secondsUntilLastEffect.toFixed(1)} s after the restart; ${kill.withoutEffectAfterRecovery} after an operator's step`;
    return [
      figureOf(kill.withoutEffect, { ...about, name: `${name}: acknowledged, without an effect`, note }),
      figureOf(kill.writtenTwice, { ...about, name: `${name}: effects made twice` }),
    ];
  });
}

async function readResults(): Promise<Map<string, PeerResult>> {
  const files = (await readdir(`${folder}/results`)).filter((file) => file.endsWith('.json'));
  const read = files.map(async (file): Promise<[string, PeerResult]> => {
    const text = await readFile(`${folder}/results/${file}`, 'utf8');
    return [file.replace(/\.json$/, ''), resultSchema.parse(JSON.parse(text))];
  });
  return new Map(await Promise.all(read));
}
