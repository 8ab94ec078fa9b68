import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runCommand } from '../../src/temporal/dev-server/run-command.ts';
import { contestants } from '../peers/contestants.ts';
import { type ContestantResult, readResult } from '../peers/results.ts';
import { type Figure, figureOf, ratioOf } from '../tool/ratio.ts';
import type { Suite } from './suite.ts';

const suite = 'peers';
const peers = fileURLToPath(new URL('../peers', import.meta.url));
/** More than other suites take, because a queue is through with theirs in less than a second. */
const eventsOfARound = { quick: 200, full: 1_500 };

/** The same work on other queues, each with servers of its own, one after the other; what each loses when it is killed. */
export const peersSuite: Suite = {
  name: suite,
  sense:
    'Events per second from the first request to the last effect, p99 of the acknowledgement and processor time per event, against BullMQ, pg-boss, graphile-worker, DBOS and Restate; and what a SIGKILL leaves undone.',
  async run({ bed, scale, progress }) {
    if (bed.server !== 'full') return { ratios: [], figures: [] };
    const environment = { ...process.env };
    const run = (file: string, args: string[]): Promise<string> =>
      runCommand(file, args, { environment, cwd: peers, onLine: progress });
    if (!existsSync(join(peers, 'node_modules'))) {
      progress('installing the peers, once');
      await run('npm', ['ci', '--ignore-scripts']);
    }
    const folder = join(scale.quick ? bed.directory : peers, 'results');
    const amount = ['--events', String(eventsOfARound[scale.quick ? 'quick' : 'full'])];
    const only = scale.quick ? ['--no-kills', '--into', folder] : [];
    const rounds = ['--rounds', String(scale.repetitions)];
    await run(process.execPath, [
      ...['--import', import.meta.resolve('tsx'), 'main.ts', ...amount, ...rounds, ...only],
    ]);
    const results = await readResults(folder);
    const ours = results.get('landfall');
    if (ours === undefined || ours.rounds.length === 0) {
      throw new Error(ours?.failed ?? 'Landfall was not measured.');
    }
    for (const { title, failed } of results.values()) {
      if (failed !== undefined) progress(`${title} was not measured to the end: ${failed}`);
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

function killFigures({ title, kills }: ContestantResult): Figure[] {
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

async function readResults(folder: string): Promise<Map<string, ContestantResult>> {
  const results = new Map<string, ContestantResult>();
  for (const { name } of contestants) {
    const result = await readResult(folder, name);
    if (result !== null) results.set(name, result);
  }
  return results;
}
